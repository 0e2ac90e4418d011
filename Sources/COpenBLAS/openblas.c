#include "COpenBLAS.h"

#include <cblas.h>
#include <pthread.h>

#ifdef FCN_PRIVATE_OPENBLAS
static void keep_single_threaded(void) { openblas_set_num_threads(1); }
#endif

void fcn_sgemm(int32_t transpose_a, int32_t transpose_b, int32_t m, int32_t n, int32_t k,
               const float *a, int32_t lda, const float *b, int32_t ldb,
               float beta, float *c, int32_t ldc) {
#ifdef FCN_PRIVATE_OPENBLAS
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, keep_single_threaded);
#endif
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
              transpose_b ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}

const char *fcn_blas_description(void) { return openblas_get_config(); }

int32_t fcn_blas_is_private(void) {
#ifdef FCN_PRIVATE_OPENBLAS
  return 1;
#else
  return 0;
#endif
}
