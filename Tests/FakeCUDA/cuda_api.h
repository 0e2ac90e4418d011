/* As much of the driver's binary interface as the fake driver has. */

#ifndef FAKE_CUDA_API_H
#define FAKE_CUDA_API_H

#include <stddef.h>

#define FAKE_CUDA_EXPORTED __attribute__((visibility("default")))

typedef int CUresult;

enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_DEINITIALIZED = 4,
  CUDA_ERROR_DEVICE_UNAVAILABLE = 46,
  CUDA_ERROR_NO_DEVICE = 100,
  CUDA_ERROR_INVALID_DEVICE = 101,
  CUDA_ERROR_INVALID_IMAGE = 200,
  CUDA_ERROR_INVALID_CONTEXT = 201,
  CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
  CUDA_ERROR_ECC_UNCORRECTABLE = 214,
  CUDA_ERROR_INVALID_PTX = 218,
  CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222,
  CUDA_ERROR_OPERATING_SYSTEM = 304,
  CUDA_ERROR_INVALID_HANDLE = 400,
  CUDA_ERROR_ILLEGAL_STATE = 401,
  CUDA_ERROR_NOT_FOUND = 500,
  CUDA_ERROR_NOT_READY = 600,
  CUDA_ERROR_ILLEGAL_ADDRESS = 700,
  CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES = 701,
  CUDA_ERROR_LAUNCH_TIMEOUT = 702,
  CUDA_ERROR_CONTEXT_IS_DESTROYED = 709,
  CUDA_ERROR_ASSERT = 710,
  CUDA_ERROR_ILLEGAL_INSTRUCTION = 715,
  CUDA_ERROR_MISALIGNED_ADDRESS = 716,
  CUDA_ERROR_INVALID_ADDRESS_SPACE = 717,
  CUDA_ERROR_INVALID_PC = 718,
  CUDA_ERROR_LAUNCH_FAILED = 719,
  CUDA_ERROR_NOT_PERMITTED = 800,
  CUDA_ERROR_NOT_SUPPORTED = 801,
  CUDA_ERROR_SYSTEM_NOT_READY = 802,
  CUDA_ERROR_SYSTEM_DRIVER_MISMATCH = 803,
  CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED = 900,
  CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901,
  CUDA_ERROR_STREAM_CAPTURE_ISOLATION = 905,
  CUDA_ERROR_STREAM_CAPTURE_IMPLICIT = 906,
  CUDA_ERROR_CAPTURED_EVENT = 907,
  CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD = 908,
  CUDA_ERROR_UNKNOWN = 999
};

/* Contexts, streams and the like are numbers in pointers' clothes: nobody may look behind them. */
typedef struct fake_context *CUcontext;
typedef struct fake_stream *CUstream;
typedef struct fake_event *CUevent;
typedef struct fake_module *CUmodule;
typedef struct fake_function *CUfunction;
typedef struct fake_graph *CUgraph;
typedef struct fake_graph_exec *CUgraphExec;

typedef int CUdevice;
typedef unsigned long long CUdeviceptr;

enum {
  CU_CTX_SCHED_MASK = 0x07,
  CU_CTX_MAP_HOST = 0x08,
  CU_CTX_LMEM_RESIZE_TO_MAX = 0x10
};

enum {
  CU_MEMHOSTALLOC_PORTABLE = 1,
  CU_MEMHOSTALLOC_DEVICEMAP = 2,
  CU_MEMHOSTALLOC_WRITECOMBINED = 4
};

enum { CU_STREAM_NON_BLOCKING = 1 };

enum { CU_EVENT_BLOCKING_SYNC = 1, CU_EVENT_DISABLE_TIMING = 2 };

typedef enum {
  CU_STREAM_CAPTURE_MODE_GLOBAL = 0,
  CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1,
  CU_STREAM_CAPTURE_MODE_RELAXED = 2
} CUstreamCaptureMode;

