/* As much of cuDNN's binary interface as the fake has, of the graph API. */

#ifndef FAKE_CUDNN_API_H
#define FAKE_CUDNN_API_H

#include <stddef.h>
#include <stdint.h>

#include "cuda_api.h"

enum {
  CUDNN_SUCCESS = 0,
  CUDNN_NOT_INITIALIZED = 1001,
  CUDNN_BAD_PARAM = 2000,
  CUDNN_NULL_POINTER = 2002,
  CUDNN_MISALIGNED_POINTER = 2003,
  CUDNN_NOT_FINALIZED = 2004,
  CUDNN_NOT_SUPPORTED = 3000,
  CUDNN_UNSUPPORTED_PATTERN = 3001,
  CUDNN_INTERNAL_ERROR = 4000,
  CUDNN_NO_HOST_MEMORY = 4003,
  CUDNN_NO_DEVICE_MEMORY = 4004,
  CUDNN_EXECUTION_FAILED = 5000
};

/* Kinds of descriptors. */
enum {
  POINTWISE = 0,
  CONVOLUTION = 1,
  ENGINE = 2,
  CONFIGURATION = 3,
  HEURISTICS = 4,
  PLAN = 5,
  FORWARD = 10,
  WEIGHT_GRADIENT = 11,
  INPUT_GRADIENT = 12,
  POINTWISE_OPERATION = 13,
  GRAPH_OF_OPERATIONS = 15,
  PACK = 16,
  TENSOR = 17
};

/* Types of attributes. */
enum {
  HANDLE_TYPE = 0,
  DATA_TYPE = 1,
  BOOLEAN_TYPE = 2,
  INT64_TYPE = 3,
  FLOAT_TYPE = 4,
  ADDRESS_TYPE = 6,
  CONVOLUTION_MODE_TYPE = 7,
  HEURISTIC_MODE_TYPE = 8,
  NUMERICAL_NOTE_TYPE = 11,
  POINTWISE_MODE_TYPE = 14,
  DESCRIPTOR_TYPE = 15,
  BEHAVIOR_NOTE_TYPE = 19
};

typedef struct CudnnHandle *cudnnHandle_t;
typedef void *cudnnBackendDescriptor_t;

FAKE_CUDA_EXPORTED size_t cudnnGetVersion(void);
FAKE_CUDA_EXPORTED const char *cudnnGetErrorString(int status);
FAKE_CUDA_EXPORTED void cudnnGetLastErrorString(char *message, size_t size);
FAKE_CUDA_EXPORTED int cudnnCreate(cudnnHandle_t *handle);
FAKE_CUDA_EXPORTED int cudnnDestroy(cudnnHandle_t handle);
FAKE_CUDA_EXPORTED int cudnnSetStream(cudnnHandle_t handle, CUstream stream);
FAKE_CUDA_EXPORTED int cudnnBackendCreateDescriptor(int kind, cudnnBackendDescriptor_t *descriptor);
FAKE_CUDA_EXPORTED int cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor);
FAKE_CUDA_EXPORTED int cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor);
FAKE_CUDA_EXPORTED int cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, int name,
    int type, int64_t count, const void *values);
FAKE_CUDA_EXPORTED int cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor, int name,
    int type, int64_t room, int64_t *count, void *values);
FAKE_CUDA_EXPORTED int cudnnBackendExecute(
    cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack);

/* What tests steer it with, as the driver's functions of such names. */
FAKE_CUDA_EXPORTED void fake_cudnn_fail(const char *call, int nth, int status);
FAKE_CUDA_EXPORTED unsigned long fake_cudnn_call_count(const char *call);
/* Handles and descriptors. */
FAKE_CUDA_EXPORTED size_t fake_cudnn_live_objects(void);
/* How often engine `index` has computed. */
FAKE_CUDA_EXPORTED unsigned long fake_cudnn_runs(int index);

#endif
