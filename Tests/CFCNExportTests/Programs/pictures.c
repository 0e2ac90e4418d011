// The same picture in every format, with every kind of stride, decoded and in a batch: always the same
// scores.
// usage: pictures MODEL PICTURE FOLDER

#include "check.h"

enum { width = 61, height = 43, count = width * height };

static void formats(fcn_session *session) {
  static const struct {
    int32_t format;
    size_t bytes, red, green, blue;
  } layouts[] = {
    {FCN_PIXELS_RGB8, 3, 0, 1, 2},
    {FCN_PIXELS_BGR8, 3, 2, 1, 0},
    {FCN_PIXELS_RGBA8, 4, 0, 1, 2},
    {FCN_PIXELS_BGRA8, 4, 2, 1, 0},
  };
  const fcn_pixels rgb = some_pixels(width, height, 5);
  const uint8_t *source = rgb.data;
  size_t wanted_count;
  float *wanted = scores_of(session, &rgb, &wanted_count);
  for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
    for (size_t gap = 0; gap < 130; gap += 43) {
      size_t stride = width * layouts[i].bytes + gap;
      // Exactly as long as documented: no gap after the last row.
      size_t size = (height - 1) * stride + width * layouts[i].bytes;
      uint8_t *bytes = malloc(size);
      if (!bytes) exit(EXIT_FAILURE);
      memset(bytes, 0x5A, size);
      for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
          uint8_t *pixel = bytes + y * stride + x * layouts[i].bytes;
          pixel[layouts[i].red] = source[(y * width + x) * 3];
          pixel[layouts[i].green] = source[(y * width + x) * 3 + 1];
          pixel[layouts[i].blue] = source[(y * width + x) * 3 + 2];
        }
      }
      fcn_pixels pixels = {bytes, width, height, stride, layouts[i].format, 0};
      CHECK(gives(session, &pixels, wanted, wanted_count));

      fcn_image *image = NULL;
      MUST(fcn_image_copy(&image, &pixels));
      fcn_pixels copy;
      MUST(fcn_image_pixels(&copy, image));
      CHECK(copy.width == width && copy.height == height && copy.format == FCN_PIXELS_RGB8);
      CHECK(memcmp(copy.data, source, count * 3) == 0);
      fcn_image_free(image);
      free(bytes);
    }
  }

  // Another picture has other scores.
  const fcn_pixels other = some_pixels(width, height, 6);
  CHECK(!gives(session, &other, wanted, wanted_count));
  free((void *)other.data);
  free(wanted);

  // Grey counts as red, green and blue.
  uint8_t grey[count], grey_as_rgb[count * 3];
  for (size_t i = 0; i < count; i++) {
    grey[i] = source[i];
    memset(grey_as_rgb + 3 * i, grey[i], 3);
  }
  fcn_pixels grey_pixels = {grey, width, height, 0, FCN_PIXELS_GREY8, 0};
  fcn_pixels rgb_pixels = {grey_as_rgb, width, height, 0, FCN_PIXELS_RGB8, 0};
  wanted = scores_of(session, &rgb_pixels, &wanted_count);
  CHECK(gives(session, &grey_pixels, wanted, wanted_count));
  free(wanted);
  free((void *)rgb.data);
}

static void batches(const fcn_model *model, fcn_session *alone) {
  // Three sizes, some following one another, more pictures than go through at once.
  static const int32_t sizes[][2] = {{64, 48}, {64, 48}, {64, 48}, {33, 70}, {64, 48}, {1, 1}};
  enum { pictures = sizeof sizes / sizeof sizes[0] };
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.largest_batch = 2;
  params.threads = 2;
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, &params));
  fcn_pixels pixels[pictures];
  for (unsigned i = 0; i < pictures; i++) pixels[i] = some_pixels(sizes[i][0], sizes[i][1], i);
  MUST(fcn_segment(session, pixels, pictures));
  int32_t results = 0;
  OK(fcn_result_count(&results, session));
  CHECK(results == pictures);
  for (int32_t i = 0; i < pictures; i++) {
    size_t needed = 0;
    int32_t w = 0, h = 0;
    OK(fcn_result_size(&w, &h, session, i));
    CHECK(w == sizes[i][0] && h == sizes[i][1]);
    OK(fcn_result_scores(NULL, 0, &needed, session, i));
    float *scores = malloc(needed * sizeof(float));
    if (!scores) exit(EXIT_FAILURE);
    OK(fcn_result_scores(scores, needed, NULL, session, i));
    CHECK(gives(alone, &pixels[i], scores, needed));
    free(scores);
    free((void *)pixels[i].data);
  }
  fcn_session_free(session);
}

static void encoded(fcn_session *session, const char *path, const char *folder) {
  fcn_image *image = NULL, *decoded = NULL, *saved = NULL;
  MUST(fcn_image_open(&image, path));
  size_t size;
  unsigned char *bytes = contents(path, &size);
  MUST(fcn_image_decode(&decoded, bytes, size));
  char copy[4096];
  snprintf(copy, sizeof copy, "%s/copy.png", folder);
  MUST(fcn_image_save(image, copy));
  MUST(fcn_image_open(&saved, copy));
  fcn_pixels a, b, c;
  MUST(fcn_image_pixels(&a, image));
  MUST(fcn_image_pixels(&b, decoded));
  MUST(fcn_image_pixels(&c, saved));
  size_t pixels = (size_t)a.width * (size_t)a.height;
  CHECK(a.width == b.width && a.height == b.height && a.width == c.width && a.height == c.height);
  CHECK(memcmp(a.data, b.data, pixels * 3) == 0 && memcmp(a.data, c.data, pixels * 3) == 0);

  size_t wanted_count, needed = 0;
  float *wanted = scores_of(session, &a, &wanted_count);
  float *scores = malloc(wanted_count * sizeof(float));
  if (!scores) exit(EXIT_FAILURE);
  MUST(fcn_segment_encoded(session, bytes, size));
  MUST(fcn_result_scores(scores, wanted_count, &needed, session, 0));
  CHECK(needed == wanted_count && memcmp(scores, wanted, needed * sizeof(float)) == 0);
  MUST(fcn_segment_file(session, path));
  MUST(fcn_result_scores(scores, wanted_count, &needed, session, 0));
  CHECK(needed == wanted_count && memcmp(scores, wanted, needed * sizeof(float)) == 0);
  for (size_t length = 1; length < size; length += 37) {
    fcn_image *none = NULL;
    CHECK(fcn_image_decode(&none, bytes, length) < 0 && none == NULL);
  }
  free(wanted);
  free(scores);
  free(bytes);
  fcn_image_free(image);
  fcn_image_free(decoded);
  fcn_image_free(saved);
}

int main(int argc, char **argv) {
  if (argc != 4) return EXIT_FAILURE;
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  MUST(fcn_session_create(&session, model, NULL));
  formats(session);
  batches(model, session);
  encoded(session, argv[2], argv[3]);
  fcn_session_free(session);
  fcn_model_free(model);
  return report();
}
