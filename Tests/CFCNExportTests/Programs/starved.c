// Everything that a host does, with each request for memory refused once: the call succeeds or says that
// there is no memory, nothing leaks, and the same call then gives what it always does.
// usage: starved MODEL PICTURE.png PICTURE.jpg FOLDER DATA LEAST STRIDE STRICT [IMPORTED...]
//
// preloaded_memory.c is to be preloaded. LEAST is from how many bytes on requests count; STRIDE 1 refuses
// each in turn, 7 every seventh. With STRICT 1 what the library asked for beforehand is refused too. Where
// STARVED_ONLY is set, the scenario of that name is tried alone.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void (*refuse)(long number, int on, size_t size, int strict);
static long (*counted)(void);
static long (*live)(void);

static const char *model_path, *png_path, *jpeg_path, *folder, *data_path, *imported_path;
static char saved[4096];
static int32_t precision, threads;
/** Sum of what a scenario made. */
static uint64_t sum;

static void add(const void *bytes, size_t count) {
  const unsigned char *b = bytes;
  for (size_t i = 0; i < count; i++) sum = sum * 1099511628211u + b[i];
}

static void add_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return;
  static unsigned char buffer[4096];
  size_t count;
  while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) add(buffer, count);
  fclose(file);
}

static fcn_status open_model(void) {
  fcn_model *model = NULL;
  fcn_status status = fcn_model_open(&model, model_path);
  fcn_model_info info = {.struct_size = sizeof info};
  if (!status) status = fcn_model_get_info(&info, model);
  if (!status) add(&info.parameter_count, sizeof info.parameter_count);
  fcn_model_free(model);
  return status;
}

static const unsigned char *model_bytes;
static size_t model_size, bytes_read;

static int32_t read_model(void *buffer, size_t capacity, size_t *count, void *user_data) {
  (void)user_data;
  *count = model_size - bytes_read < capacity ? model_size - bytes_read : capacity;
  memcpy(buffer, model_bytes + bytes_read, *count);
  bytes_read += *count;
  return 0;
}

static fcn_status open_copies(void) {
  fcn_model *model = NULL;
  fcn_status status = fcn_model_open_memory(&model, model_bytes, model_size);
  fcn_model_free(model);
  bytes_read = 0;
  if (!status) status = fcn_model_open_reader(&model, read_model, NULL);
  if (!status) fcn_model_free(model);
  return status;
}

static fcn_status import_model(void) {
  fcn_model *model = NULL;
  fcn_status status = fcn_model_import(&model, imported_path, NULL);
  if (!status) status = fcn_model_save(model, saved, FCN_ELEMENTS_F32);
  if (!status) add_file(saved);
  fcn_model_free(model);
  // Some files have all kinds of tensors and those of no network: that they have been read is what counts.
  if (status == FCN_E_UNSUPPORTED || status == FCN_E_SHAPE_MISMATCH) {
    add(&status, sizeof status);
    status = FCN_OK;
  }
  return status;
}

static fcn_model *shared;
static unsigned char labels[512 * 512];
enum { width = 320, height = 240 };
static unsigned char pixels[width * height * 3];

static fcn_status add_labels(fcn_session *session) {
  size_t count = 0;
  fcn_status status = fcn_result_labels(labels, sizeof labels, &count, session, 0);
  if (!status) add(labels, count);
  return status;
}

static fcn_status segment(void) {
  fcn_session *session = NULL;
  fcn_session_params params;
  const fcn_pixels view = {pixels, width, height, 0, FCN_PIXELS_RGB8, 0};
  const fcn_pixels two[2] = {view, {pixels, width / 2, height / 2, 0, FCN_PIXELS_RGB8, 0}};
  fcn_status status = fcn_session_params_init(&params, sizeof params);
  params.precision = precision;
  params.threads = threads;
  // A model of its own: prepared weights are shared, and would be made once.
  fcn_model *model = NULL;
  if (!status) status = fcn_model_open(&model, model_path);
  if (!status) status = fcn_session_create(&session, model, &params);
  if (!status) status = fcn_segment(session, &view, 1);
  if (!status) status = add_labels(session);
  if (!status) status = fcn_segment(session, two, 2);
  if (!status) status = add_labels(session);
  if (status == FCN_E_OUT_OF_MEMORY && session) {
    // The session itself goes on.
    refuse(0, 0, 1, 0);
    if (fcn_segment(session, &view, 1) || fcn_result_labels(labels, sizeof labels, NULL, session, 0))
      status = FCN_E_INTERNAL;
  }
  fcn_session_free(session);
  fcn_model_free(model);
  return status;
}

