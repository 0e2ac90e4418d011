// A model with a weight that is not finite says so when it is used.
// usage: finiteness MODEL

#include <math.h>

#include "check.h"

/** Where the first float of tensor `name` is in a safetensors file; 0 where there is none. */
static size_t place_of(const unsigned char *file, size_t size, const char *name) {
  size_t header = 0;
  for (int i = 7; i >= 0; i--) header = header << 8 | file[i];
  if (size < 8 || header > size - 8) return 0;
  char *text = malloc(header + 1), key[256];
  if (!text) exit(EXIT_FAILURE);
  memcpy(text, file + 8, header);
  text[header] = '\0';
  snprintf(key, sizeof key, "\"%s\"", name);
  size_t begin = 0;
  const char *entry = strstr(text, key);
  const char *offsets = entry ? strstr(entry, "\"data_offsets\"") : NULL;
  const char *first = offsets ? strchr(offsets, '[') : NULL;
  if (first) begin = 8 + header + (size_t)strtoull(first + 1, NULL, 10);
  free(text);
  return begin;
}

/** Segments a picture with `model`, which is to fail with a message that holds `name`. */
static void refuses(const fcn_model *model, int32_t precision, const char *name) {
  fcn_session *session = NULL;
  fcn_session_params params;
  fcn_pixels pixels = some_pixels(40, 33, 3);
  MUST(fcn_session_params_init(&params, sizeof params));
  params.threads = 1;
  params.precision = precision;
  MUST(fcn_session_create(&session, model, &params));
  EXPECT(FCN_E_NOT_FINITE, fcn_segment(session, &pixels, 1));
  CHECK(strstr(fcn_last_error_message(), name) != NULL);
  int32_t count = -1;
  OK(fcn_result_count(&count, session));
  CHECK(count == 0);
  EXPECT(FCN_E_NOT_FOUND, fcn_result_size(&count, &count, session, 0));
  fcn_session_free(session);
  free((void *)pixels.data);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  const char *names[] = {"score_pool4.bias", "conv3_2.weight", "upsampled_final.weight"};
  size_t size;
  unsigned char *bytes = contents(argv[1], &size);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t place = place_of(bytes, size, names[i]);
    CHECK(place != 0 && place + 4 <= size);
    if (!place || place + 4 > size) continue;
    float kept, values[] = {NAN, INFINITY};
    memcpy(&kept, bytes + place, 4);
    for (int j = 0; j < 2; j++) {
      memcpy(bytes + place, &values[j], 4);
      fcn_model *model = NULL;
      MUST(fcn_model_open_memory(&model, bytes, size));
      refuses(model, FCN_PRECISION_FLOAT32, names[i]);
      refuses(model, FCN_PRECISION_INT16, names[i]);
      fcn_model_free(model);
    }
    memcpy(bytes + place, &kept, 4);
  }
  free(bytes);
  return report();
}
