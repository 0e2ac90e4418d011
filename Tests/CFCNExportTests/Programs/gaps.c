// How long the progress callback of a session is left unasked, at most.
// usage: gaps MODEL WIDTH HEIGHT [THREADS [PRECISION [DISABLED_FORMS]]]

#define _DEFAULT_SOURCE
#include <time.h>

#include "check.h"

typedef struct {
  double last, largest, last_own, largest_own;
  float at, largest_at;
  int calls;
} gaps;

static double read_clock(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double now(void) { return read_clock(CLOCK_MONOTONIC); }
/** What this thread has had of a processor: other programs do not count. */
static double own(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

static void note(gaps *g, float fraction) {
  const double time = now(), own_time = own();
  if (own_time - g->last_own > g->largest_own) g->largest_own = own_time - g->last_own;
  g->last_own = own_time;
  if (time - g->last > g->largest) g->largest = time - g->last, g->largest_at = g->at;
  g->last = time;
  g->at = fraction;
  g->calls++;
}

static int32_t watch(const fcn_segment_progress *progress, void *user_data) {
  note(user_data, progress->fraction);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 4) return EXIT_FAILURE;
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_session_params params;
  MUST(fcn_model_open(&model, argv[1]));
  MUST(fcn_session_params_init(&params, sizeof params));
  params.threads = argc > 4 ? atoi(argv[4]) : 1;
  params.precision = argc > 5 ? atoi(argv[5]) : FCN_PRECISION_FLOAT32;
  params.disabled_forms = argc > 6 ? argv[6] : NULL;
  MUST(fcn_session_create(&session, model, &params));
  const fcn_pixels picture = some_pixels(atoi(argv[2]), atoi(argv[3]), 1);
  gaps g;
  MUST(fcn_session_set_progress(session, watch, &g));
  for (int run = 0; run < 2; run++) {
    g = (gaps){.last = now(), .last_own = own()};
    const double start = g.last;
    MUST(fcn_segment(session, &picture, 1));
    note(&g, 1);
    printf("%s run: %.0f ms, %d calls, largest gap %.1f ms, after fraction %.3f; of its own time "
           "%.1f ms\n", run ? "second" : "first", now() - start, g.calls, g.largest,
           (double)g.largest_at, g.largest_own);
  }
  free((void *)picture.data);
  fcn_session_free(session);
  fcn_model_free(model);
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
