/* Streams, events, captures and graphs. */

#include <string.h>

#include "selftest.h"

static CUstreamCaptureStatus status_of(CUstream stream) {
  CUstreamCaptureStatus status = -1;
  DONE(cuda.cuStreamIsCapturing(stream, &status));
  return status;
}

static void test_events(CUstream stream) {
  float milliseconds = -1;
  CUevent start, end, untimed;
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuEventCreate(&start, 8));
  DONE(cuda.cuEventCreate(&start, 0));
  DONE(cuda.cuEventCreate(&end, CU_EVENT_BLOCKING_SYNC));
  DONE(cuda.cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING));
  DONE(cuda.cuEventRecord(start, stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuEventElapsedTime(&milliseconds, start, end));
  DONE(cuda.cuEventRecord(end, stream));
  DONE(cuda.cuEventRecord(untimed, stream));
  DONE(cuda.cuEventSynchronize(end));
  DONE(cuda.cuStreamWaitEvent(stream, end, 0));
  DONE(cuda.cuEventElapsedTime(&milliseconds, start, end));
  CHECK(milliseconds >= 0 && milliseconds < 1000);
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuEventElapsedTime(&milliseconds, start, untimed));
  DONE(cuda.cuEventDestroy_v2(untimed));
  DONE(cuda.cuEventDestroy_v2(end));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuEventRecord(end, stream));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuEventDestroy_v2(end));
  DONE(cuda.cuEventDestroy_v2(start));
}

static void test_graph(CUstream stream) {
  CUdeviceptr memory = device_memory(4, "abc");
  CUgraph graph = NULL;
  CUgraphExec exec = NULL;
  CUevent event;
  char bytes[4], *pinned;
  DONE(cuda.cuMemHostAlloc((void **)&pinned, 4, 0));
  DONE(cuda.cuEventCreate(&event, 0));
  CHECK(status_of(stream) == CU_STREAM_CAPTURE_STATUS_NONE);
  EXPECT(CUDA_ERROR_ILLEGAL_STATE, cuda.cuStreamEndCapture(stream, &graph));
  DONE(cuda.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  EXPECT(CUDA_ERROR_ILLEGAL_STATE, cuda.cuStreamBeginCapture_v2(stream, 0));
  CHECK(status_of(stream) == CU_STREAM_CAPTURE_STATUS_ACTIVE);
  DONE(cuda.cuMemsetD8Async(memory, 'x', 2, stream));
  DONE(cuda.cuEventRecord(event, stream));
  DONE(cuda.cuStreamWaitEvent(stream, event, 0));
  DONE(cuda.cuMemcpyDtoHAsync_v2(pinned, memory, 4, stream));
  DONE(cuda.cuStreamEndCapture(stream, &graph));

  /* Nothing has happened yet. */
  DONE(cuda.cuMemcpyDtoH_v2(bytes, memory, 4));
  CHECK(!strcmp(bytes, "abc"));
  EXPECT(CUDA_ERROR_CAPTURED_EVENT, cuda.cuEventSynchronize(event));
  DONE(cuda.cuGraphInstantiateWithFlags(&exec, graph, 0));
  DONE(cuda.cuGraphDestroy(graph));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuGraphInstantiateWithFlags(&exec, graph, 0));
  DONE(cuda.cuGraphLaunch(exec, stream));
  DONE(cuda.cuStreamSynchronize(stream));
  DONE(cuda.cuEventSynchronize(event));
  CHECK(!strcmp(pinned, "xxc"));

  /* A graph within a graph. */
  DONE(cuda.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  DONE(cuda.cuMemsetD8Async(memory, 'y', 3, stream));
  DONE(cuda.cuGraphLaunch(exec, stream));
  DONE(cuda.cuStreamEndCapture(stream, &graph));
  DONE(cuda.cuGraphExecDestroy(exec));
  DONE(cuda.cuGraphInstantiateWithFlags(&exec, graph, 0));
  DONE(cuda.cuGraphDestroy(graph));
  DONE(cuda.cuGraphLaunch(exec, stream));
  CHECK(!strcmp(pinned, "xxy"));

  DONE(cuda.cuGraphExecDestroy(exec));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuGraphLaunch(exec, stream));
  DONE(cuda.cuEventDestroy_v2(event));
  DONE(cuda.cuMemFreeHost(pinned));
  DONE(cuda.cuMemFree_v2(memory));
}

