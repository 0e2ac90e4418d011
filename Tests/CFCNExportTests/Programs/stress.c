// Many threads with sessions of one model, for a while in each of several ways: scores are those of a
// session alone, and memory, descriptors and threads are what they were before.
// usage: stress MODEL SECONDS [storm]...; without a name all storms

#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <sys/wait.h>

#include "state.h"

enum { most_threads = 16, pictures = 3 };

static const char *path;
static unsigned char *bytes;
static size_t size;
static fcn_model *model;
static fcn_pixels picture[pictures];
static float *wanted[pictures];
static size_t wanted_count[pictures];
static double deadline;

/** What a thread does, and how often it did. */
typedef struct {
  pthread_t id;
  unsigned number;
  long turns, wrong;
} worker;

static unsigned next_random(unsigned *seed) {
  *seed = *seed * 1103515245u + 12345u;
  return *seed >> 16 & 0x7fff;
}

static fcn_session *new_session(const fcn_model *of, int32_t threads) {
  fcn_session_params params;
  fcn_session *session = NULL;
  if (fcn_session_params_init(&params, sizeof params)) return NULL;
  params.threads = threads;
  return fcn_session_create(&session, of, &params) ? NULL : session;
}

/** Whether picture `i` has the scores that it has alone. Checks count in one thread only, so not CHECK. */
static int right(fcn_session *session, int i) {
  if (!session || fcn_segment(session, &picture[i], 1)) return 0;
  float *scores = malloc(wanted_count[i] * sizeof(float));
  int same = scores && !fcn_result_scores(scores, wanted_count[i], NULL, session, 0)
      && memcmp(scores, wanted[i], wanted_count[i] * sizeof(float)) == 0;
  free(scores);
  return same;
}

/** Sessions that stay. */
static void *segment_on(void *argument) {
  worker *own = argument;
  fcn_session *session = new_session(model, (int32_t)(own->number % 3));
  do {
    own->wrong += !right(session, (int)(own->turns++ % pictures));
  } while (now() < deadline);
  fcn_session_free(session);
  return NULL;
}

/** Models and sessions that come and go. */
static void *open_and_close(void *argument) {
  worker *own = argument;
  unsigned seed = own->number;
  do {
    fcn_model *opened = NULL;
    const unsigned way = next_random(&seed) % 4;
    fcn_status status = way == 0 ? fcn_model_open(&opened, path)
        : way == 1 ? fcn_model_open_memory(&opened, bytes, size)
        : way == 2 ? fcn_model_open_borrowed(&opened, bytes, size, NULL, NULL)
                   : fcn_model_import(&opened, path, NULL);
    own->turns++;
    if (status) {
      own->wrong++;
      continue;
    }
    fcn_session *session = new_session(opened, (int32_t)(1 + next_random(&seed) % 3));
    // Sessions outlive their model, and some never run.
    fcn_model_free(opened);
    if (next_random(&seed) % 3) own->wrong += !right(session, (int)(next_random(&seed) % pictures));
    fcn_session_free(session);
  } while (now() < deadline);
  return NULL;
}

static int32_t give_up(const fcn_segment_progress *progress, void *user_data) {
  int *left = user_data;
  (void)progress;
  return (*left)-- == 0;
}

/** Runs that are stopped anywhere, and one that is not. */
static void *cancel(void *argument) {
  worker *own = argument;
  unsigned seed = own->number;
  int left = 0;
  fcn_session *session = new_session(model, (int32_t)(1 + own->number % 2));
  if (!session || fcn_session_set_progress(session, give_up, &left)) own->wrong++;
  do {
    left = (int)(next_random(&seed) % 40);
    fcn_status status = fcn_segment(session, &picture[0], 1);
    own->wrong += status != FCN_OK && status != FCN_E_ABORTED;
    left = -1;
    own->wrong += !right(session, (int)(own->turns++ % pictures));
  } while (now() < deadline);
  fcn_session_free(session);
  return NULL;
}

static void hear(int32_t level, const char *message, void *user_data) {
  // Whose callback it is may change meanwhile, but never to half of one.
  if (level < FCN_LOG_ERROR || level > FCN_LOG_INFO || !message || user_data != bytes) abort();
}

/** The process's log callback is set anew while others are told something. */
static void *set_log(void *argument) {
  worker *own = argument;
  do {
    fcn_model *opened = NULL;
    for (int i = 0; i < 100; i++) own->wrong += fcn_log_set(1 + i % 3, i % 4 ? hear : NULL, bytes) != FCN_OK;
    own->wrong += fcn_model_open_borrowed(&opened, bytes, size, NULL, NULL) != FCN_OK;
    fcn_model_free(opened);
    own->turns++;
  } while (now() < deadline);
  return NULL;
}

