// The ways to open a model, and what becomes of damaged ones.
// usage: models MODEL FOLDER

#include "check.h"

#include <stddef.h>

static int releases;
static void count_release(void *user_data) {
  CHECK(user_data == &releases);
  releases++;
}

typedef struct {
  const unsigned char *bytes;
  size_t size, position, step;
  int stop_at, overrun;
  int calls;
} reader_state;

static int32_t read_part(void *buffer, size_t capacity, size_t *count, void *user_data) {
  reader_state *state = user_data;
  CHECK(capacity > 0);
  if (++state->calls == state->stop_at) return 1;
  if (state->overrun) {
    *count = capacity + 1;
    return 0;
  }
  size_t rest = state->size - state->position;
  size_t part = state->step < rest ? state->step : rest;
  if (part > capacity) part = capacity;
  memcpy(buffer, state->bytes + state->position, part);
  state->position += part;
  *count = part;
  return 0;
}

/** Supplies the bytes and then zeros without an end, which nobody may ask for much of. */
static int32_t read_without_end(void *buffer, size_t capacity, size_t *count, void *user_data) {
  reader_state *state = user_data;
  CHECK(++state->calls < 1000);
  if (state->calls >= 1000) return 1;
  if (state->position < state->size) return read_part(buffer, capacity, count, user_data);
  *count = capacity < state->step ? capacity : state->step;
  memset(buffer, 0, *count);
  return 0;
}

/** The network as JSON, alike at every asking and of every model of it. */
static void network(const fcn_model *model, const char *path) {
  const char *json = NULL, *again = NULL, *other = NULL;
  MUST(fcn_model_get_graph(&json, model));
  CHECK(json && json[0] == '{' && strstr(json, "\"layers\"") != NULL);
  MUST(fcn_model_get_graph(&again, model));
  CHECK(again == json);
  fcn_model *copy = NULL;
  MUST(fcn_model_open(&copy, path));
  MUST(fcn_model_get_graph(&other, copy));
  CHECK(strcmp(other, json) == 0);
  fcn_model_free(copy);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_graph(NULL, model));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_get_graph(&other, NULL));
  CHECK(other == NULL);
}

static float *wanted;
static size_t wanted_count;

/** Whether `model` does what the first one did. */
static int is_the_model(const fcn_model *model) {
  fcn_session *session = NULL;
  fcn_pixels pixels = some_pixels(48, 40, 9);
  MUST(fcn_session_create(&session, model, NULL));
  if (!wanted) wanted = scores_of(session, &pixels, &wanted_count);
  int same = gives(session, &pixels, wanted, wanted_count);
  fcn_session_free(session);
  free((void *)pixels.data);
  return same;
}

static void ways(const char *path, unsigned char *bytes, size_t size) {
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, path));
  CHECK(is_the_model(model));
  fcn_model_free(model);

  // Copied: the host's bytes may go at once.
  unsigned char *copy = malloc(size);
  if (!copy) exit(EXIT_FAILURE);
  memcpy(copy, bytes, size);
  MUST(fcn_model_open_memory(&model, copy, size));
  memset(copy, 0, size);
  free(copy);
  CHECK(is_the_model(model));
  fcn_model_free(model);

  // Borrowed: given back with the last of model and session.
  MUST(fcn_model_open_borrowed(&model, bytes, size, count_release, &releases));
  CHECK(is_the_model(model));
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, NULL));
  fcn_model_free(model);
  CHECK(releases == 0);
  fcn_session_free(session);
  CHECK(releases == 1);
  EXPECT(FCN_E_CORRUPT, fcn_model_open_borrowed(&model, bytes, size - 1, count_release, &releases));
  CHECK(releases == 1);

  // From addresses that are not aligned to anything.
  unsigned char *shifted = malloc(size + 1);
  if (!shifted) exit(EXIT_FAILURE);
  memcpy(shifted + 1, bytes, size);
  MUST(fcn_model_open_borrowed(&model, shifted + 1, size, NULL, NULL));
  CHECK(is_the_model(model));
  fcn_model_free(model);
  free(shifted);

  for (size_t step = 1000; step < 4 * size; step = step * 7 + 3) {
    reader_state state = {bytes, size, 0, step, 0, 0, 0};
    MUST(fcn_model_open_reader(&model, read_part, &state));
    CHECK(is_the_model(model));
    fcn_model_free(model);
  }
  reader_state stopping = {bytes, size, 0, 100, 3, 0, 0};
  EXPECT(FCN_E_ABORTED, fcn_model_open_reader(&model, read_part, &stopping));
  CHECK(stopping.calls == 3 && model == NULL);
  reader_state lying = {bytes, size, 0, 100, 0, 1, 0};
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_open_reader(&model, read_part, &lying));
  reader_state endless = {bytes, size, 0, size / 4 + 1, 0, 0, 0};
  EXPECT(FCN_E_CORRUPT, fcn_model_open_reader(&model, read_without_end, &endless));
  CHECK(strstr(fcn_last_error_message(), "goes on") != NULL);
  reader_state zeros = {bytes, 0, 0, 4096, 0, 0, 0};
  EXPECT(FCN_E_UNSUPPORTED, fcn_model_open_reader(&model, read_without_end, &zeros));
  CHECK(model == NULL && zeros.calls < 10);
  reader_state empty = {bytes, 0, 0, 100, 0, 0, 0};
  CHECK(fcn_model_open_reader(&model, read_part, &empty) < 0);
}

