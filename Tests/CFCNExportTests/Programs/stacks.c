// How deep the stack of a thread gets that calls the library, call by call; and whether one of FCN_STACK is
// enough for all of them. A guard page lies below it.
// usage: stacks MODEL PICTURE.png PICTURE.jpg FOLDER DATA [IMPORTED...]

#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/** In bytes; fcn.h promises that twice as much is enough. */
#define FCN_STACK (64 << 10)

enum { width = 320, height = 240 };
static const char *model_path, *png_path, *jpeg_path, *folder, *data_path, *imported_path;
static char saved[4096];
static fcn_model *model;
static fcn_session *session;
static int32_t precision;
static unsigned char pixels[width * height * 3], labels[512 * 512];
static float scores[width * height * 64];
static const fcn_pixels view = {pixels, width, height, 0, FCN_PIXELS_RGB8, 0};

static void open_it(void) { OK(fcn_model_open(&model, model_path)); }
static void make_session(void) {
  fcn_session_params params;
  OK(fcn_session_params_init(&params, sizeof params));
  params.threads = 1;
  params.precision = precision;
  fcn_session_free(session);
  OK(fcn_session_create(&session, model, &params));
}
static void segment(void) { OK(fcn_segment(session, &view, 1)); }
static void segment_png(void) { OK(fcn_segment_file(session, png_path)); }
static void segment_jpeg(void) { OK(fcn_segment_file(session, jpeg_path)); }
static void results(void) {
  OK(fcn_segment(session, &view, 1));
  OK(fcn_result_labels(labels, sizeof labels, NULL, session, 0));
  OK(fcn_result_scores(scores, sizeof scores / sizeof *scores, NULL, session, 0));
  OK(fcn_result_probabilities(scores, sizeof scores / sizeof *scores, NULL, session, 0));
}
static void draw(void) {
  fcn_image *image = NULL;
  memset(labels, 1, width * height);
  OK(fcn_overlay(&image, &view, labels, width * height, model, 0.5f));
  OK(fcn_image_save(image, saved));
  fcn_image_free(image);
  OK(fcn_sheet(&image, &view, labels, labels, width * height, model, "caption"));
  fcn_image_free(image);
  OK(fcn_labels_save(labels, width, height, model, saved));
}
static void import(void) {
  fcn_model *imported = NULL;
  // One that is refused has been read too.
  CHECK(fcn_model_import(&imported, imported_path, NULL) != FCN_E_INTERNAL);
  fcn_model_free(imported);
}
static void save(void) { OK(fcn_model_save(model, saved, FCN_ELEMENTS_F16)); }
static void calibrate(void) {
  fcn_model *made = NULL;
  OK(fcn_model_calibrate(&made, model, &view, 1, 1, NULL, NULL));
  fcn_model_free(made);
}
static int32_t give_rows(int32_t first, int32_t count, void *into, void *user_data) {
  (void)user_data;
  memcpy(into, pixels + (size_t)first * width * 3, (size_t)count * width * 3);
  return 0;
}
static int32_t take_rows(int32_t first, int32_t count, const uint8_t *rows, void *user_data) {
  (void)user_data, (void)first, (void)count, (void)rows;
  return 0;
}
static void stream(void) {
  const fcn_stream stream = {.struct_size = sizeof stream, .format = FCN_PIXELS_RGB8, .width = width,
                             .height = height, .read_rows = give_rows, .write_rows = take_rows};
  OK(fcn_segment_stream(session, &stream));
}
static void train(void) {
  char output[4200];
  static int number;
  snprintf(output, sizeof output, "%s/training-%d-%d", folder, (int)getpid(), number++);
  fcn_trainer_params params;
  fcn_trainer *trainer = NULL;
  OK(fcn_trainer_params_init(&params, sizeof params));
  params.data = data_path;
  params.validation_split = "val";
  params.output = output;
  params.epochs = 1;
  params.width = 0.05f;
  params.threads = 1;
  OK(fcn_trainer_create(&trainer, &params));
  OK(fcn_trainer_run(trainer, NULL, NULL));
  fcn_trainer_free(trainer);
}

