// Stopping within a layer: the callback is asked there too, and a session that was stopped anywhere, on one
// thread or several, in every precision, gives the same bits as before.
// usage: stopping MODEL

#include "check.h"

typedef struct {
  float last;
  int calls, within, stop_at, stop_within;
} state;

static int32_t watch(const fcn_segment_progress *progress, void *user_data) {
  state *s = user_data;
  CHECK(progress->fraction >= s->last && progress->fraction <= 1);
  s->calls++;
  // Within a layer the fraction stays.
  if (s->calls > 1 && progress->fraction == s->last && progress->fraction < 1) s->within++;
  s->last = progress->fraction;
  return s->calls == s->stop_at || (s->stop_within && s->within == s->stop_within);
}

static int stopped_within;

static void stop_everywhere(const char *path, int32_t precision, int32_t threads) {
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_session_params params;
  MUST(fcn_model_open(&model, path));
  MUST(fcn_session_params_init(&params, sizeof params));
  params.precision = precision;
  params.threads = threads;
  MUST(fcn_session_create(&session, model, &params));
  const fcn_pixels large = some_pixels(700, 700, 1), small = some_pixels(90, 70, 2);
  state s = {0};
  MUST(fcn_session_set_progress(session, watch, &s));
  // What int8 measures first decides on its results.
  MUST(fcn_segment(session, &large, 1));
  s = (state){0};
  size_t count, small_count;
  float *wanted = scores_of(session, &large, &count);
  const int calls = s.calls, within = s.within;
  MUST(fcn_session_set_progress(session, NULL, NULL));
  float *wanted_small = scores_of(session, &small, &small_count);
  MUST(fcn_session_set_progress(session, watch, &s));
  for (int stop = 1; stop <= within; stop += 1 + within / 2) {
    s = (state){.stop_within = stop};
    const fcn_status status = fcn_segment(session, &large, 1);
    // The machine may have been quicker this time.
    if (status == FCN_OK) continue;
    CHECK(status == FCN_E_ABORTED);
    stopped_within++;
    int32_t results = -1;
    OK(fcn_result_count(&results, session));
    CHECK(results == 0);
    s = (state){0};
    CHECK(gives(session, &large, wanted, count));
  }
  for (int stop = 2; stop < calls; stop += 1 + calls / 2) {
    s = (state){.stop_at = stop};
    EXPECT(FCN_E_ABORTED, fcn_segment(session, &large, 1));
    s = (state){0};
    CHECK(gives(session, &small, wanted_small, small_count));
  }
  s = (state){0};
  CHECK(gives(session, &large, wanted, count));
  free(wanted);
  free(wanted_small);
  free((void *)large.data);
  free((void *)small.data);
  fcn_session_free(session);
  fcn_model_free(model);
}

typedef struct {
  const fcn_model *model;
  const fcn_pixels *picture;
  const float *wanted;
  size_t count;
  int calls;
} inner;

/** Uses another session of the model, as a callback may. */
static int32_t use_another(const fcn_segment_progress *progress, void *user_data) {
  (void)progress;
  inner *s = user_data;
  if (s->calls++ % 7) return 0;
  fcn_session *session = NULL;
  OK(fcn_session_create(&session, s->model, NULL));
  CHECK(gives(session, s->picture, s->wanted, s->count));
  fcn_session_free(session);
  return 0;
}

static void callbacks_use_other_sessions(const char *path) {
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  const fcn_pixels large = some_pixels(300, 300, 1), small = some_pixels(90, 70, 2);
  MUST(fcn_model_open(&model, path));
  MUST(fcn_session_create(&session, model, NULL));
  size_t count;
  float *wanted = scores_of(session, &small, &count);
  fcn_session_free(session);
  inner s = {model, &small, wanted, count, 0};
  MUST(fcn_session_create(&session, model, NULL));
  MUST(fcn_session_set_progress(session, use_another, &s));
  OK(fcn_segment(session, &large, 1));
  fcn_session_free(session);
  free(wanted);
  free((void *)large.data);
  free((void *)small.data);
  fcn_model_free(model);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  static const int32_t precisions[] = {FCN_PRECISION_FLOAT32, FCN_PRECISION_INT16, FCN_PRECISION_INT8};
  for (int i = 0; i < 3; i++) {
    stop_everywhere(argv[1], precisions[i], 1);
    stop_everywhere(argv[1], precisions[i], 2);
  }
  CHECK(stopped_within > 0);
  callbacks_use_other_sessions(argv[1]);
  return report();
}
