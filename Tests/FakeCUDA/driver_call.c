/* What other libraries do on the device. */

#include <stdlib.h>

#include "driver.h"

void run_call(Context *context, const Operation *call) {
  set_busy(context, true);
  unlock_driver();
  call->call(call->parameters);
  lock_driver();
  check_margins(context, "a library");
  set_busy(context, false);
}

CUresult fake_cuda_enqueue(
    CUstream stream, void (*run)(const void *parameters), const void *parameters, size_t bytes) {
  Context *context;
  Operation call = {.action = CALL, .call = run, .parameter_bytes = (unsigned)bytes};
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  call.parameters = copy_parameters(parameters, call.parameter_bytes);
  if (!call.parameters) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  result = submit(context, stream, &call);
  free(call.parameters);
  return leave(result);
}

int fake_cuda_holds(CUdeviceptr start, size_t bytes) {
  lock_driver();
  bool held = find_device_memory(NULL, (uintptr_t)start, bytes);
  unlock_driver();
  return held;
}
