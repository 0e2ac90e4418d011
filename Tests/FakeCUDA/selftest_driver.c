/* Devices, contexts, and failures on demand. */

#include <pthread.h>
#include <string.h>

#include "selftest.h"

static int attribute(CUdevice_attribute which) {
  int value = -1;
  DONE(cuda.cuDeviceGetAttribute(&value, which, 0));
  return value;
}

static void test_devices(void) {
  int number = 0;
  char text[64];
  size_t bytes = 0;
  CUdevice device = -1;
  setenv("FAKE_CUDA_DEVICES", "2", 1);
  DONE(cuda.cuDeviceGetCount(&number));
  CHECK(number == 2);
  DONE(cuda.cuDeviceGet(&device, 1));
  EXPECT(CUDA_ERROR_INVALID_DEVICE, cuda.cuDeviceGet(&device, 2));
  DONE(cuda.cuDeviceGetName(text, sizeof text, device));
  CHECK(!strcmp(text, "Fake CUDA device 1"));
  DONE(cuda.cuDeviceGetPCIBusId(text, sizeof text, device));
  CHECK(!strcmp(text, "0000:02:00.0"));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuDeviceGetPCIBusId(text, 12, device));
  DONE(cuda.cuDeviceTotalMem_v2(&bytes, device));
  CHECK(bytes == (size_t)1 << 32);
  CHECK(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) == 8);
  CHECK(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) == 99 * 1024);
  setenv("FAKE_CUDA_SM", "75", 1);
  CHECK(attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR) == 5);
  CHECK(attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) == 64 * 1024);
  unsetenv("FAKE_CUDA_SM");
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuDeviceGetAttribute(&number, 9999, 0));
  EXPECT(CUDA_ERROR_INVALID_DEVICE, cuda.cuDeviceGetAttribute(&number, 75, -1));
}

static void test_names(void) {
  const char *text = NULL;
  DONE(cuda.cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &text));
  CHECK(text && !strcmp(text, "CUDA_ERROR_ILLEGAL_ADDRESS"));
  DONE(cuda.cuGetErrorString(CUDA_ERROR_OUT_OF_MEMORY, &text));
  CHECK(text && !strcmp(text, "out of memory"));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuGetErrorString(12345, &text));
}

static void *look_from_another_thread(void *current) {
  DONE(cuda.cuCtxGetCurrent(current));
  return NULL;
}

static void test_contexts(void) {
  CUcontext first, second, current = NULL;
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuda.cuCtxSynchronize());
  EXPECT(CUDA_ERROR_INVALID_DEVICE, cuda.cuCtxCreate_v2(&first, 0, 2));
  DONE(cuda.cuCtxCreate_v2(&first, 0, 0));
  DONE(cuda.cuCtxCreate_v2(&second, 0, 1));
  DONE(cuda.cuCtxGetCurrent(&current));
  CHECK(current == second && first != second);

  pthread_t thread;
  pthread_create(&thread, NULL, look_from_another_thread, &current);
  pthread_join(thread, NULL);
  CHECK(!current);

  DONE(cuda.cuCtxPopCurrent_v2(&current));
  CHECK(current == second);
  DONE(cuda.cuCtxPushCurrent_v2(second));
  DONE(cuda.cuCtxSetCurrent(first));
  DONE(cuda.cuCtxSynchronize());
  DONE(cuda.cuCtxPopCurrent_v2(&current));
  CHECK(current == first);
  DONE(cuda.cuCtxPopCurrent_v2(NULL));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuda.cuCtxPopCurrent_v2(NULL));

  /* A handle that outlived its context. */
  DONE(cuda.cuCtxPushCurrent_v2(second));
  DONE(cuda.cuCtxPushCurrent_v2(first));
  DONE(cuda.cuCtxDestroy_v2(second));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuda.cuCtxDestroy_v2(second));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuda.cuCtxPushCurrent_v2(second));
  DONE(cuda.cuCtxDestroy_v2(first));
  EXPECT(CUDA_ERROR_CONTEXT_IS_DESTROYED, cuda.cuCtxSynchronize());
  DONE(cuda.cuCtxSetCurrent(NULL));
  EXPECT(CUDA_ERROR_INVALID_CONTEXT, cuda.cuCtxSynchronize());
  CHECK(cuda.fake_cuda_live_objects() == 0);
}

