// Segments a picture, or every frame of a film, that OpenCV reads; draws the classes over it.
//
//   c++ -std=c++17 segment_opencv.cpp $(pkg-config --cflags --libs fcn opencv4) -o segment_opencv
//   ./segment_opencv photo.jpg overlay.png [model.safetensors]
//   ./segment_opencv film.mp4 overlay.avi [model.safetensors]

#include <fcn.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// A failed call becomes an exception. Never thrown inside a callback: none may leave one.
void check(fcn_status status) {
  if (status == FCN_OK) return;
  throw std::runtime_error(std::string(fcn_status_string(status)) + ": " + fcn_last_error_message());
}

struct Free {
  void operator()(fcn_model *model) const { fcn_model_free(model); }
  void operator()(fcn_session *session) const { fcn_session_free(session); }
};

using Model = std::unique_ptr<fcn_model, Free>;
using Session = std::unique_ptr<fcn_session, Free>;

Model open_model(const char *path) {
  fcn_model *model = nullptr;
  check(path ? fcn_model_open(&model, path) : fcn_model_open_default(&model));
  return Model(model);
}

Session make_session(const Model &model) {
  fcn_session *session = nullptr;
  check(fcn_session_create(&session, model.get(), nullptr));
  return Session(session);
}

// The Mat's own pixels, not a copy: a part of a larger picture has the row stride of that.
fcn_pixels pixels_of(const cv::Mat &picture) {
  fcn_pixels pixels = {};
  pixels.data = picture.data;
  pixels.width = picture.cols;
  pixels.height = picture.rows;
  pixels.row_stride = picture.step[0];
  switch (picture.type()) {
    case CV_8UC1: pixels.format = FCN_PIXELS_GREY8; break;
    case CV_8UC3: pixels.format = FCN_PIXELS_BGR8; break;
    case CV_8UC4: pixels.format = FCN_PIXELS_BGRA8; break;
    default: throw std::invalid_argument("8-bit pictures of 1, 3 or 4 channels are wanted");
  }
  return pixels;
}

// The class of every pixel, written into the Mat's own memory, which is kept from frame to frame.
void segment(fcn_session *session, const cv::Mat &picture, cv::Mat &labels) {
  fcn_pixels pixels = pixels_of(picture);
  check(fcn_segment(session, &pixels, 1));
  labels.create(picture.size(), CV_8UC1);  // continuous, as the library writes
  check(fcn_result_labels(labels.data, labels.total(), nullptr, session, 0));
}

// The model's colours as a table for cv::LUT, blue first as OpenCV has them.
cv::Mat colour_table(const fcn_model_info &info) {
  cv::Mat table(1, 256, CV_8UC3, cv::Scalar::all(0));
  for (int i = 0; i < info.class_count; i++) {
    const uint8_t *rgb = info.palette + 3 * i;
    table.at<cv::Vec3b>(i) = cv::Vec3b(rgb[2], rgb[1], rgb[0]);
  }
  return table;
}

// The classes' colours over the picture, half and half.
cv::Mat overlay(const cv::Mat &picture, const cv::Mat &labels, const cv::Mat &colours) {
  cv::Mat three, coloured, drawn;
  cv::merge(std::vector<cv::Mat>(3, labels), three);
  cv::LUT(three, colours, coloured);
  cv::addWeighted(picture, 0.5, coloured, 0.5, 0, drawn);
  return drawn;
}

void print_areas(const fcn_model_info &info, const cv::Mat &labels) {
  for (int i = 0; i < info.class_count; i++) {
    int area = cv::countNonZero(labels == i);
    if (area == 0) continue;
    std::printf("%-14s %6.2f %%\n", info.class_names[i], 100.0 * area / double(labels.total()));
  }
}

int segment_film(fcn_session *session, const cv::Mat &colours, cv::VideoCapture &film,
                 const char *output) {
  cv::VideoWriter writer;
  cv::Mat frame, labels;
  int count = 0;
  for (; film.read(frame); count++) {
    segment(session, frame, labels);
    if (!writer.isOpened()) {
      double rate = film.get(cv::CAP_PROP_FPS);
      writer.open(output, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), rate > 0 ? rate : 25,
                  frame.size());
      if (!writer.isOpened()) throw std::runtime_error(std::string(output) + " cannot be written");
    }
    writer.write(overlay(frame, labels, colours));
  }
  return count;
}

}  // namespace

int main(int argc, char **argv) try {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s PICTURE OVERLAY.png [MODEL], or FILM OVERLAY.avi\n", argv[0]);
    return EXIT_FAILURE;
  }
  Model model = open_model(argc > 3 ? argv[3] : nullptr);
  Session session = make_session(model);
  fcn_model_info info = {};
  info.struct_size = sizeof info;
  check(fcn_model_get_info(&info, model.get()));
  cv::Mat colours = colour_table(info);

  cv::Mat picture = cv::imread(argv[1]);
  if (picture.empty()) {
    cv::VideoCapture film(argv[1]);
    if (!film.isOpened()) throw std::runtime_error(std::string(argv[1]) + " cannot be read");
    std::printf("%d frames\n", segment_film(session.get(), colours, film, argv[2]));
    return EXIT_SUCCESS;
  }
  cv::Mat labels;
  segment(session.get(), picture, labels);
  print_areas(info, labels);
  if (!cv::imwrite(argv[2], overlay(picture, labels, colours))) {
    throw std::runtime_error(std::string(argv[2]) + " cannot be written");
  }
  return EXIT_SUCCESS;
} catch (const std::exception &error) {
  std::fprintf(stderr, "%s\n", error.what());
  return EXIT_FAILURE;
}
