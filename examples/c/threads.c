// Segments several pictures at a time: one model, and for each thread a session of its own.
//
//   cc -std=c99 threads.c $(pkg-config --cflags --libs fcn) -lpthread -o threads
//   ./threads MODEL THREADS PICTURE...
//
// Prints for each picture its size and the class that covers most of it.

#include <fcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

// What the threads share: the model, which never changes, and the number of the next picture.
typedef struct {
  const fcn_model *model;
  fcn_model_info info;
  char **paths;
  int count, next, failures;
  pthread_mutex_t lock;
} work;

static int next_picture(work *work) {
  pthread_mutex_lock(&work->lock);
  int index = work->next < work->count ? work->next++ : -1;
  pthread_mutex_unlock(&work->lock);
  return index;
}

// Messages belong to the thread on which the call failed, so they are read here.
static void report_failure(work *work, const char *what) {
  pthread_mutex_lock(&work->lock);
  work->failures++;
  fprintf(stderr, "%s: %s\n", what, fcn_last_error_message());
  pthread_mutex_unlock(&work->lock);
}

static fcn_status segment(work *work, fcn_session *session, const char *path) {
  int32_t width, height, largest = 0;
  int64_t areas[FCN_LARGEST_CLASS_COUNT];
  fcn_status status = fcn_segment_file(session, path);
  if (status == FCN_OK) status = fcn_result_size(&width, &height, session, 0);
  if (status == FCN_OK)
    status = fcn_result_areas(areas, FCN_LARGEST_CLASS_COUNT, NULL, session, 0);
  if (status != FCN_OK) return status;
  for (int32_t i = 1; i < work->info.class_count; i++) {
    if (areas[i] > areas[largest]) largest = i;
  }
  double percent = 100.0 * (double)areas[largest] / ((double)width * (double)height);
  printf("%s: %d x %d, %.1f %% %s\n", path, (int)width, (int)height, percent,
         work->info.class_names[largest]);
  return FCN_OK;
}

static void *run(void *argument) {
  work *work = argument;
  fcn_session_params params;
  fcn_session *session = NULL;
  fcn_status status = fcn_session_params_init(&params, sizeof params);
  params.threads = 1;  // the pictures are divided among threads, not the work on each
  if (status == FCN_OK) status = fcn_session_create(&session, work->model, &params);
  if (status != FCN_OK) {
    report_failure(work, "a session");
    return NULL;
  }
  for (int i; (i = next_picture(work)) >= 0;) {
    if (segment(work, session, work->paths[i]) != FCN_OK) report_failure(work, work->paths[i]);
  }
  fcn_session_free(session);
  return NULL;
}

int main(int argc, char **argv) {
  enum { most_threads = 64 };
  int thread_count = argc > 3 ? atoi(argv[2]) : 0;
  if (thread_count < 1 || thread_count > most_threads) {
    fprintf(stderr, "usage: %s MODEL THREADS PICTURE...  (1 to %d threads)\n", argv[0],
            most_threads);
    return EXIT_FAILURE;
  }
  fcn_model *model;
  work work = {.info = {.struct_size = sizeof work.info}, .paths = argv + 3, .count = argc - 3};
  if (fcn_model_open(&model, argv[1]) != FCN_OK ||
      fcn_model_get_info(&work.info, model) != FCN_OK) {
    fprintf(stderr, "%s\n", fcn_last_error_message());
    return EXIT_FAILURE;
  }
  work.model = model;
  pthread_mutex_init(&work.lock, NULL);

  pthread_t threads[most_threads];
  int started = 0;
  while (started < thread_count && pthread_create(&threads[started], NULL, run, &work) == 0) {
    started++;
  }
  for (int i = 0; i < started; i++) pthread_join(threads[i], NULL);
  pthread_mutex_destroy(&work.lock);
  fcn_model_free(model);
  return started == 0 || work.failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
