// The limits that a host sets on a session: what is beyond them is refused before anything is allocated for
// it, with what it would have taken, and what is within them goes on.
// usage: limits MODEL PICTURE

#define _DEFAULT_SOURCE
#include <stddef.h>

#include "check.h"

static size_t taken;

static void *allocate(size_t size, size_t alignment, void *user_data) {
  (void)user_data;
  taken += size;
  void *block = NULL;
  return posix_memalign(&block, alignment, size) ? NULL : block;
}

static void release(void *block, size_t size, void *user_data) {
  (void)size, (void)user_data;
  free(block);
}

static fcn_session *session_with(const fcn_model *model, uint64_t pixels, uint64_t bytes) {
  const fcn_allocator allocator = {sizeof allocator, allocate, release, NULL};
  fcn_session_params params;
  fcn_session *session = NULL;
  MUST(fcn_session_params_init(&params, sizeof params));
  CHECK(params.largest_picture == 0 && params.largest_memory == 0);
  params.allocator = &allocator;
  params.threads = 1;
  params.largest_picture = pixels;
  params.largest_memory = bytes;
  MUST(fcn_session_create(&session, model, &params));
  return session;
}

static void pictures(const fcn_model *model, const char *path) {
  fcn_session *session = session_with(model, 96 * 72 - 1, 0);
  size_t size;
  unsigned char *bytes = contents(path, &size);
  const fcn_pixels two[2] = {some_pixels(40, 40, 1), some_pixels(96, 72, 1)};
  taken = 0;
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, two, 2));
  CHECK(strstr(fcn_last_error_message(), "6912 pixels") != NULL);
  CHECK(strstr(fcn_last_error_message(), "limit of 6911") != NULL);
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment_file(session, path));
  CHECK(strstr(fcn_last_error_message(), path) != NULL);
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment_encoded(session, bytes, size));
  CHECK(taken == 0);
  OK(fcn_segment(session, two, 1));
  fcn_session_free(session);
  session = session_with(model, 96 * 72, 0);
  OK(fcn_segment_file(session, path));
  OK(fcn_segment(session, two, 2));
  fcn_session_free(session);
  // Above what any picture may have, and none.
  for (int i = 0; i < 2; i++) {
    session = session_with(model, i ? UINT64_MAX : 0, 0);
    const fcn_pixels huge = {bytes, 1 << 15, 1 << 14, 0, FCN_PIXELS_RGB8, 0};
    EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &huge, 1));
    OK(fcn_segment_file(session, path));
    fcn_session_free(session);
  }
  free((void *)two[0].data);
  free((void *)two[1].data);
  free(bytes);
}

static void memory(const fcn_model *model) {
  const fcn_pixels picture = some_pixels(200, 150, 1), smaller = some_pixels(64, 48, 1);
  fcn_session *session = session_with(model, 0, 1000);
  taken = 0;
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &picture, 1));
  CHECK(taken == 0);
  const char *words = strstr(fcn_last_error_message(), "needs ");
  CHECK(words != NULL);
  const uint64_t needed = words ? strtoull(words + strlen("needs "), NULL, 10) : 0;
  CHECK(needed > 1000);
  fcn_session_free(session);
  session = session_with(model, 0, needed);
  OK(fcn_segment(session, &picture, 1));
  // Activations are the allocator's; prepared weights come on top.
  CHECK(taken > 0 && taken < needed);
  fcn_session_free(session);
  session = session_with(model, 0, needed - 1);
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(session, &picture, 1));
  OK(fcn_segment(session, &smaller, 1));
  fcn_session_free(session);
  free((void *)picture.data);
  free((void *)smaller.data);
}

/** A program that was built before there were limits. */
static void older(const fcn_model *model) {
  fcn_session_params params;
  memset(&params, 0xFF, sizeof params);
  const uint32_t size = offsetof(fcn_session_params, largest_picture);
  MUST(fcn_session_params_init(&params, size));
  CHECK(params.largest_picture == UINT64_MAX);
  fcn_session *session = NULL;
  params.largest_picture = 1;
  OK(fcn_session_create(&session, model, &params));
  const fcn_pixels picture = some_pixels(64, 48, 1);
  OK(fcn_segment(session, &picture, 1));
  fcn_session_free(session);
  free((void *)picture.data);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  fcn_model *model = NULL;
  MUST(fcn_model_open(&model, argv[1]));
  pictures(model, argv[2]);
  memory(model);
  older(model);
  fcn_model_free(model);
  return report();
}
