/* Failures that tests order of cuDNN and cuBLASLt. */

#include "library.h"

typedef struct {
  char name[48];
  unsigned long count;
  int left, status;
} Call;

static Call calls[64];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static Call *find_call(const char *name) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    if (!calls[i].name[0]) snprintf(calls[i].name, sizeof calls[i].name, "%s", name);
    if (strcmp(calls[i].name, name) == 0) return &calls[i];
  }
  fprintf(stderr, "fake CUDA: no room for the name of %s\n", name);
  abort();
}

int library_failure(const char *name) {
  pthread_mutex_lock(&mutex);
  Call *call = find_call(name);
  call->count++;
  int status = call->left && !--call->left ? call->status : 0;
  pthread_mutex_unlock(&mutex);
  return status;
}

void order_library_failure(const char *name, int nth, int status) {
  pthread_mutex_lock(&mutex);
  if (name) {
    Call *call = find_call(name);
    call->left = nth > 0 ? nth : 0;
    call->status = status;
  } else {
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) calls[i].left = 0;
  }
  pthread_mutex_unlock(&mutex);
}

unsigned long library_calls(const char *name) {
  pthread_mutex_lock(&mutex);
  unsigned long count = find_call(name)->count;
  pthread_mutex_unlock(&mutex);
  return count;
}

void require_device_memory(const char *who, uint64_t start, size_t bytes) {
  if (!bytes || fake_cuda_holds(start, bytes)) return;
  fprintf(stderr, "fake CUDA: %s touches %zu bytes at %#llx, which no allocation holds\n", who,
      bytes, (unsigned long long)start);
  abort();
}
