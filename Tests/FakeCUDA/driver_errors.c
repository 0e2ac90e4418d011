/* The names of results. */

#include "driver.h"

#define NAMED(result, text) {result, #result, text}

static const struct {
  CUresult result;
  const char *name, *text;
} errors[] = {
    NAMED(CUDA_SUCCESS, "no error"),
    NAMED(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
    NAMED(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
    NAMED(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
    NAMED(CUDA_ERROR_DEINITIALIZED, "driver shutting down"),
    NAMED(CUDA_ERROR_DEVICE_UNAVAILABLE, "device busy or unavailable"),
    NAMED(CUDA_ERROR_NO_DEVICE, "no CUDA device"),
    NAMED(CUDA_ERROR_INVALID_DEVICE, "no such device"),
    NAMED(CUDA_ERROR_INVALID_IMAGE, "invalid kernel image"),
    NAMED(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
    NAMED(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image for this device"),
    NAMED(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable memory error"),
    NAMED(CUDA_ERROR_INVALID_PTX, "invalid PTX"),
    NAMED(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "PTX of an unsupported version"),
    NAMED(CUDA_ERROR_OPERATING_SYSTEM, "a call of the operating system failed"),
    NAMED(CUDA_ERROR_INVALID_HANDLE, "invalid handle"),
    NAMED(CUDA_ERROR_ILLEGAL_STATE, "not in a state that allows this"),
    NAMED(CUDA_ERROR_NOT_FOUND, "no such symbol"),
    NAMED(CUDA_ERROR_NOT_READY, "not ready"),
    NAMED(CUDA_ERROR_ILLEGAL_ADDRESS, "illegal memory access"),
    NAMED(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for a launch"),
    NAMED(CUDA_ERROR_LAUNCH_TIMEOUT, "a launch timed out"),
    NAMED(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the context is destroyed"),
    NAMED(CUDA_ERROR_ASSERT, "an assertion failed on the device"),
    NAMED(CUDA_ERROR_ILLEGAL_INSTRUCTION, "illegal instruction"),
    NAMED(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
    NAMED(CUDA_ERROR_INVALID_ADDRESS_SPACE, "wrong address space"),
    NAMED(CUDA_ERROR_INVALID_PC, "invalid program counter"),
    NAMED(CUDA_ERROR_LAUNCH_FAILED, "a launch failed"),
    NAMED(CUDA_ERROR_NOT_PERMITTED, "not permitted"),
    NAMED(CUDA_ERROR_NOT_SUPPORTED, "not supported"),
    NAMED(CUDA_ERROR_SYSTEM_NOT_READY, "the system is not ready"),
    NAMED(CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, "drivers of different versions"),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "not permitted while a stream captures"),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "the capture failed earlier"),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "a dependency across the edge of a capture"),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "the default stream depends on a capture"),
    NAMED(CUDA_ERROR_CAPTURED_EVENT, "the event was last recorded in a capture"),
    NAMED(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "not the thread that began the capture"),
    NAMED(CUDA_ERROR_UNKNOWN, "unknown error"),
};

enum { ERROR_COUNT = sizeof errors / sizeof *errors };

CUresult cuGetErrorName(CUresult error, const char **name) {
  CUresult result = enter_uninitialized(__func__);
  if (result) return result;
  if (!name) return leave(CUDA_ERROR_INVALID_VALUE);
  *name = NULL;
  for (int i = 0; i < ERROR_COUNT; i++) {
    if (errors[i].result == error) *name = errors[i].name;
  }
  return leave(*name ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE);
}

CUresult cuGetErrorString(CUresult error, const char **text) {
  CUresult result = enter_uninitialized(__func__);
  if (result) return result;
  if (!text) return leave(CUDA_ERROR_INVALID_VALUE);
  *text = NULL;
  for (int i = 0; i < ERROR_COUNT; i++) {
    if (errors[i].result == error) *text = errors[i].text;
  }
  return leave(*text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE);
}
