/* The fake NVRTC, and what the driver makes of its images. */

#include <string.h>

#include "selftest.h"

static int compile(const char *source, int count, const char *const *options, char *log,
    size_t capacity) {
  nvrtcProgram program;
  size_t size = 0;
  EXPECT(0, cuda.nvrtcCreateProgram(&program, source, NULL, 0, NULL, NULL));
  int result = cuda.nvrtcCompileProgram(program, count, options);
  EXPECT(0, cuda.nvrtcGetProgramLogSize(program, &size));
  CHECK(size <= capacity);
  EXPECT(0, cuda.nvrtcGetProgramLog(program, log));
  CHECK(strlen(log) + 1 == size);
  CHECK((cuda.nvrtcGetPTXSize(program, &size) == 0) == !result);
  EXPECT(0, cuda.nvrtcDestroyProgram(&program));
  EXPECT(4, cuda.nvrtcDestroyProgram(&program));
  return result;
}

static int compile_with(const char *option) {
  char log[4096];
  return compile("static_assert(A == 3, \"A\");", 1, &option, log, sizeof log);
}

static void test_options(void) {
  EXPECT(0, compile_with("-DA=3"));
  EXPECT(0, compile_with("--define-macro=A=3"));
  EXPECT(6, compile_with("-DA=4"));
  EXPECT(6, compile_with("--use_fast_math"));
  EXPECT(5, compile_with("--gpu-architecture=sm_81"));
  EXPECT(5, compile_with("--gpu-architecture=sm_8"));
  EXPECT(5, compile_with("--gpu-architecture="));
  EXPECT(5, compile_with("-O3"));
  EXPECT(5, compile_with("--std=c++11"));
  EXPECT(5, compile_with("-D"));
  EXPECT(3, compile_with(NULL));
}

static void test_logs(void) {
  char log[4096];
  const char *const options[] = {"--gpu-architecture=sm_86", "--fmad=false"};
  EXPECT(0, compile("static_assert(__CUDA_ARCH__ == 860, \"\");", 2, options, log, sizeof log));
  CHECK(!*log);
  EXPECT(6, compile("int x = ;", 2, options, log, sizeof log));
  CHECK(strstr(log, "default_program:1:9: error:"));
  /* Names that NVRTC does not know, and functions that nobody defines. */
  EXPECT(6, compile("uint32_t x;", 2, options, log, sizeof log));
  EXPECT(6, compile("#include <stdint.h>\n", 2, options, log, sizeof log));
  EXPECT(6, compile("int f(); int g() { return f(); }", 2, options, log, sizeof log));
  setenv("FAKE_NVRTC_FAIL", "1", 1);
  EXPECT(6, compile("int x;", 2, options, log, sizeof log));
  CHECK(strstr(log, "FAKE_NVRTC_FAIL"));
  setenv("FAKE_NVRTC_FAIL", "0", 1);
  EXPECT(0, compile("int x;", 2, options, log, sizeof log));
  unsetenv("FAKE_NVRTC_FAIL");
  CHECK(!strcmp(cuda.nvrtcGetErrorString(6), "NVRTC_ERROR_COMPILATION"));
}

static void test_headers(void) {
  nvrtcProgram program;
  const char *const headers[] = {"#include \"parts/number.h\"\n", "#define NUMBER 3\n"};
  const char *const names[] = {"all.h", "parts/number.h"};
  const char *const outside[] = {"../all.h", "number.h"};
  const char *source = "#include \"all.h\"\nstatic_assert(NUMBER == 3, \"\");";
  EXPECT(0, cuda.nvrtcCreateProgram(&program, source, "a/b.cu", 2, headers, names));
  EXPECT(0, cuda.nvrtcCompileProgram(program, 0, NULL));
  size_t size = 1;
  EXPECT(0, cuda.nvrtcGetCUBINSize(program, &size));
  CHECK(size == 0);
  EXPECT(0, cuda.nvrtcDestroyProgram(&program));
  EXPECT(0, cuda.nvrtcCreateProgram(&program, source, "b.cu", 2, headers, outside));
  CHECK(cuda.nvrtcCompileProgram(program, 0, NULL));
  EXPECT(0, cuda.nvrtcDestroyProgram(&program));
  EXPECT(3, cuda.nvrtcCreateProgram(&program, NULL, "b.cu", 0, NULL, NULL));
  EXPECT(3, cuda.nvrtcCreateProgram(&program, source, "b.cu", 1, NULL, NULL));
}

static CUresult load(const void *image) {
  CUmodule module = NULL;
  CUresult result = cuda.cuModuleLoadData(&module, image);
  if (!result) DONE(cuda.cuModuleUnload(module));
  return result;
}

static void test_images(void) {
  CUcontext context;
  const char *source = "struct P { int *to; };\nFCN_KERNEL(k, 32, P) { *p.to = 1; }\n";
  char *code = compiled(source, "sm_86", false), *portable = compiled(source, "sm_80", true);
  char *virtual = compiled(source, "compute_80", true);
  CHECK(code && portable && virtual);
  DONE(cuda.cuCtxCreate_v2(&context, 0, 0));
  EXPECT(CUDA_ERROR_INVALID_IMAGE, load("short"));
  EXPECT(CUDA_ERROR_INVALID_VALUE, load(NULL));
  EXPECT(CUDA_ERROR_NO_BINARY_FOR_GPU, load(code));
  DONE(load(portable));
  DONE(load(virtual));
  setenv("FAKE_CUDA_SM", "90", 1);
  EXPECT(CUDA_ERROR_NO_BINARY_FOR_GPU, load(code));
  DONE(load(portable));
  setenv("FAKE_CUDA_SM", "75", 1);
  EXPECT(CUDA_ERROR_NO_BINARY_FOR_GPU, load(portable));
  setenv("FAKE_CUDA_SM", "86", 1);
  DONE(load(code));
  code[1000] ^= 1;
  EXPECT(CUDA_ERROR_INVALID_IMAGE, load(code));
  unsetenv("FAKE_CUDA_SM");
  DONE(cuda.cuCtxDestroy_v2(context));
  free(code);
  free(portable);
  free(virtual);
}

void test_compiler(void) {
  int major = 0, minor = 0, count = 0, architectures[16];
  EXPECT(0, cuda.nvrtcVersion(&major, &minor));
  CHECK(major == 12 && minor == 4);
  EXPECT(0, cuda.nvrtcGetNumSupportedArchs(&count));
  CHECK(count == 6);
  EXPECT(0, cuda.nvrtcGetSupportedArchs(architectures));
  CHECK(architectures[0] == 70 && architectures[5] == 90);
  test_options();
  test_logs();
  test_headers();
  test_images();
  CHECK(cuda.fake_nvrtc_live_programs() == 0);
}