static fcn_status segment_files(void) {
  fcn_session *session = NULL;
  fcn_status status = fcn_session_create(&session, shared, NULL);
  if (!status) status = fcn_segment_file(session, png_path);
  if (!status) status = add_labels(session);
  if (!status) status = fcn_segment_file(session, jpeg_path);
  if (!status) status = add_labels(session);
  fcn_session_free(session);
  return status;
}

static fcn_status draw(void) {
  const fcn_pixels view = {pixels, width, height, 0, FCN_PIXELS_RGB8, 0};
  fcn_image *overlay = NULL, *sheet = NULL;
  memset(labels, 1, width * height);
  fcn_status status = fcn_overlay(&overlay, &view, labels, width * height, shared, 0.5f);
  if (!status) status = fcn_image_save(overlay, saved);
  if (!status) add_file(saved);
  if (!status) status = fcn_sheet(&sheet, &view, labels, labels, width * height, shared, "sheet");
  if (!status) status = fcn_labels_save(labels, width, height, shared, saved);
  if (!status) add_file(saved);
  fcn_image_free(overlay);
  fcn_image_free(sheet);
  return status;
}

static int32_t give_rows(int32_t first, int32_t count, void *into, void *user_data) {
  (void)user_data;
  memcpy(into, pixels + (size_t)first * width * 3, (size_t)count * width * 3);
  return 0;
}

static int32_t take_rows(int32_t first, int32_t count, const uint8_t *rows, void *user_data) {
  (void)user_data, (void)first;
  add(rows, (size_t)count * width);
  return 0;
}

static fcn_status stream(void) {
  fcn_session *session = NULL;
  const fcn_stream stream = {.struct_size = sizeof stream, .format = FCN_PIXELS_RGB8, .width = width,
                             .height = height, .read_rows = give_rows, .write_rows = take_rows};
  fcn_status status = fcn_session_create(&session, shared, NULL);
  if (!status) status = fcn_segment_stream(session, &stream);
  fcn_session_free(session);
  return status;
}

static fcn_status calibrate(void) {
  fcn_model *model = NULL;
  const fcn_pixels view = {pixels, width, height, 0, FCN_PIXELS_RGB8, 0};
  fcn_status status = fcn_model_calibrate(&model, shared, &view, 1, threads, NULL, NULL);
  if (!status) status = fcn_model_save(model, saved, FCN_ELEMENTS_F16);
  if (!status) add_file(saved);
  fcn_model_free(model);
  return status;
}

static fcn_status train(void) {
  char output[4200], file[4300];
  snprintf(output, sizeof output, "%s/training", folder);
  const char *names[] = {"checkpoint.safetensors", "model.safetensors", "best.safetensors", "log.csv",
                         "class-iu.csv"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(file, sizeof file, "%s/%s", output, names[i]);
    unlink(file);
  }
  fcn_trainer_params params;
  fcn_trainer *trainer = NULL;
  fcn_status status = fcn_trainer_params_init(&params, sizeof params);
  params.data = data_path;
  params.validation_split = "val";
  params.output = output;
  params.epochs = 1;
  params.batch_size = 2;
  params.width = 0.05f;
  params.threads = threads;
  if (!status) status = fcn_trainer_create(&trainer, &params);
  if (!status) status = fcn_trainer_run(trainer, NULL, NULL);
  snprintf(file, sizeof file, "%s/model.safetensors", output);
  if (!status) add_file(file);
  fcn_trainer_free(trainer);
  return status;
}

enum { good, absorbed, strange, unusable, leaking };
typedef struct { long tried, refused, absorbed, crashed, bad; } tally;

