/* Tests the fake CUDA driver and the fake NVRTC that lie in a folder: selftest FOLDER */

#include "selftest.h"

#include <dlfcn.h>
#include <string.h>

Functions cuda;

static int failures;

void report(const char *file, int line, const char *condition) {
  fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
  __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

void report_result(const char *file, int line, const char *call, int got, int wanted) {
  fprintf(stderr, "%s:%d: %d rather than %d: %s\n", file, line, got, wanted, call);
  __atomic_add_fetch(&failures, 1, __ATOMIC_RELAXED);
}

/* MARK: Loading */

static void *open_library(const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library) return library;
  fprintf(stderr, "%s\n", dlerror());
  exit(1);
}

static void *find(void *library, const char *name) {
  void *function = dlsym(library, name);
  if (!function) report(__FILE__, __LINE__, name);
  return function;
}

static void load(const char *folder) {
  void *driver = open_library(folder, "libcuda.so.1");
  void *nvrtc = open_library(folder, "libnvrtc.so.12");
#define FIND(name) cuda.name = (__typeof__(cuda.name))find(driver, #name);
  DRIVER_FUNCTIONS(FIND)
#undef FIND
#define FIND(Result, name, parameters) cuda.name = (__typeof__(cuda.name))find(nvrtc, #name);
  NVRTC_FUNCTIONS(FIND)
#undef FIND
  if (failures) exit(1);
}

/* MARK: What the parts share */

void *compiled(const char *source, const char *architecture, bool as_ptx) {
  nvrtcProgram program;
  size_t size = 0;
  const char *const headers[] = {"#error \"the fake has its own\"\n"}, *const names[] = {"ptx.cuh"};
  char option[64];
  snprintf(option, sizeof option, "--gpu-architecture=%s", architecture);
  const char *const options[] = {option, "--std=c++17", "-DTHREADS=64", "--fmad=true"};
  EXPECT(0, cuda.nvrtcCreateProgram(&program, source, "selftest.cu", 1, headers, names));
  char *image = NULL;
  int result = cuda.nvrtcCompileProgram(program, 4, options);
  if (result) {
    char log[65536] = "";
    EXPECT(0, cuda.nvrtcGetProgramLogSize(program, &size));
    if (size <= sizeof log) EXPECT(0, cuda.nvrtcGetProgramLog(program, log));
    fprintf(stderr, "%s\n%s", cuda.nvrtcGetErrorString(result), log);
  } else if (as_ptx) {
    EXPECT(0, cuda.nvrtcGetPTXSize(program, &size));
    image = malloc(size);
    EXPECT(0, cuda.nvrtcGetPTX(program, image));
  } else {
    EXPECT(0, cuda.nvrtcGetCUBINSize(program, &size));
    image = malloc(size);
    EXPECT(0, cuda.nvrtcGetCUBIN(program, image));
  }
  EXPECT(0, cuda.nvrtcDestroyProgram(&program));
  CHECK(!program);
  return image;
}

Setting set_up(void) {
  Setting setting = {0};
  void *image = compiled(kernels, "sm_80", false);
  if (!image) exit(1);
  DONE(cuda.cuCtxCreate_v2(&setting.context, 0, 0));
  DONE(cuda.cuStreamCreate(&setting.stream, CU_STREAM_NON_BLOCKING));
  DONE(cuda.cuModuleLoadData(&setting.module, image));
  free(image);
  return setting;
}

void tear_down(Setting *setting) {
  DONE(cuda.cuModuleUnload(setting->module));
  DONE(cuda.cuStreamDestroy_v2(setting->stream));
  CHECK(cuda.fake_cuda_live_objects() == 1);
  DONE(cuda.cuCtxDestroy_v2(setting->context));
  CHECK(cuda.fake_cuda_live_objects() == 0);
  CHECK(cuda.fake_cuda_allocated_bytes() == 0);
}

CUfunction function_of(const Setting *setting, const char *name) {
  CUfunction function = NULL;
  DONE(cuda.cuModuleGetFunction(&function, setting->module, name));
  return function;
}

CUdeviceptr device_memory(size_t bytes, const void *contents) {
  CUdeviceptr memory = 0;
  DONE(cuda.cuMemAlloc_v2(&memory, bytes));
  if (contents) DONE(cuda.cuMemcpyHtoD_v2(memory, contents, bytes));
  return memory;
}

CUresult launch(CUfunction function, unsigned blocks, unsigned threads, unsigned shared_bytes,
    CUstream stream, const void *parameters) {
  void *list[] = {(void *)(size_t)parameters};
  return cuda.cuLaunchKernel(
      function, blocks, 1, 1, threads, 1, 1, shared_bytes, stream, list, NULL);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", arguments[0]);
    return 2;
  }
  load(arguments[1]);
  test_driver();
  test_compiler();
  test_memory();
  test_streams();
  test_failures();
  test_kernels();
  test_threads();
  test_crashes();
  CHECK(cuda.fake_cuda_live_objects() == 0);
  CHECK(cuda.fake_nvrtc_live_programs() == 0);
  if (failures) {
    fprintf(stderr, "%d failures\n", failures);
    return 1;
  }
  printf("The fake CUDA driver and the fake NVRTC pass.\n");
  return 0;
}