static void test_beginning(void) {
  int number = 0;
  char name[64];
  CUdevice device;
  setenv("FAKE_CUDA_FAIL", "cuDeviceGetName:2:999,cuDeviceGet:1:101", 1);
  EXPECT(CUDA_ERROR_NOT_INITIALIZED, cuda.cuDeviceGetCount(&number));
  DONE(cuda.cuDriverGetVersion(&number));
  CHECK(number == 12040);
  setenv("FAKE_CUDA_DRIVER_VERSION", "11030", 1);
  DONE(cuda.cuDriverGetVersion(&number));
  CHECK(number == 11030);
  unsetenv("FAKE_CUDA_DRIVER_VERSION");
  setenv("FAKE_CUDA_DEVICES", "0", 1);
  EXPECT(CUDA_ERROR_NO_DEVICE, cuda.cuInit(0));
  unsetenv("FAKE_CUDA_DEVICES");
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuInit(1));
  EXPECT(CUDA_ERROR_NOT_INITIALIZED, cuda.cuCtxSynchronize());
  DONE(cuda.cuInit(0));
  DONE(cuda.cuDeviceGetName(name, sizeof name, 0));
  EXPECT(CUDA_ERROR_UNKNOWN, cuda.cuDeviceGetName(name, sizeof name, 0));
  EXPECT(CUDA_ERROR_INVALID_DEVICE, cuda.cuDeviceGet(&device, 0));
  DONE(cuda.cuDeviceGet(&device, 0));
}

void test_driver(void) {
  test_beginning();
  test_names();
  test_devices();
  test_contexts();
}

/* MARK: Failures */

void test_failures(void) {
  Setting setting = set_up();
  CUdeviceptr memory, other;
  CUstream stream;

  cuda.fake_cuda_reset_counts();
  cuda.fake_cuda_fail("cuMemAlloc_v2", 3, CUDA_ERROR_OUT_OF_MEMORY);
  memory = device_memory(16, NULL);
  other = device_memory(16, NULL);
  CUdeviceptr untouched = 1;
  EXPECT(CUDA_ERROR_OUT_OF_MEMORY, cuda.cuMemAlloc_v2(&untouched, 16));
  CHECK(untouched == 1);
  CHECK(cuda.fake_cuda_call_count("cuMemAlloc_v2") == 3);
  DONE(cuda.cuMemAlloc_v2(&untouched, 16));
  DONE(cuda.cuMemFree_v2(untouched));
  cuda.fake_cuda_fail("cuMemFree_v2", 1, CUDA_ERROR_UNKNOWN);
  cuda.fake_cuda_fail(NULL, 0, 0);
  DONE(cuda.cuMemFree_v2(other));

  /* A fatal one stays: what destroys destroys nevertheless, and nothing else works. */
  void *pinned;
  DONE(cuda.cuMemHostAlloc(&pinned, 16, 0));
  CHECK(cuda.fake_cuda_live_objects() == 5);
  cuda.fake_cuda_fail("cuStreamSynchronize", 1, CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuStreamSynchronize(setting.stream));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuStreamSynchronize(setting.stream));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuMemAlloc_v2(&other, 16));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuStreamCreate(&stream, 0));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuMemFree_v2(memory));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuMemFreeHost(pinned));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuStreamDestroy_v2(setting.stream));
  CHECK(cuda.fake_cuda_live_objects() == 2);
  CHECK(cuda.fake_cuda_allocated_bytes() == 0);

  /* Other contexts go on. */
  CUcontext healthy;
  DONE(cuda.cuCtxCreate_v2(&healthy, 0, 0));
  DONE(cuda.cuCtxSynchronize());
  DONE(cuda.cuCtxDestroy_v2(healthy));
  EXPECT(CUDA_ERROR_ILLEGAL_ADDRESS, cuda.cuCtxSynchronize());
  DONE(cuda.cuCtxDestroy_v2(setting.context));
  CHECK(cuda.fake_cuda_live_objects() == 0);

  /* One that is not fatal passes. */
  setting = set_up();
  cuda.fake_cuda_fail("cuCtxSynchronize", 1, CUDA_ERROR_UNKNOWN);
  EXPECT(CUDA_ERROR_UNKNOWN, cuda.cuCtxSynchronize());
  DONE(cuda.cuCtxSynchronize());
  tear_down(&setting);
}
