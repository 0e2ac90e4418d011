/* The self-test's parts share the functions of both libraries, found as the engine finds them. */

#ifndef FAKE_CUDA_SELFTEST_H
#define FAKE_CUDA_SELFTEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "cuda_api.h"

/* MARK: The functions */

#define DRIVER_FUNCTIONS(f)                                                                       \
  f(cuInit) f(cuDriverGetVersion) f(cuGetErrorName) f(cuGetErrorString) f(cuDeviceGetCount)       \
  f(cuDeviceGet) f(cuDeviceGetName) f(cuDeviceGetAttribute) f(cuDeviceTotalMem_v2)                \
  f(cuDeviceGetPCIBusId) f(cuCtxCreate_v2) f(cuCtxDestroy_v2) f(cuCtxPushCurrent_v2)              \
  f(cuCtxPopCurrent_v2) f(cuCtxGetCurrent) f(cuCtxSetCurrent) f(cuCtxSynchronize)                 \
  f(cuMemGetInfo_v2) f(cuMemAlloc_v2) f(cuMemFree_v2) f(cuMemHostAlloc) f(cuMemFreeHost)          \
  f(cuMemcpyHtoD_v2) f(cuMemcpyDtoH_v2) f(cuMemcpyHtoDAsync_v2) f(cuMemcpyDtoHAsync_v2)           \
  f(cuMemcpyDtoDAsync_v2) f(cuMemsetD8Async) f(cuMemsetD32Async) f(cuStreamCreate)                \
  f(cuStreamDestroy_v2) f(cuStreamSynchronize) f(cuStreamWaitEvent) f(cuStreamBeginCapture_v2)    \
  f(cuStreamEndCapture) f(cuStreamIsCapturing) f(cuGraphInstantiateWithFlags) f(cuGraphLaunch)    \
  f(cuGraphDestroy) f(cuGraphExecDestroy) f(cuModuleLoadData) f(cuModuleUnload)                   \
  f(cuModuleGetFunction) f(cuFuncSetAttribute) f(cuFuncGetAttribute) f(cuLaunchKernel)            \
  f(cuEventCreate) f(cuEventRecord) f(cuEventSynchronize) f(cuEventElapsedTime)                   \
  f(cuEventDestroy_v2) f(fake_cuda_fail) f(fake_cuda_live_objects) f(fake_cuda_allocated_bytes)   \
  f(fake_cuda_call_count) f(fake_cuda_reset_counts)

typedef struct fake_program *nvrtcProgram;

#define NVRTC_FUNCTIONS(f)                                                                        \
  f(int, nvrtcVersion, (int *major, int *minor))                                                  \
  f(const char *, nvrtcGetErrorString, (int result))                                              \
  f(int, nvrtcGetNumSupportedArchs, (int *count))                                                 \
  f(int, nvrtcGetSupportedArchs, (int *architectures))                                            \
  f(int, nvrtcCreateProgram, (nvrtcProgram *program, const char *source, const char *name,        \
      int count, const char *const *headers, const char *const *names))                           \
  f(int, nvrtcDestroyProgram, (nvrtcProgram *program))                                            \
  f(int, nvrtcCompileProgram, (nvrtcProgram program, int count, const char *const *options))      \
  f(int, nvrtcGetProgramLogSize, (nvrtcProgram program, size_t *size))                            \
  f(int, nvrtcGetProgramLog, (nvrtcProgram program, char *log))                                   \
  f(int, nvrtcGetCUBINSize, (nvrtcProgram program, size_t *size))                                 \
  f(int, nvrtcGetCUBIN, (nvrtcProgram program, char *code))                                       \
  f(int, nvrtcGetPTXSize, (nvrtcProgram program, size_t *size))                                   \
  f(int, nvrtcGetPTX, (nvrtcProgram program, char *code))                                         \
  f(size_t, fake_nvrtc_live_programs, (void))

typedef struct {
#define MEMBER(name) __typeof__(&name) name;
  DRIVER_FUNCTIONS(MEMBER)
#undef MEMBER
#define MEMBER(Result, name, parameters) Result(*name) parameters;
  NVRTC_FUNCTIONS(MEMBER)
#undef MEMBER
} Functions;

extern Functions cuda;

/* MARK: Checks */

#define CHECK(condition)                                                                          \
  do {                                                                                            \
    if (!(condition)) report(__FILE__, __LINE__, #condition);                                     \
  } while (0)

/* That a call has this result. */
#define EXPECT(wanted, call)                                                                      \
  do {                                                                                            \
    int got_ = (call);                                                                            \
    if (got_ != (wanted)) report_result(__FILE__, __LINE__, #call, got_, wanted);                 \
  } while (0)

#define DONE(call) EXPECT(CUDA_SUCCESS, call)

void report(const char *file, int line, const char *condition);
void report_result(const char *file, int line, const char *call, int got, int wanted);

/* MARK: Parts */

extern const char kernels[];

/* What every part begins with: a context, a stream and the kernels. */
typedef struct {
  CUcontext context;
  CUstream stream;
  CUmodule module;
} Setting;

Setting set_up(void);
/* Nothing may be alive afterwards. */
void tear_down(Setting *setting);

CUfunction function_of(const Setting *setting, const char *name);
CUdeviceptr device_memory(size_t bytes, const void *contents);
CUresult launch(CUfunction function, unsigned blocks, unsigned threads, unsigned shared_bytes,
    CUstream stream, const void *parameters);
/* The image of a program, to be freed; null where it does not compile. */
void *compiled(const char *source, const char *architecture, bool as_ptx);

void test_driver(void);
void test_memory(void);
void test_streams(void);
void test_failures(void);
void test_compiler(void);
void test_kernels(void);
void test_threads(void);
void test_crashes(void);

#endif
