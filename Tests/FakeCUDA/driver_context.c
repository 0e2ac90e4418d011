/* Contexts. */

#include "driver.h"

CUresult cuCtxCreate_v2(CUcontext *handle, unsigned flags, CUdevice device) {
  CUresult result = enter(__func__);
  if (result) return result;
  unsigned known = CU_CTX_SCHED_MASK | CU_CTX_MAP_HOST | CU_CTX_LMEM_RESIZE_TO_MAX;
  if (!handle || flags & ~known) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(device)) return leave(CUDA_ERROR_INVALID_DEVICE);
  Context *context = make_object(CONTEXT, sizeof *context, NULL);
  if (!context) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  context->device = device;
  CUcontext made = (CUcontext)context->object.handle;
  if (!push_context(made)) {
    forget_object(context);
    return leave(CUDA_ERROR_OUT_OF_MEMORY);
  }
  *handle = made;
  return leave(CUDA_SUCCESS);
}

/* With all that is in the context. */
CUresult cuCtxDestroy_v2(CUcontext handle) {
  CUresult result = enter(__func__);
  if (result) return result;
  Context *context = wait_until_idle(handle);
  if (!context) return leave(CUDA_ERROR_INVALID_CONTEXT);
  void *object;
  while ((object = next_object(GRAPH_EXEC, context, NULL))) destroy_graph(object);
  while ((object = next_object(GRAPH, context, NULL))) destroy_graph(object);
  while ((object = next_object(STREAM, context, NULL))) destroy_stream(object);
  while ((object = next_object(EVENT, context, NULL))) forget_object(object);
  while ((object = next_object(MODULE, context, NULL))) destroy_module(object);
  while ((object = next_object(DEVICE_MEMORY, context, NULL))) destroy_memory(object);
  while ((object = next_object(PINNED_MEMORY, context, NULL))) destroy_memory(object);
  forget_object(context);
  CUcontext popped;
  if (current_context() == handle) pop_context(&popped);
  return leave(CUDA_SUCCESS);
}

CUresult cuCtxPushCurrent_v2(CUcontext handle) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!find_object(CONTEXT, handle, NULL)) return leave(CUDA_ERROR_INVALID_CONTEXT);
  return leave(push_context(handle) ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY);
}

CUresult cuCtxPopCurrent_v2(CUcontext *handle) {
  CUcontext popped;
  CUresult result = enter(__func__);
  if (result) return result;
  if (!pop_context(&popped)) return leave(CUDA_ERROR_INVALID_CONTEXT);
  if (handle) *handle = popped;
  return leave(CUDA_SUCCESS);
}

CUresult cuCtxGetCurrent(CUcontext *handle) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!handle) return leave(CUDA_ERROR_INVALID_VALUE);
  *handle = current_context();
  if (*handle && !find_object(CONTEXT, *handle, NULL)) {
    return leave(CUDA_ERROR_CONTEXT_IS_DESTROYED);
  }
  return leave(CUDA_SUCCESS);
}

/* Replaces the top of the stack; none takes it away. */
CUresult cuCtxSetCurrent(CUcontext handle) {
  CUcontext replaced;
  CUresult result = enter(__func__);
  if (result) return result;
  if (handle && !find_object(CONTEXT, handle, NULL)) return leave(CUDA_ERROR_INVALID_CONTEXT);
  pop_context(&replaced);
  if (handle) push_context(handle);
  return leave(CUDA_SUCCESS);
}

CUresult cuCtxSynchronize(void) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  return leave(check_no_capture(context));
}