static void damaged(const unsigned char *bytes, size_t size) {
  fcn_model *model = NULL;
  unsigned char *copy = malloc(size);
  if (!copy) exit(EXIT_FAILURE);
  // Cut off at every length of the header, and at some of the rest.
  for (size_t length = 1; length < size; length += length < 4096 ? 1 : 4093) {
    fcn_status status = fcn_model_open_memory(&model, bytes, length);
    CHECK(status == FCN_E_CORRUPT || status == FCN_E_UNSUPPORTED);
    CHECK(model == NULL);
  }
  // One byte changed: a model that opens must run.
  const fcn_pixels pixels = some_pixels(16, 16, 3);
  int opened = 0;
  for (size_t i = 0; i < 6000 && i < size; i++) {
    memcpy(copy, bytes, size);
    copy[i] ^= (unsigned char)(1u << (i % 8));
    if (fcn_model_open_memory(&model, copy, size) != FCN_OK) continue;
    fcn_session *session = NULL;
    fcn_session_params params;
    OK(fcn_session_params_init(&params, sizeof params));
    params.threads = 1;
    if (opened++ % 16 == 0 && fcn_session_create(&session, model, &params) == FCN_OK) {
      (void)fcn_segment(session, &pixels, 1);
    }
    fcn_session_free(session);
    fcn_model_free(model);
  }
  free((void *)pixels.data);
  free(copy);
}

/** What is saved, and imported again, does the same. */
static void saved(const char *path, const char *folder) {
  char file[4096];
  fcn_model *model = NULL, *again = NULL;
  fcn_import_params params;
  const char *names[] = {"a", "b", "c", "d"};
  fcn_model_info info = {.struct_size = sizeof info};

  snprintf(file, sizeof file, "%s/saved.safetensors", folder);
  MUST(fcn_model_open(&model, path));
  MUST(fcn_model_save(model, file, FCN_ELEMENTS_F32));
  MUST(fcn_model_open(&again, file));
  CHECK(is_the_model(again));
  fcn_model_free(again);

  MUST(fcn_import_params_init(&params, sizeof params));
  params.class_names = names;
  params.class_count = 4;
  params.note = "imported";
  MUST(fcn_model_import(&again, file, &params));
  CHECK(is_the_model(again));
  OK(fcn_model_get_info(&info, again));
  CHECK(!strcmp(info.class_names[2], "c") && !strcmp(info.note, "imported"));
  // Over the very file that is mapped: by renaming, so the model lives on.
  MUST(fcn_model_save(again, file, FCN_ELEMENTS_F16));
  CHECK(is_the_model(again));
  fcn_model_free(again);

  MUST(fcn_model_open(&again, file));
  CHECK(!is_the_model(again));  // weights are rounded
  fcn_model_free(again);
  fcn_model_free(model);
}

static int32_t stop_at_third(const fcn_segment_progress *progress, void *user_data) {
  CHECK(progress->picture_count == 2 && progress->fraction >= 0 && progress->fraction < 1);
  return ++*(int *)user_data == 3;
}

/** Ranges for FCN_PRECISION_INT8, which stay in the file. */
static void calibrated(const fcn_model *model, const char *folder) {
  static uint8_t bytes[2][40 * 32 * 3];
  fcn_pixels pictures[2];
  for (int i = 0; i < 2; i++) {
    for (size_t j = 0; j < sizeof bytes[i]; j++) bytes[i][j] = (uint8_t)(j * (size_t)(7 + i) / 5);
    pictures[i] = (fcn_pixels){
        .data = bytes[i], .width = 40, .height = 32, .row_stride = 120, .format = FCN_PIXELS_RGB8};
  }
  fcn_model_info info = {.struct_size = sizeof info};
  OK(fcn_model_get_info(&info, model));
  CHECK(info.calibrated == 0);
  fcn_model *made = NULL, *again = NULL;
  int calls = 0;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_calibrate(&made, model, pictures, 0, 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_calibrate(&made, model, NULL, 1, 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_calibrate(&made, NULL, pictures, 1, 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_calibrate(NULL, model, pictures, 1, 1, NULL, NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_calibrate(&made, model, pictures, 1, -1, NULL, NULL));
  EXPECT(FCN_E_ABORTED,
         fcn_model_calibrate(&made, model, pictures, 2, 1, stop_at_third, &calls));
  CHECK(made == NULL && calls == 3);
  MUST(fcn_model_calibrate(&made, model, pictures, 2, 0, NULL, NULL));
  char file[1024];
  snprintf(file, sizeof file, "%s/calibrated.safetensors", folder);
  MUST(fcn_model_save(made, file, FCN_ELEMENTS_F16));
  fcn_model_free(made);
  MUST(fcn_model_open(&again, file));
  OK(fcn_model_get_info(&info, again));
  CHECK(info.calibrated == 1);
  // What older programs know of the struct is all that they are given.
  info.calibrated = 77;
  info.struct_size = offsetof(fcn_model_info, calibrated);
  OK(fcn_model_get_info(&info, again));
  CHECK(info.calibrated == 77);
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.precision = FCN_PRECISION_INT8;
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, again, &params));
  OK(fcn_segment(session, pictures, 2));
  fcn_session_free(session);
  fcn_model_free(again);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  size_t size;
  unsigned char *bytes = contents(argv[1], &size);
  ways(argv[1], bytes, size);
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  network(model, argv[1]);
  calibrated(model, argv[2]);
  fcn_model_free(model);
  saved(argv[1], argv[2]);
  damaged(bytes, size);
  free(wanted);
  free(bytes);
  return report();
}
