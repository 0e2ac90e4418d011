/* Copies and fills. */

#include "driver.h"

static CUresult submit_in(const char *call, CUstream stream, const Operation *operation) {
  Context *context;
  CUresult result = enter_context(call, &context);
  if (result) return result;
  return leave(submit(context, stream, operation));
}

/* Returns when it is done, and takes any memory of the host. */
static CUresult copy_now(const char *call, const Operation *operation) {
  Context *context;
  CUresult result = enter_context(call, &context);
  if (result) return result;
  result = check_no_capture(context);
  if (result) return leave(result);
  return leave(submit(context, NULL, operation));
}

static Operation copy_of(Action action, uintptr_t to, uintptr_t from, size_t bytes) {
  return (Operation){.action = action, .to = to, .from = from, .bytes = bytes};
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
  Operation copy = copy_of(COPY_IN, (uintptr_t)to, (uintptr_t)from, bytes);
  return copy_now(__func__, &copy);
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
  Operation copy = copy_of(COPY_OUT, (uintptr_t)to, (uintptr_t)from, bytes);
  return copy_now(__func__, &copy);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  Operation copy = copy_of(COPY_IN, (uintptr_t)to, (uintptr_t)from, bytes);
  copy.pinned = true;
  return submit_in(__func__, stream, &copy);
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  Operation copy = copy_of(COPY_OUT, (uintptr_t)to, (uintptr_t)from, bytes);
  copy.pinned = true;
  return submit_in(__func__, stream, &copy);
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  Operation copy = copy_of(COPY_WITHIN, (uintptr_t)to, (uintptr_t)from, bytes);
  return submit_in(__func__, stream, &copy);
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  Operation fill = {.action = SET_BYTES, .to = (uintptr_t)to, .bytes = count, .value = value};
  return submit_in(__func__, stream, &fill);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  Operation fill = {.action = SET_WORDS, .to = (uintptr_t)to, .value = value};
  fill.bytes = count > SIZE_MAX / 4 ? SIZE_MAX : 4 * count;
  return submit_in(__func__, stream, &fill);
}
