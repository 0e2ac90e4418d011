// Progress, stopping, calls from inside a callback, the log, and an allocator that fails.
// usage: callbacks MODEL

#include <stdint.h>

#include "check.h"

typedef struct {
  fcn_session *session;
  int calls, stop_at, saw_inside;
  float last;
} state;

static int32_t watch(const fcn_segment_progress *progress, void *user_data) {
  state *s = user_data;
  CHECK(progress->struct_size >= sizeof(fcn_segment_progress));
  CHECK(progress->fraction >= s->last && progress->fraction <= 1);
  CHECK(progress->picture_count == 2 && progress->elapsed_ms >= 0);
  // How often it is called within a layer depends on how long that takes.
  if (progress->fraction == s->last) return 0;
  s->last = progress->fraction;
  if (!s->saw_inside++) {
    int32_t count;
    fcn_pixels pixels = some_pixels(4, 4, 1);
    EXPECT(FCN_E_INVALID_STATE, fcn_segment(s->session, &pixels, 1));
    EXPECT(FCN_E_INVALID_STATE, fcn_result_count(&count, s->session));
    EXPECT(FCN_E_INVALID_STATE, fcn_session_set_progress(s->session, NULL, NULL));
    CHECK(fcn_version() != NULL);
    free((void *)pixels.data);
  }
  return ++s->calls == s->stop_at;
}

static void progress(const fcn_model *model) {
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, NULL));
  fcn_pixels pictures[2] = {some_pixels(40, 40, 1), some_pixels(70, 30, 2)};
  size_t wanted_count;
  float *wanted = scores_of(session, &pictures[0], &wanted_count);

  state s = {session, 0, 0, 0, -1};
  MUST(fcn_session_set_progress(session, watch, &s));
  OK(fcn_segment(session, pictures, 2));
  const int all = s.calls;
  CHECK(all > 10);
  CHECK(s.last == 1);
  s = (state){session, 0, all, 1, -1};
  EXPECT(FCN_E_ABORTED, fcn_segment(session, pictures, 2));
  CHECK(s.last == 1);
  for (int stop = 1; stop <= all; stop += 5) {
    int32_t results = -1;
    s = (state){session, 0, stop, 1, -1};
    EXPECT(FCN_E_ABORTED, fcn_segment(session, pictures, 2));
    CHECK(s.calls == stop);
    OK(fcn_result_count(&results, session));
    CHECK(results == 0);
  }
  MUST(fcn_session_set_progress(session, NULL, NULL));
  s.calls = 0;
  CHECK(gives(session, &pictures[0], wanted, wanted_count));
  CHECK(s.calls == 0);
  free(wanted);
  fcn_session_free(session);
  free((void *)pictures[0].data);
  free((void *)pictures[1].data);
}

static int messages[4];
static void listen(int32_t level, const char *message, void *user_data) {
  CHECK(user_data == messages && level >= FCN_LOG_ERROR && level <= FCN_LOG_INFO);
  CHECK(message[0] != '\0' && strchr(message, '\n') == NULL);
  messages[level]++;
}

static void log_messages(const char *path) {
  fcn_model *model = NULL;
  OK(fcn_log_set(FCN_LOG_INFO, listen, messages));
  MUST(fcn_model_open(&model, path));
  CHECK(messages[FCN_LOG_INFO] == 1);
  fcn_image_free((fcn_image *)(void *)model);
  CHECK(messages[FCN_LOG_ERROR] == 1);
  fcn_model_free(model);
  OK(fcn_log_set(FCN_LOG_ERROR, listen, messages));
  MUST(fcn_model_open(&model, path));
  CHECK(messages[FCN_LOG_INFO] == 1);
  fcn_model_free(model);
  OK(fcn_log_set(FCN_LOG_INFO, NULL, NULL));
  MUST(fcn_model_open(&model, path));
  CHECK(messages[FCN_LOG_INFO] == 1);
  fcn_model_free(model);
}

typedef struct {
  int allocations, fail_at, live;
  size_t bytes;
} heap;

static void *allocate(size_t size, size_t alignment, void *user_data) {
  heap *h = user_data;
  CHECK(size > 0 && alignment >= sizeof(void *) && (alignment & (alignment - 1)) == 0);
  if (++h->allocations == h->fail_at) return NULL;
  // The size is kept in front of the block, to be compared when it comes back.
  unsigned char *raw = malloc(size + 2 * alignment + sizeof(size_t));
  if (!raw) return NULL;
  uintptr_t start = ((uintptr_t)raw + sizeof(void *) + sizeof(size_t) + alignment) & ~(alignment - 1);
  ((void **)start)[-1] = raw;
  ((size_t *)start)[-2] = size;
  h->live++;
  h->bytes += size;
  return (void *)start;
}

static void release(void *block, size_t size, void *user_data) {
  heap *h = user_data;
  CHECK(((size_t *)block)[-2] == size);
  h->live--;
  h->bytes -= size;
  free(((void **)block)[-1]);
}

/** One run of everything that allocates; returns the first status that is not FCN_OK. */
static fcn_status segment_with(const fcn_model *model, heap *h, const fcn_pixels *pictures) {
  fcn_allocator allocator = {sizeof allocator, allocate, release, h};
  fcn_session_params params;
  fcn_session *session = NULL;
  OK(fcn_session_params_init(&params, sizeof params));
  params.allocator = &allocator;
  params.threads = 1;
  params.largest_batch = 1;
  fcn_status status = fcn_session_create(&session, model, &params);
  memset(&allocator, 0, sizeof allocator);  // it was copied
  if (status == FCN_OK) status = fcn_segment(session, pictures, 2);
  if (status != FCN_OK && session) {
    h->fail_at = 0;  // a session that ran out of memory can be used again
    OK(fcn_segment(session, pictures, 2));
  }
  fcn_session_free(session);
  CHECK(h->live == 0 && h->bytes == 0);
  return status;
}

static void failing_memory(const fcn_model *model) {
  fcn_pixels pictures[2] = {some_pixels(40, 40, 1), some_pixels(70, 30, 2)};
  heap h = {0, 0, 0, 0};
  OK(segment_with(model, &h, pictures));
  const int all = h.allocations;
  CHECK(all >= 4);
  for (int i = 1; i <= all; i++) {
    h = (heap){0, i, 0, 0};
    EXPECT(FCN_E_OUT_OF_MEMORY, segment_with(model, &h, pictures));
  }
  fcn_session_params params;
  fcn_session *session = NULL;
  OK(fcn_session_params_init(&params, sizeof params));
  fcn_allocator half = {sizeof half, allocate, NULL, &h};
  params.allocator = &half;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  half.struct_size = 3;
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_create(&session, model, &params));
  free((void *)pictures[0].data);
  free((void *)pictures[1].data);
}

int main(int argc, char **argv) {
  if (argc != 2) return EXIT_FAILURE;
  log_messages(argv[1]);
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  progress(model);
  failing_memory(model);
  fcn_model_free(model);
  return report();
}
