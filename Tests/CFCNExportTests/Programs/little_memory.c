// Everything that a host does with a model and pictures, in processes that may have ever more address
// space: each call succeeds or says that there is no memory, and none ends the process.
// usage: little_memory MODEL PICTURE FOLDER

#define _DEFAULT_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { width = 320, height = 240 };

static const char *model_path, *picture_path;
static char saved[4096];

static size_t address_space(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%ld", &pages) != 1) exit(EXIT_FAILURE);
  fclose(file);
  return (size_t)pages * 4096;
}

/** The first status that is not FCN_OK. */
static fcn_status work(int32_t threads) {
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_image *image = NULL;
  fcn_session_params params;
  static unsigned char pixels[width * height * 3], labels[width * height];
  const fcn_pixels view = {pixels, width, height, 0, FCN_PIXELS_RGB8, 0};
  fcn_status status = fcn_session_params_init(&params, sizeof params);
  params.threads = threads;
  if (!status) status = fcn_model_open(&model, model_path);
  if (!status) status = fcn_session_create(&session, model, &params);
  if (!status) status = fcn_segment(session, &view, 1);
  if (!status) status = fcn_result_labels(labels, sizeof labels, NULL, session, 0);
  if (!status) status = fcn_segment_file(session, picture_path);
  if (!status) status = fcn_overlay(&image, &view, labels, sizeof labels, model, 0.5f);
  if (!status) status = fcn_image_save(image, saved);
  if (!status) status = fcn_model_save(model, saved, FCN_ELEMENTS_F16);
  fcn_image_free(image);
  fcn_session_free(session);
  fcn_model_free(model);
  return status;
}

/** What became of a process with `more` bytes beyond what it has: 0 where all was done, 1 where there
 *  was too little memory. */
static int outcome(size_t more, int32_t threads) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    struct rlimit limit = {address_space() + more, address_space() + more};
    if (setrlimit(RLIMIT_AS, &limit)) _exit(9);
    fcn_status status = work(threads);
    if (status != FCN_OK && status != FCN_E_OUT_OF_MEMORY) {
      printf("with %zu bytes more: %d %s\n", more, status, fcn_last_error_message());
      fflush(stdout);
    }
    _exit(status == FCN_OK ? 0 : status == FCN_E_OUT_OF_MEMORY ? 1 : 2);
  }
  int ended = 0;
  if (child < 0 || waitpid(child, &ended, 0) != child) exit(EXIT_FAILURE);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : 100 + WTERMSIG(ended);
}

int main(int argc, char **argv) {
  if (argc != 4) return EXIT_FAILURE;
  model_path = argv[1];
  picture_path = argv[2];
  snprintf(saved, sizeof saved, "%s/saved", argv[3]);
  // The library's own once-only work is done before memory is short.
  MUST(work(1));
  for (int32_t threads = 1; threads <= 3; threads += 2) {
    int refused = 0, done = 0;
    for (size_t more = 0; more < (size_t)64 << 20; more += (size_t)499 << 10) {
      int found = outcome(more, threads);
      CHECK(found == 0 || found == 1);
      if (found > 1) printf("%d threads, %zu bytes more: %d\n", threads, more, found);
      refused += found == 1;
      done += found == 0;
    }
    CHECK(refused > 0 && done > 0);
  }
  return report();
}
