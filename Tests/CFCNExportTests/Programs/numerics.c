// A number that is NaN or infinite, in any tensor, is found in every precision, in whole pictures and in
// tiles, and is never a label; layers compute alike whatever the caller's thread has set.
// usage: numerics MODEL FOLDER

#define _GNU_SOURCE
#include <fenv.h>
#include <math.h>
#include <time.h>

#include "safetensors.h"

enum { width = 40, height = 33, count = width * height };

static fcn_pixels picture;

static int32_t read_rows(int32_t first, int32_t rows, void *pixels, void *user_data) {
  (void)user_data;
  memcpy(pixels, (const char *)picture.data + (size_t)first * width * 3, (size_t)rows * width * 3);
  return 0;
}

static int32_t write_rows(int32_t first, int32_t rows, const uint8_t *labels, void *user_data) {
  memcpy((uint8_t *)user_data + (size_t)first * width, labels, (size_t)rows * width);
  return 0;
}

static fcn_session *new_session(const fcn_model *model, int32_t precision, int32_t threads) {
  fcn_session *session = NULL;
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.precision = precision;
  params.threads = threads;
  MUST(fcn_session_create(&session, model, &params));
  return session;
}

/** What becomes of the picture, whole or in tiles. */
static fcn_status segmented(fcn_session *session, int whole) {
  if (whole) return fcn_segment(session, &picture, 1);
  uint8_t labels[count];
  fcn_stream stream = {.struct_size = sizeof stream, .format = FCN_PIXELS_RGB8, .width = width,
                       .height = height, .read_rows = read_rows, .write_rows = write_rows,
                       .user_data = labels};
  return fcn_segment_stream(session, &stream);
}

static const int32_t precisions[] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};

/** A model file and what is done with its tensors. */
typedef struct {
  unsigned char *bytes;
  size_t size;
  int tried;
} model_file;

/** All ways to use the file as it is now are to fail, with words on tensor `name`. */
static void expect_refusals(const model_file *file, const char *name, int turn) {
  fcn_model *model = NULL;
  MUST(fcn_model_open_memory(&model, file->bytes, file->size));
  EXPECT(FCN_E_NOT_FINITE, fcn_model_check(model));
  CHECK(strstr(fcn_last_error_message(), name) != NULL);
  for (int way = 0; way < 6; way++) {
    fcn_session *session = new_session(model, precisions[way % 3], 1 + (turn + way) % 2);
    fcn_status status = segmented(session, way < 3);
    if (status != FCN_E_NOT_FINITE || !strstr(fcn_last_error_message(), name)) {
      printf("%s: way %d gave %d, %s\n", name, way, (int)status, fcn_last_error_message());
      failures++;
    }
    int32_t results = -1;
    OK(fcn_result_count(&results, session));
    CHECK(results == 0);
    fcn_session_free(session);
  }
  fcn_model_free(model);
}

static void spoil(const char *name, unsigned char *floats, size_t numbers, void *user_data) {
  model_file *file = user_data;
  const float bad[] = {NAN, INFINITY, -INFINITY};
  if (strncmp(name, "fcn.range.", 10) == 0) return;
  const int turn = file->tried++;
  unsigned char *place = floats + 4 * (turn % 2 ? numbers - 1 : 0), kept[4];
  memcpy(kept, place, 4);
  memcpy(place, &bad[turn % 3], 4);
  expect_refusals(file, name, turn);
  memcpy(place, kept, 4);
}

/** Ranges that are no numbers are no ranges. */
static void spoil_range(const char *name, unsigned char *floats, size_t numbers, void *user_data) {
  const model_file *file = user_data;
  const float bad = NAN;
  if (strncmp(name, "fcn.range.", 10) != 0) return;
  unsigned char *place = floats + 4 * (numbers - 1), kept[4];
  memcpy(kept, place, 4);
  memcpy(place, &bad, 4);
  fcn_model *model = NULL;
  EXPECT(FCN_E_CORRUPT, fcn_model_open_memory(&model, file->bytes, file->size));
  memcpy(place, kept, 4);
}

/** What a change makes of all numbers of the tensors whose names begin alike. */
typedef struct {
  const char *prefix;
  float factor, value;
} change;

static void apply(const char *name, unsigned char *floats, size_t numbers, void *user_data) {
  const change *how = user_data;
  if (strncmp(name, how->prefix, strlen(how->prefix)) != 0) return;
  for (size_t i = 0; i < numbers; i++) {
    float number;
    memcpy(&number, floats + 4 * i, 4);
    number = number * how->factor + how->value;
    memcpy(floats + 4 * i, &number, 4);
  }
}

/** A copy of the file with changes, opened. */
static fcn_model *changed(const model_file *file, const change *how, int changes) {
  unsigned char *bytes = malloc(file->size);
  if (!bytes) exit(EXIT_FAILURE);
  memcpy(bytes, file->bytes, file->size);
  for (int i = 0; i < changes; i++) each_tensor(bytes, file->size, apply, (void *)&how[i]);
  fcn_model *model = NULL;
  MUST(fcn_model_open_memory(&model, bytes, file->size));
  free(bytes);
  return model;
}

