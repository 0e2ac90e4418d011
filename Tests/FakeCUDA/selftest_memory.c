/* Memory, copies and fills. */

#include <string.h>

#include "selftest.h"

enum { BYTES = 1000 };

static void test_allocations(const Setting *setting) {
  size_t unused = 0, total = 0;
  unsigned char bytes[BYTES];
  CUdeviceptr memory = 0;
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemAlloc_v2(&memory, 0));
  memory = device_memory(BYTES, NULL);
  CHECK(memory % 256 == 0);
  CHECK(cuda.fake_cuda_allocated_bytes() == BYTES);
  DONE(cuda.cuMemGetInfo_v2(&unused, &total));
  CHECK(total == (size_t)1 << 32 && unused == total - BYTES);
  DONE(cuda.cuMemcpyDtoH_v2(bytes, memory, BYTES));
  for (int i = 0; i < BYTES; i++) CHECK(bytes[i] == 0xFF);

  setenv("FAKE_CUDA_MEMORY", "2000", 1);
  CUdeviceptr more;
  EXPECT(CUDA_ERROR_OUT_OF_MEMORY, cuda.cuMemAlloc_v2(&more, 1001));
  DONE(cuda.cuMemAlloc_v2(&more, 1000));
  DONE(cuda.cuMemFree_v2(more));
  unsetenv("FAKE_CUDA_MEMORY");

  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemFree_v2(memory + 1));
  CUcontext other;
  DONE(cuda.cuCtxCreate_v2(&other, 0, 0));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemFree_v2(memory));
  EXPECT(CUDA_ERROR_INVALID_HANDLE, cuda.cuStreamSynchronize(setting->stream));
  DONE(cuda.cuCtxDestroy_v2(other));
  DONE(cuda.cuMemFree_v2(memory));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemFree_v2(memory));
}

static void test_copies(CUstream stream) {
  unsigned char local[BYTES], *pinned;
  CUdeviceptr memory = device_memory(BYTES, NULL), other = device_memory(BYTES, NULL);
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemHostAlloc((void **)&pinned, BYTES, 8));
  DONE(cuda.cuMemHostAlloc((void **)&pinned, BYTES, 0));
  for (int i = 0; i < BYTES; i++) pinned[i] = (unsigned char)i;

  DONE(cuda.cuMemcpyHtoDAsync_v2(memory, pinned, BYTES, stream));
  DONE(cuda.cuMemcpyDtoDAsync_v2(other, memory + 1, BYTES - 1, stream));
  DONE(cuda.cuMemsetD8Async(other, 7, 1, stream));
  DONE(cuda.cuMemsetD32Async(other + 4, 0x01020304, 2, stream));
  memset(local, 0, BYTES);
  DONE(cuda.cuMemcpyDtoH_v2(local, other, BYTES - 1));
  CHECK(local[0] == 7 && local[1] == 2 && local[4] == 4 && local[11] == 1 && local[12] == 13);
  DONE(cuda.cuMemcpyDtoHAsync_v2(pinned, other, BYTES - 1, stream));
  CHECK(!memcmp(pinned, local, BYTES - 1));
  DONE(cuda.cuMemcpyHtoDAsync_v2(memory, NULL, 0, stream));

  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoDAsync_v2(memory, local, BYTES, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyDtoHAsync_v2(local, memory, BYTES, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoDAsync_v2(memory + 1, pinned, BYTES, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoDAsync_v2(memory, pinned + 1, BYTES, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyDtoDAsync_v2(memory, memory + 1, 2, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoD_v2(memory - 1, local, 1));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyDtoH_v2(NULL, memory, 1));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyDtoH_v2((void *)other, memory, 1));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemsetD8Async(memory, 0, BYTES + 1, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemsetD32Async(memory + 2, 0, 1, stream));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemsetD32Async(memory, 0, (size_t)1 << 62, stream));

  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemFreeHost(local));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemFree_v2((CUdeviceptr)pinned));
  DONE(cuda.cuMemFreeHost(pinned));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoDAsync_v2(memory, pinned, BYTES, stream));
  DONE(cuda.cuMemFree_v2(memory));
  EXPECT(CUDA_ERROR_INVALID_VALUE, cuda.cuMemcpyHtoD_v2(memory, local, BYTES));
  DONE(cuda.cuMemFree_v2(other));
}

void test_memory(void) {
  Setting setting = set_up();
  test_allocations(&setting);
  test_copies(setting.stream);
  test_copies(NULL);
  tear_down(&setting);

  /* A context takes along what was left in it. */
  setting = set_up();
  void *pinned;
  CUevent event;
  device_memory(BYTES, NULL);
  DONE(cuda.cuMemHostAlloc(&pinned, BYTES, CU_MEMHOSTALLOC_PORTABLE));
  DONE(cuda.cuEventCreate(&event, 0));
  CHECK(cuda.fake_cuda_live_objects() == 6);
  DONE(cuda.cuCtxDestroy_v2(setting.context));
  CHECK(cuda.fake_cuda_live_objects() == 0);
}
