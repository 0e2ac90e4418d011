// One model in several threads, messages that belong to their thread, a session that two threads want
// at once, and a process that forks.
// usage: processes MODEL

#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { threads = 4, runs = 6 };

static fcn_model *model;
static fcn_pixels picture;
static float *wanted;
static size_t wanted_count;

static fcn_session *new_session(int32_t thread_count) {
  fcn_session_params params;
  fcn_session *session = NULL;
  MUST(fcn_session_params_init(&params, sizeof params));
  params.threads = thread_count;
  MUST(fcn_session_create(&session, model, &params));
  return session;
}

static void *work(void *argument) {
  const int number = *(int *)argument;
  char name[64];
  fcn_model *none = NULL;
  CHECK(fcn_last_error_message()[0] == '\0');
  snprintf(name, sizeof name, "/no/such/model-%d", number);
  EXPECT(FCN_E_NOT_FOUND, fcn_model_open(&none, name));
  fcn_session *session = new_session(number % 3);
  for (int i = 0; i < runs; i++) {
    CHECK(gives(session, &picture, wanted, wanted_count));
  }
  CHECK(strstr(fcn_last_error_message(), name) != NULL);
  fcn_session_free(session);
  return NULL;
}

static void many_threads(void) {
  pthread_t ids[threads];
  int numbers[threads];
  for (int i = 0; i < threads; i++) {
    numbers[i] = i;
    if (pthread_create(&ids[i], NULL, work, &numbers[i])) exit(EXIT_FAILURE);
  }
  for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
}

static fcn_session *wanted_by_two;

static void *intrude(void *argument) {
  int *refused = argument;
  *refused = fcn_segment(wanted_by_two, &picture, 1) == FCN_E_INVALID_STATE;
  return NULL;
}

static int32_t let_another_thread_try(const fcn_segment_progress *progress, void *user_data) {
  int *refused = user_data;
  pthread_t id;
  if (progress->fraction == 0) {
    if (pthread_create(&id, NULL, intrude, refused)) exit(EXIT_FAILURE);
    pthread_join(id, NULL);
  }
  return 0;
}

static void shared_session(void) {
  int refused = 0;
  wanted_by_two = new_session(2);
  MUST(fcn_session_set_progress(wanted_by_two, let_another_thread_try, &refused));
  MUST(fcn_segment(wanted_by_two, &picture, 1));
  CHECK(refused);
  fcn_session_free(wanted_by_two);
}

static void forks(void) {
  fcn_session *session = new_session(2);
  MUST(fcn_segment(session, &picture, 1));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    // The parent's threads are not here: old and new sessions must find that out.
    CHECK(gives(session, &picture, wanted, wanted_count));
    fcn_session *fresh = new_session(2);
    CHECK(gives(fresh, &picture, wanted, wanted_count));
    fcn_session_free(fresh);
    fcn_session_free(session);
    fflush(stdout);
    _exit(failures ? 1 : 0);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CHECK(gives(session, &picture, wanted, wanted_count));
  fcn_session_free(session);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  MUST(fcn_model_open(&model, argv[1]));
  picture = some_pixels(90, 70, 8);
  fcn_session *session = new_session(1);
  wanted = scores_of(session, &picture, &wanted_count);
  fcn_session_free(session);
  many_threads();
  shared_session();
  forks();
  fcn_model_free(model);
  free((void *)picture.data);
  free(wanted);
  return report();
}
