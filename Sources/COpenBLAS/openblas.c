#include "COpenBLAS.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#ifdef FCN_PRIVATE_OPENBLAS
void gotoblas_dynamic_init(void);
void gotoblas_dynamic_quit(void);

static char *core;

/* What the private copy calls in place of getenv. */
char *fcn_blas_getenv(const char *name);
char *fcn_blas_getenv(const char *name) {
  return core && strcmp(name, "OPENBLAS_CORETYPE") == 0 ? core : getenv(name);
}

/* OpenBLAS knows processors by their numbers. For one that came out after it, it takes the kernels of a
   Pentium 4 (Prescott), whatever the processor can do. */
static void prepare(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!getenv("OPENBLAS_CORETYPE") && strcmp(openblas_get_corename(), "Prescott") == 0 &&
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    static char haswell[] = "Haswell";
    core = haswell;
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
  }
#endif
  openblas_set_num_threads(1);
}
#endif

/* The private copy chooses kernels, and is told to keep to one thread, when it is first wanted. */
static void prepare_once(void) {
#ifdef FCN_PRIVATE_OPENBLAS
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, prepare);
#endif
}

void fcn_sgemm(int32_t transpose_a, int32_t transpose_b, int32_t m, int32_t n, int32_t k,
               const float *a, int32_t lda, const float *b, int32_t ldb,
               float beta, float *c, int32_t ldc) {
  prepare_once();
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
              transpose_b ? CblasTrans : CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, beta, c, ldc);
}

const char *fcn_blas_description(void) {
  prepare_once();
  return openblas_get_config();
}

int32_t fcn_blas_is_private(void) {
#ifdef FCN_PRIVATE_OPENBLAS
  return 1;
#else
  return 0;
#endif
}