typedef enum {
  CU_STREAM_CAPTURE_STATUS_NONE = 0,
  CU_STREAM_CAPTURE_STATUS_ACTIVE = 1,
  CU_STREAM_CAPTURE_STATUS_INVALIDATED = 2
} CUstreamCaptureStatus;

enum {
  CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH = 1,
  CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY = 8
};

typedef enum {
  CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0,
  CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES = 1,
  CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES = 2,
  CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES = 3,
  CU_FUNC_ATTRIBUTE_NUM_REGS = 4,
  CU_FUNC_ATTRIBUTE_PTX_VERSION = 5,
  CU_FUNC_ATTRIBUTE_BINARY_VERSION = 6,
  CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8,
  CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT = 9
} CUfunction_attribute;

typedef enum {
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
  CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
  CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY = 9,
  CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK = 12,
  CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
  CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
  CU_DEVICE_ATTRIBUTE_INTEGRATED = 18,
  CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY = 19,
  CU_DEVICE_ATTRIBUTE_COMPUTE_MODE = 20,
  CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS = 31,
  CU_DEVICE_ATTRIBUTE_ECC_ENABLED = 32,
  CU_DEVICE_ATTRIBUTE_PCI_BUS_ID = 33,
  CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID = 34,
  CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE = 36,
  CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH = 37,
  CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
  CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
  CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT = 40,
  CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
  CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID = 50,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
  CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED = 78,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
  CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR = 82,
  CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY = 83,
  CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97
} CUdevice_attribute;

FAKE_CUDA_EXPORTED CUresult cuInit(unsigned flags);
FAKE_CUDA_EXPORTED CUresult cuDriverGetVersion(int *version);
/* There is no table. NVIDIA's NVRTC asks the driver that is loaded, for a cache of its own. */
FAKE_CUDA_EXPORTED CUresult cuGetExportTable(const void **table, const void *name);
FAKE_CUDA_EXPORTED CUresult cuGetErrorName(CUresult error, const char **name);
FAKE_CUDA_EXPORTED CUresult cuGetErrorString(CUresult error, const char **text);

FAKE_CUDA_EXPORTED CUresult cuDeviceGetCount(int *count);
FAKE_CUDA_EXPORTED CUresult cuDeviceGet(CUdevice *device, int ordinal);
FAKE_CUDA_EXPORTED CUresult cuDeviceGetName(char *name, int length, CUdevice device);
FAKE_CUDA_EXPORTED CUresult cuDeviceGetAttribute(
    int *value, CUdevice_attribute attribute, CUdevice device);
FAKE_CUDA_EXPORTED CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device);
FAKE_CUDA_EXPORTED CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device);

FAKE_CUDA_EXPORTED CUresult cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device);
FAKE_CUDA_EXPORTED CUresult cuCtxDestroy_v2(CUcontext context);
FAKE_CUDA_EXPORTED CUresult cuCtxPushCurrent_v2(CUcontext context);
FAKE_CUDA_EXPORTED CUresult cuCtxPopCurrent_v2(CUcontext *context);
FAKE_CUDA_EXPORTED CUresult cuCtxGetCurrent(CUcontext *context);
FAKE_CUDA_EXPORTED CUresult cuCtxSetCurrent(CUcontext context);
FAKE_CUDA_EXPORTED CUresult cuCtxSynchronize(void);

