/* What a stream does: checked when it is asked for, done at once or kept for a graph. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "driver.h"

/* MARK: Lists */

enum { PARAMETER_ALIGNMENT = 64 };

void *copy_parameters(const void *parameters, unsigned bytes) {
  size_t rounded = (bytes + PARAMETER_ALIGNMENT - 1) / PARAMETER_ALIGNMENT * PARAMETER_ALIGNMENT;
  void *copy = aligned_alloc(PARAMETER_ALIGNMENT, rounded ? rounded : PARAMETER_ALIGNMENT);
  if (copy) memcpy(copy, parameters, bytes);
  return copy;
}

void clear_operations(Operations *operations) {
  while (operations->first) {
    Operation *operation = operations->first;
    operations->first = operation->next;
    free(operation->parameters);
    free(operation);
  }
  operations->last = NULL;
}

bool append_copy(Operations *operations, const Operation *operation) {
  Operation *copy = malloc(sizeof *copy);
  if (!copy) return false;
  *copy = *operation;
  copy->next = NULL;
  if (operation->parameters) {
    copy->parameters = copy_parameters(operation->parameters, operation->parameter_bytes);
    if (!copy->parameters) {
      free(copy);
      return false;
    }
  }
  if (operations->last) {
    operations->last->next = copy;
  } else {
    operations->first = copy;
  }
  operations->last = copy;
  return true;
}

bool copy_operations(Operations *to, const Operations *from) {
  for (const Operation *operation = from->first; operation; operation = operation->next) {
    if (append_copy(to, operation)) continue;
    clear_operations(to);
    return false;
  }
  return true;
}

/* MARK: Checks */

static bool is_host_memory(const Context *context, uintptr_t start, size_t bytes, bool pinned) {
  if (pinned) return find_pinned_memory(context, start, bytes);
  return start && !find_device_memory(NULL, start, 0);
}

static CUresult check_copy(const Context *context, const Operation *copy) {
  size_t bytes = copy->bytes;
  bool valid = true;
  if (!bytes) return CUDA_SUCCESS;
  if (copy->action == COPY_OUT) {
    valid = valid && is_host_memory(context, copy->to, bytes, copy->pinned);
  } else {
    valid = valid && find_device_memory(context, copy->to, bytes);
  }
  if (copy->action == COPY_IN) {
    valid = valid && is_host_memory(context, copy->from, bytes, copy->pinned);
  } else {
    valid = valid && find_device_memory(context, copy->from, bytes);
  }
  if (copy->action == COPY_WITHIN) {
    valid = valid && (copy->to - copy->from >= bytes && copy->from - copy->to >= bytes);
  }
  return valid ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

static CUresult check_launch(const Context *context, const Operation *launch) {
  const Function *function = find_object(FUNCTION, launch->function, context);
  if (!function) return CUDA_ERROR_INVALID_HANDLE;
  const unsigned *grid = launch->grid, *block = launch->block;
  bool valid = grid[0] >= 1 && grid[0] <= 0x7FFFFFFF;
  valid = valid && grid[1] >= 1 && grid[1] <= 65535 && grid[2] >= 1 && grid[2] <= 65535;
  for (int i = 0; i < 3; i++) valid = valid && block[i] >= 1 && block[i] <= MOST_THREADS;
  valid = valid && block[2] <= 64;
  valid = valid && (unsigned long long)block[0] * block[1] * block[2] <= function->most_threads;
  valid = valid && launch->shared_bytes <= function->most_shared_bytes;
  return valid ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult check_operation(const Context *context, const Operation *operation) {
  switch (operation->action) {
    case COPY_IN:
    case COPY_OUT:
    case COPY_WITHIN:
      return check_copy(context, operation);
    case SET_WORDS:
      if (operation->to % 4) return CUDA_ERROR_INVALID_VALUE;
      /* Fall through. */
    case SET_BYTES:
      if (!operation->bytes || find_device_memory(context, operation->to, operation->bytes)) {
        return CUDA_SUCCESS;
      }
      return CUDA_ERROR_INVALID_VALUE;
    case RECORD:
      return find_object(EVENT, operation->event, context) ? CUDA_SUCCESS
                                                           : CUDA_ERROR_INVALID_HANDLE;
    case LAUNCH:
      return check_launch(context, operation);
    case CALL:
      return CUDA_SUCCESS;
  }
  return CUDA_ERROR_UNKNOWN;
}

/* MARK: Deeds */

static void fill_words(unsigned *to, unsigned value, size_t bytes) {
  for (size_t i = 0; i < bytes / sizeof *to; i++) to[i] = value;
}

static void record(Event *event) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  event->recorded = true;
  event->capture = 0;
  event->milliseconds = 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

void perform(Context *context, const Operation *operation) {
  void *to = (void *)operation->to;
  switch (operation->action) {
    case COPY_IN:
    case COPY_OUT:
    case COPY_WITHIN:
      if (operation->bytes) memcpy(to, (const void *)operation->from, operation->bytes);
      break;
    case SET_BYTES:
      if (operation->bytes) memset(to, (int)operation->value, operation->bytes);
      break;
    case SET_WORDS:
      fill_words(to, operation->value, operation->bytes);
      break;
    case RECORD:
      record(find_object(EVENT, operation->event, context));
      break;
    case LAUNCH:
      run_kernel(context, find_object(FUNCTION, operation->function, context), operation);
      break;
    case CALL:
      run_call(context, operation);
      break;
  }
}

CUresult submit(Context *context, CUstream handle, const Operation *operation) {
  Stream *stream;
  CUresult result = find_stream(context, handle, &stream);
  if (result) return result;
  if (stream && stream->capturing == CU_STREAM_CAPTURE_STATUS_INVALIDATED) {
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  }
  result = check_operation(context, operation);
  if (result) return result;
  if (!stream || stream->capturing == CU_STREAM_CAPTURE_STATUS_NONE) {
    perform(context, operation);
    return CUDA_SUCCESS;
  }
  if (!append_copy(&stream->captured, operation)) return CUDA_ERROR_OUT_OF_MEMORY;
  if (operation->action == RECORD) {
    Event *event = find_object(EVENT, operation->event, context);
    event->recorded = false;
    event->capture = stream->capture;
  }
  return CUDA_SUCCESS;
}
