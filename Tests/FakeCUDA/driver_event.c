/* Events. */

#include "driver.h"

CUresult cuEventCreate(CUevent *handle, unsigned flags) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  unsigned known = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING;
  if (!handle || flags & ~known) return leave(CUDA_ERROR_INVALID_VALUE);
  Event *event = make_object(EVENT, sizeof *event, context);
  if (!event) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  event->flags = flags;
  *handle = (CUevent)event->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuEventDestroy_v2(CUevent handle) {
  Context *context;
  CUresult result = enter_to_clear(__func__, &context);
  if (result) return result;
  Event *event = find_object(EVENT, handle, context);
  if (!event) return leave(CUDA_ERROR_INVALID_HANDLE);
  forget_object(event);
  return leave(context->fatal);
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  Context *context;
  Operation record = {.action = RECORD, .event = event};
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  return leave(submit(context, stream, &record));
}

CUresult cuEventSynchronize(CUevent handle) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  const Event *event = find_object(EVENT, handle, context);
  if (!event) return leave(CUDA_ERROR_INVALID_HANDLE);
  result = check_no_capture(context);
  if (result) return leave(result);
  return leave(event->capture ? CUDA_ERROR_CAPTURED_EVENT : CUDA_SUCCESS);
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start_handle, CUevent end_handle) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!milliseconds) return leave(CUDA_ERROR_INVALID_VALUE);
  const Event *start = find_object(EVENT, start_handle, context);
  const Event *end = find_object(EVENT, end_handle, context);
  if (!start || !end || !start->recorded || !end->recorded) {
    return leave(CUDA_ERROR_INVALID_HANDLE);
  }
  if ((start->flags | end->flags) & CU_EVENT_DISABLE_TIMING) {
    return leave(CUDA_ERROR_INVALID_HANDLE);
  }
  *milliseconds = (float)(end->milliseconds - start->milliseconds);
  return leave(CUDA_SUCCESS);
}
