/* The devices, all alike: how many and what they are, the environment says. */

#include <stdio.h>
#include <string.h>

#include "driver.h"

enum { MOST_DEVICES = 32 };

static int device_count(void) {
  long long count = setting("FAKE_CUDA_DEVICES", 1);
  return count < 0 ? 0 : count > MOST_DEVICES ? MOST_DEVICES : (int)count;
}

bool is_device(CUdevice device) { return device >= 0 && device < device_count(); }

int device_architecture(void) { return (int)setting("FAKE_CUDA_SM", 80); }

/* At most what every device since the Ampere generation has. */
unsigned most_shared_bytes(void) {
  switch (device_architecture()) {
    case 70:
      return 96 * 1024;
    case 75:
      return 64 * 1024;
    default:
      return 99 * 1024;
  }
}

CUresult cuInit(unsigned flags) {
  lock_driver();
  read_ordered_failures();
  unlock_driver();
  CUresult result = enter_uninitialized(__func__);
  if (result) return result;
  if (flags) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!device_count()) return leave(CUDA_ERROR_NO_DEVICE);
  set_initialized();
  return leave(CUDA_SUCCESS);
}

CUresult cuGetExportTable(const void **table, const void *name) {
  if (!table || !name) return CUDA_ERROR_INVALID_VALUE;
  *table = NULL;
  return CUDA_ERROR_NOT_FOUND;
}

CUresult cuDriverGetVersion(int *version) {
  CUresult result = enter_uninitialized(__func__);
  if (result) return result;
  if (!version) return leave(CUDA_ERROR_INVALID_VALUE);
  *version = (int)setting("FAKE_CUDA_DRIVER_VERSION", 12040);
  return leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetCount(int *count) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!count) return leave(CUDA_ERROR_INVALID_VALUE);
  *count = device_count();
  return leave(CUDA_SUCCESS);
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!device) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(ordinal)) return leave(CUDA_ERROR_INVALID_DEVICE);
  *device = ordinal;
  return leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!name || length < 1) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(device)) return leave(CUDA_ERROR_INVALID_DEVICE);
  snprintf(name, (size_t)length, "Fake CUDA device %d", device);
  return leave(CUDA_SUCCESS);
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!bytes) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(device)) return leave(CUDA_ERROR_INVALID_DEVICE);
  *bytes = total_bytes();
  return leave(CUDA_SUCCESS);
}

CUresult cuDeviceGetPCIBusId(char *text, int length, CUdevice device) {
  char whole[16];
  CUresult result = enter(__func__);
  if (result) return result;
  if (!text) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(device)) return leave(CUDA_ERROR_INVALID_DEVICE);
  int needed = snprintf(whole, sizeof whole, "0000:%02X:00.0", (device + 1) & 0xFF) + 1;
  if (length < needed) return leave(CUDA_ERROR_INVALID_VALUE);
  memcpy(text, whole, (size_t)needed);
  return leave(CUDA_SUCCESS);
}

static CUresult attribute_of(CUdevice device, CUdevice_attribute attribute, int *value) {
  switch (attribute) {
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y:
      *value = MOST_THREADS;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z:
      *value = 64;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X:
      *value = 0x7FFFFFFF;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
    case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z:
      *value = 65535;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK:
      *value = USUAL_SHARED_BYTES;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
      *value = (int)most_shared_bytes();
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR:
      *value = (int)most_shared_bytes() + 1024;
      break;
    case CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK:
    case CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR:
      *value = 65536;
      break;
    case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
      *value = 32;
      break;
    case CU_DEVICE_ATTRIBUTE_CLOCK_RATE:
    case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE:
      *value = 1000000;
      break;
    case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH:
      *value = 256;
      break;
    case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE:
      *value = 4 << 20;
      break;
    case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT:
      *value = 4;
      break;
    case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR:
      *value = 1024;
      break;
    case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
    case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
    case CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT:
    case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
    case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
      *value = 1;
      break;
    case CU_DEVICE_ATTRIBUTE_INTEGRATED:
    case CU_DEVICE_ATTRIBUTE_COMPUTE_MODE:
    case CU_DEVICE_ATTRIBUTE_ECC_ENABLED:
    case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
    case CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID:
    case CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID:
      *value = 0;
      break;
    case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
      *value = device + 1;
      break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR:
      *value = device_architecture() / 10;
      break;
    case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR:
      *value = device_architecture() % 10;
      break;
    default:
      return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  CUresult result = enter(__func__);
  if (result) return result;
  if (!value) return leave(CUDA_ERROR_INVALID_VALUE);
  if (!is_device(device)) return leave(CUDA_ERROR_INVALID_DEVICE);
  return leave(attribute_of(device, attribute, value));
}
