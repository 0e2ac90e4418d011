#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stdint.h>

/* Row-major single-precision matrix product on the calling thread:
   C[m×n] = A'[m×k] · B'[k×n] + beta · C, where X' is X or its transpose.
   lda, ldb and ldc are the row lengths, in floats, of A, B and C as stored.

   In the builds that the Makefile makes, OpenBLAS is a private copy that never starts a thread and
   that the host's own BLAS does not see. Elsewhere it is the system's shared library, whose thread
   count belongs to the host program and is left alone. */
void fcn_sgemm(int32_t transpose_a, int32_t transpose_b, int32_t m, int32_t n, int32_t k,
               const float *a, int32_t lda, const float *b, int32_t ldb,
               float beta, float *c, int32_t ldc);

/* OpenBLAS's own description of its build and of the core it chose; lives as long as the process. */
const char *fcn_blas_description(void);

/* 1 if OpenBLAS is the private copy described above. */
int32_t fcn_blas_is_private(void);

#endif