/** What becomes of `scenario` where request `number` is refused; a process of its own. */
static int outcome(fcn_status (*scenario)(void), long number, size_t least, int strict) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    sum = 0;
    scenario();
    const uint64_t wanted = sum;
    const long before = live();
    refuse(number, 0, least, strict);
    sum = 0;
    const fcn_status status = scenario();
    refuse(0, 0, 1, 0);
    const long after = live();
    if (status != FCN_OK && status != FCN_E_OUT_OF_MEMORY) {
      printf("    request %ld: %d %s\n", number, status, fcn_last_error_message());
      fflush(stdout);
      _exit(strange);
    }
    if (status == FCN_OK && sum != wanted) _exit(unusable);
    // A message, and what is made once, may stay.
    if (after - before > 16384) {
      printf("    request %ld: %ld bytes leak\n", number, after - before);
      fflush(stdout);
      _exit(leaking);
    }
    sum = 0;
    if (scenario() != FCN_OK || sum != wanted) _exit(unusable);
    _exit(status == FCN_OK ? absorbed : good);
  }
  int ended = 0;
  if (child < 0 || waitpid(child, &ended, 0) != child) exit(EXIT_FAILURE);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : 100 + WTERMSIG(ended);
}

/** How many requests `scenario` makes; it must succeed. */
static long requests(fcn_status (*scenario)(void), size_t least, int strict) {
  MUST(scenario());
  MUST(scenario());
  refuse(0, 0, least, strict);
  MUST(scenario());
  const long count = counted();
  refuse(0, 0, 1, 0);
  return count;
}

static void starve(const char *name, fcn_status (*scenario)(void), size_t least, int stride,
                   int strict) {
  static const char *const words[] = {"", "", "another status", "wrong afterwards", "a leak"};
  const char *only = getenv("STARVED_ONLY");
  if (only && strcmp(only, name) != 0) return;
  tally t = {0};
  const long count = requests(scenario, least, strict);
  for (long number = 1 + count % stride; number <= count; number += stride) {
    const int found = outcome(scenario, number, least, strict);
    t.tried++;
    if (found == good) t.refused++;
    else if (found == absorbed) t.absorbed++;
    else if (found > 100) {
      t.crashed++;
      printf("    request %ld of %s: signal %d\n", number, name, found - 100);
    } else {
      t.bad++;
      printf("    request %ld of %s: %s\n", number, name, found <= leaking ? words[found] : "?");
    }
  }
  printf("%s: %ld requests, %ld refused in turn: %ld out of memory, %ld done all the same, %ld other, "
         "%ld crashed\n", name, count, t.tried, t.refused, t.absorbed, t.bad, t.crashed);
  if (!strict) CHECK(t.crashed == 0);
  CHECK(t.bad == 0);
}

int main(int argc, char **argv) {
  if (argc < 9) return EXIT_FAILURE;
  *(void **)&refuse = dlsym(RTLD_DEFAULT, "memory_refuse");
  *(void **)&counted = dlsym(RTLD_DEFAULT, "memory_counted");
  *(void **)&live = dlsym(RTLD_DEFAULT, "memory_live");
  if (!refuse || !counted || !live) {
    puts("preloaded_memory is not preloaded");
    return EXIT_FAILURE;
  }
  model_path = argv[1], png_path = argv[2], jpeg_path = argv[3], folder = argv[4], data_path = argv[5];
  const size_t least = (size_t)atol(argv[6]);
  const int stride = atoi(argv[7]), strict = atoi(argv[8]);
  snprintf(saved, sizeof saved, "%s/saved", folder);
  model_bytes = contents(model_path, &model_size);
  unsigned seed = 1;
  for (size_t i = 0; i < sizeof pixels; i++) {
    seed = seed * 1103515245u + 12345u;
    pixels[i] = (unsigned char)(seed >> 16);
  }
  starve("open", open_model, least, stride, strict);
  starve("open from memory", open_copies, least, stride, strict);
  for (int i = 9; i < argc; i++) {
    imported_path = argv[i];
    starve(strrchr(argv[i], '/') ? strrchr(argv[i], '/') + 1 : argv[i], import_model, least, stride,
           strict);
  }
  MUST(fcn_model_open(&shared, model_path));
  static const int32_t precisions[] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};
  static const char *const names[] = {"segment in float32", "segment in int16", "segment in int8"};
  for (threads = 1; threads <= 2; threads++) {
    for (int i = 0; i < 3; i++) {
      precision = precisions[i];
      starve(names[i], segment, least, stride, strict);
    }
  }
  threads = 1;
  starve("segment files", segment_files, least, stride, strict);
  starve("draw", draw, least, stride, strict);
  starve("stream", stream, least, stride, strict);
  starve("calibrate", calibrate, least, stride, strict);
  starve("train", train, least, stride, strict);
  fcn_model_free(shared);
  return report();
}