/** Runs `work` in `count` threads until the deadline; returns their turns. */
static long run(void *(*work)(void *), int count, double seconds) {
  worker workers[most_threads];
  memset(workers, 0, sizeof workers);
  deadline = now() + seconds;
  for (int i = 0; i < count; i++) {
    workers[i].number = (unsigned)i;
    if (pthread_create(&workers[i].id, NULL, work, &workers[i])) exit(EXIT_FAILURE);
  }
  long turns = 0;
  for (int i = 0; i < count; i++) {
    pthread_join(workers[i].id, NULL);
    turns += workers[i].turns;
    CHECK(workers[i].wrong == 0);
  }
  return turns;
}

static void *fork_on(void *argument) {
  worker *own = argument;
  do {
    pid_t child = fork();
    if (child == 0) {
      // Threads of the parent are in the middle of calls on `model`, so the child has another.
      alarm(120);
      fcn_model *own_model = NULL;
      int good = fcn_model_open_memory(&own_model, bytes, size) == FCN_OK;
      fcn_session *session = new_session(own_model, 2);
      good = good && right(session, 1) && right(session, 0);
      fcn_session_free(session);
      _exit(good ? 0 : 1);
    }
    int status = -1;
    if (child < 0 || waitpid(child, &status, 0) != child) own->wrong++;
    own->wrong += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    own->turns++;
  } while (now() < deadline);
  return NULL;
}

/** One thread forks while others segment. */
static void *fork_or_segment(void *argument) {
  return ((worker *)argument)->number == 0 ? fork_on(argument) : segment_on(argument);
}

/** Sessions that have run and wait use no processor. */
static void idle(double seconds) {
  fcn_session *sessions[4];
  for (int i = 0; i < 4; i++) {
    sessions[i] = new_session(model, 4);
    CHECK(right(sessions[i], i % pictures));
  }
  CHECK(thread_count(1 + 4 * 3) == 1 + 4 * 3);
  const double end = now() + seconds, before = processor_time();
  while (now() < end) {
    const struct timespec moment = {0, 100000000};
    nanosleep(&moment, NULL);
  }
  const double used = processor_time() - before;
  if (used > 0.01 + 0.002 * seconds) {
    printf("idle for %g s, the sessions used %g s of a processor\n", seconds, used);
    failures++;
  }
  for (int i = 0; i < 4; i++) fcn_session_free(sessions[i]);
}

static int chosen(int argc, char **argv, const char *name) {
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return 1;
  }
  return argc == 3;
}

int main(int argc, char **argv) {
  if (argc < 3) return EXIT_FAILURE;
  const double seconds = atof(argv[2]);
  // With a pool for every thread the system's allocator grows for as long as new ones are tried.
  mallopt(M_ARENA_MAX, 1);
  path = argv[1];
  bytes = contents(path, &size);
  MUST(fcn_model_open(&model, path));
  fcn_session *alone = new_session(model, 1);
  for (int i = 0; i < pictures; i++) {
    picture[i] = some_pixels(30 + 25 * i, 50 - 9 * i, (unsigned)i + 1);
    wanted[i] = scores_of(alone, &picture[i], &wanted_count[i]);
  }
  fcn_session_free(alone);

  const struct {
    const char *name;
    void *(*work)(void *);
    int threads;
  } storms[] = {{"sessions", segment_on, most_threads},
                {"opening", open_and_close, 8},
                {"cancelling", cancel, 8},
                {"logging", set_log, 8},
                {"forking", fork_or_segment, 4}};
  for (size_t i = 0; i < sizeof storms / sizeof *storms; i++) {
    if (!chosen(argc, argv, storms[i].name)) continue;
    const double warm = seconds / 4 < 60 ? seconds / 4 : 60;
    long turns = run(storms[i].work, storms[i].threads, warm);
    const long memory = resident();
    const int files = descriptors();
    CHECK(thread_count(1) == 1);
    turns += run(storms[i].work, storms[i].threads, seconds - warm);
    CHECK(thread_count(1) == 1);
    CHECK(descriptors() == files);
    OK(fcn_log_set(FCN_LOG_ERROR, NULL, NULL));
    const long grown = resident() - memory;
    if (grown > 4 << 10) {
      printf("%s: memory grew by %ld kB\n", storms[i].name, grown);
      failures++;
    }
    if (seconds > 10) {
      printf("%s: %ld turns in %g s, memory %ld kB and %ld kB more\n", storms[i].name, turns, seconds,
             memory, grown);
      fflush(stdout);
    }
  }
  if (chosen(argc, argv, "idle")) idle(seconds < 5 ? seconds : 5);
  fcn_model_free(model);
  for (int i = 0; i < pictures; i++) {
    free(wanted[i]);
    free((void *)picture[i].data);
  }
  free(bytes);
  return report();
}
