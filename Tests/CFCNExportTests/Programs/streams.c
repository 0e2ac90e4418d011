// A picture in tiles has the labels that it has as a whole, and callbacks that give up end the call.
// usage: streams MODEL

#include "check.h"

enum { width = 611, height = 468, count = width * height };

typedef struct {
  const uint8_t *pixels;
  uint8_t *labels;
  int32_t read, written, last_row;
  int calls;
} picture;

static int32_t read_rows(int32_t first, int32_t rows, void *pixels, void *user_data) {
  picture *own = user_data;
  CHECK(first == own->read && rows > 0 && first + rows <= height);
  if (first + rows > own->last_row) return 7;
  memcpy(pixels, own->pixels + (size_t)first * width * 3, (size_t)rows * width * 3);
  own->read += rows;
  return 0;
}

static int32_t write_rows(int32_t first, int32_t rows, const uint8_t *labels, void *user_data) {
  picture *own = user_data;
  CHECK(first == own->written && rows > 0 && first + rows <= height);
  memcpy(own->labels + (size_t)first * width, labels, (size_t)rows * width);
  own->written += rows;
  own->calls++;
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  MUST(fcn_session_create(&session, model, NULL));
  const fcn_pixels whole = some_pixels(width, height, 9);
  uint8_t *wanted = malloc(count), *found = malloc(count);
  if (!wanted || !found) return EXIT_FAILURE;
  MUST(fcn_segment(session, &whole, 1));
  MUST(fcn_result_labels(wanted, count, NULL, session, 0));

  picture own = {.pixels = whole.data, .labels = found, .last_row = height};
  fcn_stream stream = {.struct_size = sizeof stream, .format = FCN_PIXELS_RGB8, .width = width,
                       .height = height, .tile_side = 416, .read_rows = read_rows,
                       .write_rows = write_rows, .user_data = &own};
  MUST(fcn_segment_stream(session, &stream));
  CHECK(own.read == height && own.written == height && own.calls > 1);
  size_t unlike = 0;
  for (size_t i = 0; i < count; i++) unlike += wanted[i] != found[i];
  CHECK(unlike <= count / 20000);
  int32_t results = 1;
  MUST(fcn_result_count(&results, session));
  CHECK(results == 0);

  // The session is good for more.
  own = (picture){.pixels = whole.data, .labels = found, .last_row = 300};
  EXPECT(FCN_E_ABORTED, fcn_segment_stream(session, &stream));
  CHECK(strstr(fcn_last_error_message(), "read_rows"));
  MUST(fcn_segment(session, &whole, 1));
  MUST(fcn_result_labels(found, count, NULL, session, 0));
  CHECK(memcmp(wanted, found, count) == 0);

  free(wanted);
  free(found);
  free((void *)whole.data);
  fcn_session_free(session);
  fcn_model_free(model);
  return report();
}
