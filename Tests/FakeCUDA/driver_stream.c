/* Streams, which do at once what they are asked, and capture. */

#include "driver.h"

static bool is_active(const Stream *stream) {
  return stream->capturing == CU_STREAM_CAPTURE_STATUS_ACTIVE;
}

static void spoil(Stream *stream) {
  clear_operations(&stream->captured);
  stream->capturing = CU_STREAM_CAPTURE_STATUS_INVALIDATED;
}

static bool forbids(const Stream *stream) {
  switch (stream->mode) {
    case CU_STREAM_CAPTURE_MODE_GLOBAL:
      return true;
    case CU_STREAM_CAPTURE_MODE_THREAD_LOCAL:
      return pthread_equal(stream->capturing_thread, pthread_self());
    default:
      return false;
  }
}

CUresult check_no_capture(const Context *context) {
  CUresult result = CUDA_SUCCESS;
  for (Stream *s = next_object(STREAM, context, NULL); s; s = next_object(STREAM, context, s)) {
    if (!is_active(s) || !forbids(s)) continue;
    spoil(s);
    result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return result;
}

/* The default stream, which has no handle, waits for the others, so for a captured one as well. */
static CUresult check_default_stream(const Context *context) {
  CUresult result = CUDA_SUCCESS;
  for (Stream *s = next_object(STREAM, context, NULL); s; s = next_object(STREAM, context, s)) {
    if (!is_active(s) || s->flags & CU_STREAM_NON_BLOCKING) continue;
    spoil(s);
    result = CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  }
  return result;
}

CUresult find_stream(const Context *context, CUstream handle, Stream **stream) {
  *stream = NULL;
  if (!handle) return check_default_stream(context);
  *stream = find_object(STREAM, handle, context);
  return *stream ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

void destroy_stream(Stream *stream) {
  clear_operations(&stream->captured);
  forget_object(stream);
}

CUresult cuStreamCreate(CUstream *handle, unsigned flags) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!handle || flags & ~(unsigned)CU_STREAM_NON_BLOCKING) {
    return leave(CUDA_ERROR_INVALID_VALUE);
  }
  Stream *stream = make_object(STREAM, sizeof *stream, context);
  if (!stream) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  stream->flags = flags;
  *handle = (CUstream)stream->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuStreamDestroy_v2(CUstream handle) {
  Context *context;
  CUresult result = enter_to_clear(__func__, &context);
  if (result) return result;
  Stream *stream = find_object(STREAM, handle, context);
  if (!stream) return leave(CUDA_ERROR_INVALID_HANDLE);
  destroy_stream(stream);
  return leave(context->fatal);
}

CUresult cuStreamSynchronize(CUstream handle) {
  Context *context;
  Stream *stream;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  result = find_stream(context, handle, &stream);
  if (result) return leave(result);
  /* Whatever the capture's mode, a stream has nothing to wait for while it captures. */
  if (stream && is_active(stream)) {
    spoil(stream);
    return leave(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  }
  return leave(check_no_capture(context));
}

static Stream *find_capture(const Context *context, uintptr_t capture) {
  for (Stream *s = next_object(STREAM, context, NULL); s; s = next_object(STREAM, context, s)) {
    if (is_active(s) && s->capture == capture) return s;
  }
  return NULL;
}

/* A capture stays within its stream: waits that lead into or out of it are refused. */
CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned flags) {
  Context *context;
  Stream *stream;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (flags) return leave(CUDA_ERROR_INVALID_VALUE);
  result = find_stream(context, handle, &stream);
  if (result) return leave(result);
  const Event *event = find_object(EVENT, event_handle, context);
  if (!event) return leave(CUDA_ERROR_INVALID_HANDLE);
  if (stream && stream->capturing == CU_STREAM_CAPTURE_STATUS_INVALIDATED) {
    return leave(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  }
  Stream *recording = event->capture ? find_capture(context, event->capture) : NULL;
  Stream *capturing = stream && is_active(stream) ? stream : NULL;
  if (recording == capturing) return leave(CUDA_SUCCESS);
  if (recording) spoil(recording);
  if (capturing) spoil(capturing);
  return leave(CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
}

/* MARK: Capture */

CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
  Context *context;
  Stream *stream;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if ((unsigned)mode > CU_STREAM_CAPTURE_MODE_RELAXED) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!handle) return leave(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  result = find_stream(context, handle, &stream);
  if (result) return leave(result);
  if (stream->capturing != CU_STREAM_CAPTURE_STATUS_NONE) return leave(CUDA_ERROR_ILLEGAL_STATE);
  stream->capturing = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  stream->mode = mode;
  stream->capturing_thread = pthread_self();
  stream->capture = next_serial();
  return leave(CUDA_SUCCESS);
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph_handle) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!graph_handle) return leave(CUDA_ERROR_INVALID_VALUE);
  Stream *stream = find_object(STREAM, handle, context);
  if (!stream) return leave(CUDA_ERROR_INVALID_HANDLE);
  if (stream->capturing == CU_STREAM_CAPTURE_STATUS_NONE) return leave(CUDA_ERROR_ILLEGAL_STATE);
  bool same_thread = pthread_equal(stream->capturing_thread, pthread_self());
  if (stream->mode != CU_STREAM_CAPTURE_MODE_RELAXED && !same_thread) {
    return leave(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  }
  *graph_handle = NULL;
  bool spoiled = !is_active(stream);
  stream->capturing = CU_STREAM_CAPTURE_STATUS_NONE;
  if (spoiled) return leave(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  Graph *graph = make_object(GRAPH, sizeof *graph, context);
  if (!graph) {
    clear_operations(&stream->captured);
    return leave(CUDA_ERROR_OUT_OF_MEMORY);
  }
  graph->operations = stream->captured;
  stream->captured = (Operations){0};
  *graph_handle = (CUgraph)graph->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
  Context *context;
  Stream *stream;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!status) return leave(CUDA_ERROR_INVALID_VALUE);
  result = find_stream(context, handle, &stream);
  if (result) return leave(result);
  *status = stream ? stream->capturing : CU_STREAM_CAPTURE_STATUS_NONE;
  return leave(CUDA_SUCCESS);
}
