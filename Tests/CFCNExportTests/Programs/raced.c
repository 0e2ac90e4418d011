// What must not be done: a picture's pixels change while they are segmented. ThreadSanitizer has to find it.
// usage: raced MODEL

#include <pthread.h>

#include "check.h"

static fcn_model *model;
static unsigned char pixels[64 * 64 * 3];
static int done;

static void *segment_on(void *unused) {
  const fcn_pixels picture = {pixels, 64, 64, 0, FCN_PIXELS_RGB8, 0};
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, NULL));
  for (int i = 0; i < 20; i++) MUST(fcn_segment(session, &picture, 1));
  fcn_session_free(session);
  __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
  return unused;
}

static void *change(void *unused) {
  while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i]++;
  }
  return unused;
}

int main(int argc, char **argv) {
  pthread_t threads[2];
  if (argc != 2) return EXIT_FAILURE;
  MUST(fcn_model_open(&model, argv[1]));
  if (pthread_create(&threads[0], NULL, segment_on, NULL)) return EXIT_FAILURE;
  if (pthread_create(&threads[1], NULL, change, NULL)) return EXIT_FAILURE;
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  fcn_model_free(model);
  return report();
}