/** JSON as deep as it may be nested, in place of a network and in a model file's header. */
static void nested(void) {
  enum { deep = 64 };
  char text[8 + 2 * deep + 1] = {(char)(2 * deep)};
  memset(text + 8, '[', deep);
  memset(text + 8 + deep, ']', deep);
  fcn_trainer_params params;
  fcn_trainer *trainer = NULL;
  OK(fcn_trainer_params_init(&params, sizeof params));
  params.data = data_path;
  params.output = folder;
  params.graph = text + 8;
  CHECK(fcn_trainer_create(&trainer, &params) != FCN_OK);
  fcn_model *made = NULL;
  CHECK(fcn_model_open_memory(&made, text, 8 + 2 * deep) != FCN_OK);
}

static void *call(void *function) {
  void (*body)(void);
  *(void **)&body = function;
  body();
  return NULL;
}

/** Bytes of a stack of `size` that `body` uses, what the system has there for itself included. */
static size_t depth(void (*body)(void), size_t size) {
  unsigned char *stack = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED || mprotect(stack, 4096, PROT_NONE)) exit(EXIT_FAILURE);
  memset(stack + 4096, 0xA5, size);
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack + 4096, size);
  if (pthread_create(&thread, &attributes, call, *(void **)&body)) exit(EXIT_FAILURE);
  pthread_join(thread, NULL);
  size_t unused = 0;
  while (unused < size && stack[4096 + unused] == 0xA5) unused++;
  munmap(stack, size + 4096);
  return size - unused;
}

static size_t deepest;

static void measure(const char *name, void (*body)(void), size_t size) {
  fflush(stdout);
  const size_t used = depth(body, size);
  if (used > deepest) deepest = used;
  printf("  %-28s %7zu bytes\n", name, used);
}

static void all(size_t size, char **imported) {
  static const char *const names[] = {"fcn_segment, float32", "fcn_segment, int16",
                                      "fcn_segment, int8"};
  static const int32_t precisions[] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};
  measure("nothing", (void (*)(void))fcn_version, size);
  measure("fcn_model_open", open_it, size);
  for (int i = 2; i >= 0; i--) {
    precision = precisions[i];
    measure("fcn_session_create", make_session, size);
    measure(names[i], segment, size);
  }
  measure("fcn_segment_file, PNG", segment_png, size);
  measure("fcn_segment_file, JPEG", segment_jpeg, size);
  measure("fcn_result_...", results, size);
  measure("fcn_segment_stream", stream, size);
  measure("fcn_overlay, fcn_sheet, saving", draw, size);
  measure("fcn_model_save", save, size);
  measure("fcn_model_calibrate", calibrate, size);
  for (; *imported; imported++) {
    imported_path = *imported;
    const char *slash = strrchr(*imported, '/');
    measure(slash ? slash + 1 : *imported, import, size);
  }
  measure("JSON, nested", nested, size);
  measure("fcn_trainer_create, _run", train, size);
  fcn_session_free(session);
  fcn_model_free(model);
  session = NULL;
}

int main(int argc, char **argv) {
  if (argc < 6) return EXIT_FAILURE;
  model_path = argv[1], png_path = argv[2], jpeg_path = argv[3], folder = argv[4], data_path = argv[5];
  snprintf(saved, sizeof saved, "%s/saved", folder);
  for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (unsigned char)(i * i >> 3);
  // In processes of their own: what the library does once in a process counts.
  static const size_t sizes[] = {8 << 20, FCN_STACK};
  for (int i = 0; i < 2; i++) {
    printf("stacks of %zu bytes\n", sizes[i]);
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      all(sizes[i], argv + 6);
      printf("  deepest: %zu bytes\n", deepest);
      CHECK(deepest <= FCN_STACK);
      fflush(stdout);
      _exit(failures ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    int ended = 0;
    if (child < 0 || waitpid(child, &ended, 0) != child) return EXIT_FAILURE;
    CHECK(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    if (WIFSIGNALED(ended)) printf("ended by signal %d\n", WTERMSIG(ended));
  }
  return report();
}
