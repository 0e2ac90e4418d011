/* Several threads: some with contexts of their own, some in one that they share. */

#include <pthread.h>

#include "selftest.h"

typedef struct {
  CUdeviceptr input, output;
  long count;
} Buffers;

enum { THREADS = 64, FLOATS = 1024, ROUNDS = 20, HOSTS = 6 };

static const void *image;
static Setting shared;

/* Half the threads. */
static bool shares(size_t index) { return index % 2; }

static void *run(void *index) {
  static float ones[FLOATS];
  Setting own = shared;
  if (shares((size_t)index)) {
    DONE(cuda.cuCtxPushCurrent_v2(shared.context));
  } else {
    DONE(cuda.cuCtxCreate_v2(&own.context, 0, 0));
    DONE(cuda.cuModuleLoadData(&own.module, image));
    DONE(cuda.cuStreamCreate(&own.stream, 0));
  }
  for (int round = 0; round < ROUNDS; round++) {
    float sums[FLOATS / THREADS];
    Buffers buffers = {.count = FLOATS};
    buffers.input = device_memory(sizeof ones, ones);
    buffers.output = device_memory(sizeof sums, NULL);
    DONE(cuda.cuMemsetD32Async(buffers.input, 0x3F800000, FLOATS, own.stream));
    CUfunction sum = function_of(&own, "block_sum");
    DONE(launch(sum, FLOATS / THREADS, THREADS, 0, own.stream, &buffers));
    DONE(cuda.cuStreamSynchronize(own.stream));
    DONE(cuda.cuMemcpyDtoH_v2(sums, buffers.output, sizeof sums));
    for (int i = 0; i < FLOATS / THREADS; i++) CHECK(sums[i] == THREADS);
    DONE(cuda.cuMemFree_v2(buffers.output));
    DONE(cuda.cuMemFree_v2(buffers.input));
  }
  if (shares((size_t)index)) {
    DONE(cuda.cuCtxPopCurrent_v2(NULL));
  } else {
    DONE(cuda.cuCtxDestroy_v2(own.context));
  }
  return NULL;
}

void test_threads(void) {
  pthread_t hosts[HOSTS];
  void *code = compiled(kernels, "sm_80", false);
  image = code;
  shared = set_up();
  for (size_t i = 0; i < HOSTS; i++) {
    if (pthread_create(&hosts[i], NULL, run, (void *)i)) exit(1);
  }
  for (size_t i = 0; i < HOSTS; i++) pthread_join(hosts[i], NULL);
  tear_down(&shared);
  free(code);
}