FAKE_CUDA_EXPORTED CUresult cuMemGetInfo_v2(size_t *unused, size_t *total);
FAKE_CUDA_EXPORTED CUresult cuMemAlloc_v2(CUdeviceptr *memory, size_t bytes);
FAKE_CUDA_EXPORTED CUresult cuMemFree_v2(CUdeviceptr memory);
FAKE_CUDA_EXPORTED CUresult cuMemHostAlloc(void **memory, size_t bytes, unsigned flags);
FAKE_CUDA_EXPORTED CUresult cuMemFreeHost(void *memory);
FAKE_CUDA_EXPORTED CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes);
FAKE_CUDA_EXPORTED CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes);
FAKE_CUDA_EXPORTED CUresult cuMemcpyHtoDAsync_v2(
    CUdeviceptr to, const void *from, size_t bytes, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuMemcpyDtoHAsync_v2(
    void *to, CUdeviceptr from, size_t bytes, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuMemcpyDtoDAsync_v2(
    CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuMemsetD8Async(
    CUdeviceptr to, unsigned char value, size_t count, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuMemsetD32Async(
    CUdeviceptr to, unsigned value, size_t count, CUstream stream);

FAKE_CUDA_EXPORTED CUresult cuStreamCreate(CUstream *stream, unsigned flags);
FAKE_CUDA_EXPORTED CUresult cuStreamDestroy_v2(CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuStreamSynchronize(CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags);
FAKE_CUDA_EXPORTED CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode);
FAKE_CUDA_EXPORTED CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph);
FAKE_CUDA_EXPORTED CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus *status);

FAKE_CUDA_EXPORTED CUresult cuEventCreate(CUevent *event, unsigned flags);
FAKE_CUDA_EXPORTED CUresult cuEventRecord(CUevent event, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuEventSynchronize(CUevent event);
FAKE_CUDA_EXPORTED CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end);
FAKE_CUDA_EXPORTED CUresult cuEventDestroy_v2(CUevent event);

FAKE_CUDA_EXPORTED CUresult cuGraphInstantiateWithFlags(
    CUgraphExec *exec, CUgraph graph, unsigned long long flags);
FAKE_CUDA_EXPORTED CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream);
FAKE_CUDA_EXPORTED CUresult cuGraphDestroy(CUgraph graph);
FAKE_CUDA_EXPORTED CUresult cuGraphExecDestroy(CUgraphExec exec);

FAKE_CUDA_EXPORTED CUresult cuModuleLoadData(CUmodule *module, const void *image);
FAKE_CUDA_EXPORTED CUresult cuModuleUnload(CUmodule module);
FAKE_CUDA_EXPORTED CUresult cuModuleGetFunction(
    CUfunction *function, CUmodule module, const char *name);
FAKE_CUDA_EXPORTED CUresult cuFuncSetAttribute(
    CUfunction function, CUfunction_attribute attribute, int value);
FAKE_CUDA_EXPORTED CUresult cuFuncGetAttribute(
    int *value, CUfunction_attribute attribute, CUfunction function);
FAKE_CUDA_EXPORTED CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
    unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
    CUstream stream, void **parameters, void **extra);

/* What the other fake libraries do on the device. */

/* Has `run` called with a copy of `bytes` bytes from `parameters`, in the stream's order, or has it
   recorded. The current context must be the stream's. */
FAKE_CUDA_EXPORTED CUresult fake_cuda_enqueue(
    CUstream stream, void (*run)(const void *parameters), const void *parameters, size_t bytes);
/* Whether this range lies in one allocation of device memory. */
FAKE_CUDA_EXPORTED int fake_cuda_holds(CUdeviceptr start, size_t bytes);

/* What tests steer the driver with. */

/* Of the calls of this function that follow, the nth returns `result` and does nothing. Each
   function has one such order at most; a null name clears all. */
FAKE_CUDA_EXPORTED void fake_cuda_fail(const char *call, int nth, int result);
/* Contexts, allocations, pinned blocks, streams, events, modules, graphs and executable graphs. */
FAKE_CUDA_EXPORTED size_t fake_cuda_live_objects(void);
/* Of device memory, as asked for. */
FAKE_CUDA_EXPORTED size_t fake_cuda_allocated_bytes(void);
FAKE_CUDA_EXPORTED unsigned long fake_cuda_call_count(const char *call);
FAKE_CUDA_EXPORTED void fake_cuda_reset_counts(void);

#endif