/** All weights are numbers, but what they make is none. */
static void expect_overflow(const fcn_model *model, int ways) {
  OK(fcn_model_check(model));
  for (int way = 0; way < ways; way++) {
    fcn_session *session = new_session(model, precisions[way / 2], 1 + way % 2);
    EXPECT(FCN_E_NOT_FINITE, segmented(session, 1));
    EXPECT(FCN_E_NOT_FINITE, segmented(session, 0));
    fcn_session_free(session);
  }
}

static void overflows(const model_file *file, const model_file *plain) {
  // A variance below 0 has no root; weights times what a normalisation multiplies by overflow; those do not,
  // but sums of products do, in the first layer, whose input is no bytes, and in another.
  const change root[] = {{"bn2_1.running_var", 0, -2}};
  const change folded[] = {{"conv4_1.weight", 1e30f, 0}, {"bn4_1.weight", 1e10f, 0}};
  const change first[] = {{"conv1_1.weight", 1e19f, 0}, {"bn1_1.weight", 3e19f, 0}};
  const change later[] = {{"conv4_1.weight", 3e19f, 0}, {"bn4_1.weight", 3e19f, 0}};
  const struct {
    const change *how;
    int changes;
  } all[] = {{root, 1}, {folded, 2}, {first, 2}, {later, 2}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    fcn_model *model = changed(file, all[i].how, all[i].changes);
    expect_overflow(model, 6);
    fcn_model_free(model);
    // Without ranges int8 measures them, and tiles are not for it.
    model = changed(plain, all[i].how, all[i].changes);
    fcn_session *session = new_session(model, FCN_PRECISION_INT8, 1);
    EXPECT(FCN_E_NOT_FINITE, segmented(session, 1));
    fcn_session_free(session);
    fcn_model *none = NULL;
    EXPECT(FCN_E_NOT_FINITE, fcn_model_calibrate(&none, model, &picture, 1, 1, NULL, NULL));
    fcn_model_free(model);
  }
}

static int callback_round;

static int32_t look(const fcn_segment_progress *progress, void *user_data) {
  (void)progress;
  (void)user_data;
  callback_round = fegetround();
  return 0;
}

/** The caller's rounding and traps are its own, and make no difference. */
static void settings_of_the_caller(const fcn_model *model) {
  for (int way = 0; way < 6; way++) {
    fcn_session *session = new_session(model, precisions[way / 2], 1 + way % 2);
    MUST(fcn_session_set_progress(session, look, NULL));
    size_t scores_count;
    float *scores = scores_of(session, &picture, &scores_count);
    fesetround(FE_UPWARD);
#ifdef __x86_64__
    feenableexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW);
#endif
    fcn_status status = fcn_segment(session, &picture, 1);
    CHECK(fegetround() == FE_UPWARD && callback_round == FE_UPWARD);
#ifdef __x86_64__
    CHECK(fegetexcept() == (FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW));
    fedisableexcept(FE_ALL_EXCEPT);
#endif
    fesetround(FE_TONEAREST);
    OK(status);
    CHECK(gives(session, &picture, scores, scores_count));
    free(scores);
    fcn_session_free(session);
  }
}

static double seconds(fcn_session *session) {
  double best = 1e9;
  const fcn_pixels large = some_pixels(160, 120, 5);
  for (int i = 0; i < 4; i++) {
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    MUST(fcn_segment(session, &large, 1));
    clock_gettime(CLOCK_MONOTONIC, &end);
    double passed = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    // The first run packs weights.
    if (i > 0 && passed < best) best = passed;
  }
  free((void *)large.data);
  return best;
}

/** Values that are too small to be normal numbers take no longer than others: they took fifty times. */
static void small_numbers(const model_file *plain) {
  const change none[] = {{"conv1_1", 1, 0}}, tiny[] = {{"bn1_1", 1e-38f, 0}, {"bn1_1.running_var", 0, 1}};
  fcn_model *usual = changed(plain, none, 1), *small = changed(plain, tiny, 2);
  for (int way = 0; way < 2; way++) {
    fcn_session *a = new_session(usual, precisions[way], 1), *b = new_session(small, precisions[way], 1);
    const double longer = seconds(b) / seconds(a);
    if (longer > 8) {
      printf("small numbers take %g times as long\n", longer);
      failures++;
    }
    fcn_session_free(a);
    fcn_session_free(b);
  }
  fcn_model_free(usual);
  fcn_model_free(small);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  char path[1024];
  snprintf(path, sizeof path, "%s/calibrated.safetensors", argv[2]);
  picture = some_pixels(width, height, 3);
  fcn_model *model = NULL, *calibrated = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  OK(fcn_model_check(model));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_model_check(NULL));
  MUST(fcn_model_calibrate(&calibrated, model, &picture, 1, 1, NULL, NULL));
  MUST(fcn_model_save(calibrated, path, FCN_ELEMENTS_F32));
  settings_of_the_caller(calibrated);
  fcn_model_free(calibrated);
  fcn_model_free(model);

  model_file file = {0}, plain = {0};
  file.bytes = contents(path, &file.size);
  plain.bytes = contents(argv[1], &plain.size);
  each_tensor(file.bytes, file.size, spoil, &file);
  CHECK(file.tried > 40);
  each_tensor(file.bytes, file.size, spoil_range, &file);
  overflows(&file, &plain);
  small_numbers(&plain);
  free(file.bytes);
  free(plain.bytes);
  free((void *)picture.data);
  return report();
}