static void end_spoiled(CUstream stream) {
  CUgraph graph = (CUgraph)1;
  CHECK(status_of(stream) == CU_STREAM_CAPTURE_STATUS_INVALIDATED);
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuda.cuStreamEndCapture(stream, &graph));
  CHECK(!graph);
  CHECK(status_of(stream) == CU_STREAM_CAPTURE_STATUS_NONE);
}

static void test_what_captures_forbid(CUstream stream) {
  CUdeviceptr memory = device_memory(4, NULL), other;
  CUstream second;
  CUevent event;
  CUresult unsupported = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  DONE(cuda.cuStreamCreate(&second, 0));
  DONE(cuda.cuEventCreate(&event, 0));
  EXPECT(unsupported, cuda.cuStreamBeginCapture_v2(NULL, 0));

  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuMemAlloc_v2(&other, 4));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuda.cuMemsetD8Async(memory, 0, 1, stream));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuStreamSynchronize(stream));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuStreamSynchronize(second));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuCtxSynchronize());
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuMemcpyHtoD_v2(memory, "abc", 4));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(unsupported, cuda.cuMemFree_v2(memory));
  end_spoiled(stream);

  /* Dependencies on what is outside, and of what is outside. */
  DONE(cuda.cuEventRecord(event, second));
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuda.cuStreamWaitEvent(stream, event, 0));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(stream, 0));
  DONE(cuda.cuEventRecord(event, stream));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuda.cuStreamWaitEvent(second, event, 0));
  end_spoiled(stream);
  DONE(cuda.cuStreamBeginCapture_v2(second, 0));
  EXPECT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, cuda.cuMemsetD8Async(memory, 0, 1, NULL));
  end_spoiled(second);

  /* A relaxed capture lets others allocate. */
  CUgraph graph;
  DONE(cuda.cuStreamBeginCapture_v2(stream, CU_STREAM_CAPTURE_MODE_RELAXED));
  DONE(cuda.cuMemAlloc_v2(&other, 4));
  DONE(cuda.cuMemFree_v2(other));
  DONE(cuda.cuStreamEndCapture(stream, &graph));
  DONE(cuda.cuGraphDestroy(graph));

  /* A stream may go while it captures. */
  DONE(cuda.cuStreamBeginCapture_v2(second, 0));
  DONE(cuda.cuMemsetD8Async(memory, 0, 1, second));
  DONE(cuda.cuStreamDestroy_v2(second));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuStreamSynchronize(second));
  DONE(cuda.cuEventDestroy_v2(event));
  DONE(cuda.cuMemFree_v2(memory));
}

/* What a graph reads must be there when it is launched. */
static void test_stale_graph(void) {
  Setting setting = set_up();
  CUgraph graph;
  CUgraphExec exec;
  CUdeviceptr memory = device_memory(4, NULL);
  DONE(cuda.cuStreamBeginCapture_v2(setting.stream, 0));
  DONE(cuda.cuMemsetD8Async(memory, 0, 4, setting.stream));
  DONE(cuda.cuStreamEndCapture(setting.stream, &graph));
  DONE(cuda.cuGraphInstantiateWithFlags(&exec, graph, 0));
  DONE(cuda.cuMemFree_v2(memory));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuGraphLaunch(exec, setting.stream));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuStreamSynchronize(setting.stream));
  DONE(cuda.cuCtxDestroy_v2(setting.context));
  CHECK(cuda.fake_cuda_live_objects() == 0);
}

void test_streams(void) {
  Setting setting = set_up();
  CUstream stream;
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuStreamCreate(&stream, 2));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuStreamSynchronize((CUstream)2));
  DONE(cuda.cuStreamSynchronize(NULL));
  test_events(setting.stream);
  test_graph(setting.stream);
  test_what_captures_forbid(setting.stream);
  tear_down(&setting);
  test_stale_graph();
}
