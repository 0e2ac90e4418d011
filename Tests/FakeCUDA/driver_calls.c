/* How a call begins and ends: the mutex, and which context is current. */

#include "driver.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static bool initialized;

void lock_driver(void) { pthread_mutex_lock(&mutex); }
void unlock_driver(void) { pthread_mutex_unlock(&mutex); }

void set_initialized(void) { initialized = true; }

/* MARK: Current contexts */

enum { DEEPEST = 64 };

static __thread CUcontext stack[DEEPEST];
static __thread int depth;

CUcontext current_context(void) { return depth ? stack[depth - 1] : NULL; }

bool push_context(CUcontext context) {
  if (depth == DEEPEST) return false;
  stack[depth++] = context;
  return true;
}

bool pop_context(CUcontext *context) {
  if (!depth) return false;
  *context = stack[--depth];
  return true;
}

/* MARK: Calls */

CUresult leave(CUresult result) {
  unlock_driver();
  return result;
}

CUresult enter_uninitialized(const char *call) {
  lock_driver();
  CUresult result = ordered_failure(call);
  if (!result) return CUDA_SUCCESS;
  Context *context = find_object(CONTEXT, current_context(), NULL);
  if (context && !context->fatal && is_fatal(result)) context->fatal = result;
  return leave(result);
}

CUresult enter(const char *call) {
  CUresult result = enter_uninitialized(call);
  if (result) return result;
  return initialized ? CUDA_SUCCESS : leave(CUDA_ERROR_NOT_INITIALIZED);
}

CUresult enter_to_clear(const char *call, Context **context) {
  CUresult result = enter(call);
  if (result) return result;
  CUcontext handle = current_context();
  if (!handle) return leave(CUDA_ERROR_INVALID_CONTEXT);
  *context = wait_until_idle(handle);
  return *context ? CUDA_SUCCESS : leave(CUDA_ERROR_CONTEXT_IS_DESTROYED);
}

CUresult enter_context(const char *call, Context **context) {
  CUresult result = enter_to_clear(call, context);
  if (result) return result;
  return (*context)->fatal ? leave((*context)->fatal) : CUDA_SUCCESS;
}

Context *wait_until_idle(CUcontext handle) {
  for (;;) {
    Context *context = find_object(CONTEXT, handle, NULL);
    if (!context || !context->busy) return context;
    pthread_cond_wait(&idle, &mutex);
  }
}

void set_busy(Context *context, bool busy) {
  context->busy = busy;
  if (!busy) pthread_cond_broadcast(&idle);
}
