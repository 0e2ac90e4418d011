/* As much of cuBLASLt's binary interface as the fake has. */

#ifndef FAKE_CUBLASLT_API_H
#define FAKE_CUBLASLT_API_H

#include <stddef.h>
#include <stdint.h>

#include "cuda_api.h"

enum {
  CUBLAS_SUCCESS = 0,
  CUBLAS_NOT_INITIALIZED = 1,
  CUBLAS_ALLOC_FAILED = 3,
  CUBLAS_INVALID_VALUE = 7,
  CUBLAS_ARCH_MISMATCH = 8,
  CUBLAS_EXECUTION_FAILED = 13,
  CUBLAS_INTERNAL_ERROR = 14,
  CUBLAS_NOT_SUPPORTED = 15
};

typedef struct LtHandle *cublasLtHandle_t;
typedef struct LtObject *cublasLtDescriptor_t;

typedef struct {
  uint64_t data[8];
} cublasLtMatmulAlgo_t;

typedef struct {
  cublasLtMatmulAlgo_t algorithm;
  size_t workspace;
  int state;
  float waves;
  int reserved[4];
} cublasLtMatmulHeuristicResult_t;

FAKE_CUDA_EXPORTED size_t cublasLtGetVersion(void);
FAKE_CUDA_EXPORTED const char *cublasLtGetStatusString(int status);
FAKE_CUDA_EXPORTED int cublasLtCreate(cublasLtHandle_t *handle);
FAKE_CUDA_EXPORTED int cublasLtDestroy(cublasLtHandle_t handle);
FAKE_CUDA_EXPORTED int cublasLtMatmulDescCreate(
    cublasLtDescriptor_t *product, int compute_type, int scale_type);
FAKE_CUDA_EXPORTED int cublasLtMatmulDescDestroy(cublasLtDescriptor_t product);
FAKE_CUDA_EXPORTED int cublasLtMatmulDescSetAttribute(
    cublasLtDescriptor_t product, int attribute, const void *value, size_t bytes);
FAKE_CUDA_EXPORTED int cublasLtMatrixLayoutCreate(
    cublasLtDescriptor_t *layout, int type, uint64_t rows, uint64_t columns, int64_t stride);
FAKE_CUDA_EXPORTED int cublasLtMatrixLayoutDestroy(cublasLtDescriptor_t layout);
FAKE_CUDA_EXPORTED int cublasLtMatmulPreferenceCreate(cublasLtDescriptor_t *preference);
FAKE_CUDA_EXPORTED int cublasLtMatmulPreferenceDestroy(cublasLtDescriptor_t preference);
FAKE_CUDA_EXPORTED int cublasLtMatmulPreferenceSetAttribute(
    cublasLtDescriptor_t preference, int attribute, const void *value, size_t bytes);
FAKE_CUDA_EXPORTED int cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle,
    cublasLtDescriptor_t product, cublasLtDescriptor_t a, cublasLtDescriptor_t b,
    cublasLtDescriptor_t c, cublasLtDescriptor_t d, cublasLtDescriptor_t preference, int room,
    cublasLtMatmulHeuristicResult_t *results, int *count);
FAKE_CUDA_EXPORTED int cublasLtMatmul(cublasLtHandle_t handle, cublasLtDescriptor_t product,
    const void *alpha, const void *a, cublasLtDescriptor_t a_layout, const void *b,
    cublasLtDescriptor_t b_layout, const void *beta, const void *c, cublasLtDescriptor_t c_layout,
    void *d, cublasLtDescriptor_t d_layout, const cublasLtMatmulAlgo_t *algorithm, void *workspace,
    size_t workspace_bytes, CUstream stream);

/* What tests steer it with, as the driver's functions of such names. */
FAKE_CUDA_EXPORTED void fake_cublaslt_fail(const char *call, int nth, int status);
FAKE_CUDA_EXPORTED unsigned long fake_cublaslt_call_count(const char *call);
FAKE_CUDA_EXPORTED size_t fake_cublaslt_live_objects(void);
/* How often algorithm `index` has computed. */
FAKE_CUDA_EXPORTED unsigned long fake_cublaslt_runs(int index);

#endif
