/* Kernels and what they compute. */

#include <math.h>
#include <string.h>

#include "selftest.h"

/* As the kernels have it. */
typedef struct {
  CUdeviceptr input, output;
  long count;
} Buffers;

enum { THREADS = 64, FLOATS = 4096 };

static float input[FLOATS], output[FLOATS];

/* Runs it twice, straight and by way of a graph whose parameters are gone when it is launched, and
   fetches `output`; both must give the same. */
static void run(const Setting *setting, const char *name, unsigned blocks, unsigned threads,
    unsigned shared_bytes, long count) {
  CUgraph graph;
  CUgraphExec exec;
  CUfunction function = function_of(setting, name);
  static float again[FLOATS];
  Buffers buffers = {0};
  buffers.input = device_memory(sizeof input, input);
  buffers.output = device_memory(sizeof output, NULL);
  buffers.count = count;
  DONE(cuda.cuMemsetD8Async(buffers.output, 0, sizeof output, setting->stream));
  DONE(launch(function, blocks, threads, shared_bytes, setting->stream, &buffers));
  DONE(cuda.cuStreamSynchronize(setting->stream));
  DONE(cuda.cuMemcpyDtoH_v2(output, buffers.output, sizeof output));

  Buffers captured = buffers;
  DONE(cuda.cuStreamBeginCapture_v2(setting->stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  DONE(cuda.cuMemsetD8Async(buffers.output, 0, sizeof output, setting->stream));
  DONE(launch(function, blocks, threads, shared_bytes, setting->stream, &captured));
  DONE(cuda.cuStreamEndCapture(setting->stream, &graph));
  memset(&captured, 0xAA, sizeof captured);
  DONE(cuda.cuGraphInstantiateWithFlags(&exec, graph, 0));
  DONE(cuda.cuGraphDestroy(graph));
  DONE(cuda.cuGraphLaunch(exec, setting->stream));
  DONE(cuda.cuGraphLaunch(exec, setting->stream));
  DONE(cuda.cuStreamSynchronize(setting->stream));
  DONE(cuda.cuMemcpyDtoH_v2(again, buffers.output, sizeof again));
  DONE(cuda.cuGraphExecDestroy(exec));
  CHECK(!memcmp(again, output, sizeof again));
  DONE(cuda.cuMemFree_v2(buffers.input));
  DONE(cuda.cuMemFree_v2(buffers.output));
}

static void test_sums(const Setting *setting) {
  for (int i = 0; i < FLOATS; i++) input[i] = (float)(i % 17);
  run(setting, "block_sum", 5, THREADS, 0, 300);
  for (int block = 0; block < 5; block++) {
    float sum = 0;
    for (int i = block * THREADS; i < (block + 1) * THREADS && i < 300; i++) sum += input[i];
    CHECK(output[block] == sum);
  }
  CHECK(output[5] == 0);
}

static void test_turns(const Setting *setting) {
  run(setting, "turns", 2, THREADS, 0, 0);
  for (int i = 0; i < THREADS; i++) {
    /* Of each block the third and the fourth turn. */
    CHECK(output[i] == i);
    CHECK(output[THREADS + i] == THREADS - 1 - i);
    CHECK(output[2 * THREADS + i] == THREADS - 1 - i);
    CHECK(output[3 * THREADS + i] == i);
  }
}

static void test_warp(const Setting *setting) {
  run(setting, "warp", 1, 32, 0, 0);
  for (int lane = 0; lane < 32; lane++) {
    const float *of_lane = output + lane * 10;
    CHECK(of_lane[0] == 3);
    CHECK(of_lane[1] == lane / 8 * 8 + (lane + 1) % 8);
    CHECK(of_lane[2] == (lane ^ 3));
    CHECK(of_lane[3] == (lane + 4 < 32 ? lane + 4 : lane));
    CHECK(of_lane[4] == (lane % 16 >= 4 ? lane - 4 : lane));
    CHECK(of_lane[5] == 11);
    CHECK(of_lane[6] == 1 && of_lane[7] == 0);
    CHECK(of_lane[8] == 16);
  }
}

/* Numbers that every type holds: the products are exact. */
static void test_matrices(const Setting *setting) {
  static const char *const names[] = {"multiply_half", "multiply_bfloat", "multiply_float"};
  for (int i = 0; i < 512; i++) input[i] = (float)(i * 7 % 23 - 11) / 8;
  const float *left = input, *right = input + 256;
  for (int type = 0; type < 3; type++) {
    run(setting, names[type], 1, 32, 0, 0);
    for (int m = 0; m < 16; m++) {
      for (int n = 0; n < 16; n++) {
        float straight = 0, flipped = 0;
        for (int k = 0; k < 16; k++) {
          straight += left[m * 16 + k] * right[n * 16 + k];
          flipped += right[k * 16 + m] * left[k * 16 + n];
        }
        CHECK(output[m * 16 + n] == straight);
        CHECK(output[256 + m * 16 + n] == flipped);
      }
    }
  }
  /* Ten bits after the point, ties away from zero. */
  memset(input, 0, sizeof input);
  input[0] = 1 + 0x1p-11f;
  input[16] = 1 + 0x1p-12f;
  input[32] = -1 - 0x1p-11f;
  input[256] = 1;
  run(setting, "multiply_float", 1, 32, 0, 0);
  CHECK(output[0] == 1 + 0x1p-10f && output[16] == 1 && output[32] == -1 - 0x1p-10f);
}

static void test_copies(const Setting *setting) {
  for (int i = 0; i < FLOATS; i++) input[i] = (float)(i + 1);
  long count = 6 * THREADS;
  run(setting, "copies", 2, THREADS, 2 * THREADS * 16, count);
  for (int i = 0; i < 2 * THREADS * 4; i++) {
    int block = i / (THREADS * 4), group = i / 4 % THREADS;
    int source = (block * THREADS + THREADS - 1 - group) * 4 + i % 4;
    CHECK(output[i] == (source / 4 * 4 < count ? input[source] : 0));
  }
}

static void test_rounding(const Setting *setting) {
  run(setting, "rounding", 1, 32, 0, 0);
  CHECK(output[0] == 0 && output[1] == 0);
  CHECK(output[2] == 0x7C00 && output[3] == 0xFC00 && output[4] == 1 && output[5] == 0);
}

static void test_shapes(const Setting *setting) {
  Buffers buffers = {.count = 3};
  void *list[] = {&buffers};
  CUfunction function = function_of(setting, "everywhere"), other;
  CUstream stream = setting->stream;
  buffers.output = device_memory(sizeof output, NULL);
  DONE(cuda.cuLaunchKernel(function, 2, 3, 4, 5, 3, 2, 0, stream, list, NULL));
  DONE(cuda.cuMemcpyDtoH_v2(output, buffers.output, sizeof output));
  for (int i = 0; i < 720; i++) CHECK(output[i] == 3);
  CHECK(isnan(output[720]));

  CUresult invalid = CUDA_ERROR_INVALID_VALUE;
  EXPECT(invalid, launch(function, 0, 1, 0, stream, &buffers));
  EXPECT(invalid, launch(function, 1, 0, 0, stream, &buffers));
  EXPECT(invalid, launch(function, 1, THREADS + 1, 0, stream, &buffers));
  EXPECT(invalid, cuda.cuLaunchKernel(function, 1, 65536, 1, 1, 1, 1, 0, stream, list, NULL));
  EXPECT(invalid, cuda.cuLaunchKernel(function, 1, 1, 65536, 1, 1, 1, 0, stream, list, NULL));
  EXPECT(invalid, cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, NULL, NULL));
  EXPECT(invalid, cuda.cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, list, list));

  int value = 0, most = CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
  DONE(launch(function, 1, 1, 48 * 1024, stream, &buffers));
  EXPECT(invalid, launch(function, 1, 1, 48 * 1024 + 1, stream, &buffers));
  EXPECT(invalid, cuda.cuFuncSetAttribute(function, most, 99 * 1024 + 1));
  DONE(cuda.cuFuncSetAttribute(function, most, 99 * 1024));
  DONE(cuda.cuFuncGetAttribute(&value, most, function));
  CHECK(value == 99 * 1024);
  DONE(launch(function, 1, 1, 99 * 1024, stream, &buffers));
  DONE(cuda.cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, function));
  CHECK(value == THREADS);
  EXPECT(invalid, cuda.cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_NUM_REGS, 1));

  EXPECT(CUDA_ERROR_NOT_FOUND, cuda.cuModuleGetFunction(&other, setting->module, "printf"));
  DONE(cuda.cuModuleGetFunction(&other, setting->module, "everywhere"));
  CHECK(other == function);
  EXPECT(CUDA_ERROR_INVALID_HANDLE, launch((CUfunction)stream, 1, 1, 0, stream, &buffers));
  DONE(cuda.cuMemFree_v2(buffers.output));
}

void test_kernels(void) {
  Setting setting = set_up();
  test_sums(&setting);
  test_turns(&setting);
  test_warp(&setting);
  test_matrices(&setting);
  test_copies(&setting);
  test_rounding(&setting);
  test_shapes(&setting);
  tear_down(&setting);
}
