/* Of cuDNN and cuBLASLt: the driver they work through, and failures that tests order. */

#define _GNU_SOURCE
#include <dlfcn.h>

#include "library.h"

/* MARK: The driver */

static Driver functions;
static pthread_once_t is_found = PTHREAD_ONCE_INIT;

static void *find_function(void *library, const char *name) {
  void *function = library ? dlsym(library, name) : NULL;
  if (function) return function;
  fprintf(stderr, "fake CUDA: no %s in libcuda.so.1 beside the library: %s\n", name, dlerror());
  abort();
}

/* A process may have drivers of several folders open, so it is not left to the loader. */
static void find_driver(void) {
  Dl_info own;
  char path[4096] = "";
  if (dladdr(&functions, &own)) snprintf(path, sizeof path, "%s", own.dli_fname);
  char *slash = strrchr(path, '/');
  if (slash) snprintf(slash, sizeof path - (size_t)(slash - path), "/libcuda.so.1");
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  *(void **)&functions.get_current = find_function(library, "cuCtxGetCurrent");
  *(void **)&functions.synchronize = find_function(library, "cuCtxSynchronize");
  *(void **)&functions.is_capturing = find_function(library, "cuStreamIsCapturing");
  *(void **)&functions.enqueue = find_function(library, "fake_cuda_enqueue");
  *(void **)&functions.holds = find_function(library, "fake_cuda_holds");
}

const Driver *driver(void) {
  pthread_once(&is_found, find_driver);
  return &functions;
}

/* MARK: Failures */

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
  if (!bytes || driver()->holds(start, bytes)) return;
  fprintf(stderr, "fake CUDA: %s touches %zu bytes at %#llx, which no allocation holds\n", who,
      bytes, (unsigned long long)start);
  abort();
}
