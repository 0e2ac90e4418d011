/* Algorithms, and products in plain loops. */

#include <stdatomic.h>
#include <unistd.h>

#include "cublaslt.h"

static atomic_ulong runs[ALGORITHM_COUNT];

unsigned long fake_cublaslt_runs(int index) {
  return index >= 0 && index < ALGORITHM_COUNT ? atomic_load(&runs[index]) : 0;
}

size_t lt_workspace(int algorithm) { return algorithm == QUICK ? 3000 : 0; }

/* What of a product does not depend on addresses; A is turned, B is not, C lies as D. */
static int describe(const LtObject *product, const LtObject *a, const LtObject *b,
    const LtObject *c, const LtObject *d, Product *made) {
  if (!product || !a || !b || !c || !d) return CUBLAS_INVALID_VALUE;
  if (product->turns_a != 1 || product->turns_b != 0) return CUBLAS_NOT_SUPPORTED;
  /* With a bias, perhaps rectified. */
  if (product->epilogue != 4 && product->epilogue != 6) return CUBLAS_NOT_SUPPORTED;
  if (product->bias_type != d->type) return CUBLAS_NOT_SUPPORTED;
  bool fits = a->rows == b->rows && a->columns == d->rows && b->columns == d->columns &&
              c->rows == d->rows && c->columns == d->columns;
  if (!fits) return CUBLAS_INVALID_VALUE;
  if (a->type != b->type || c->type != d->type) return CUBLAS_NOT_SUPPORTED;
  if (d->type != a->type && d->element != FLOAT32) return CUBLAS_NOT_SUPPORTED;
  if (product->compute_type == BY_TF32 && a->element != FLOAT32) return CUBLAS_NOT_SUPPORTED;
  *made = (Product){
      .compute_type = product->compute_type,
      .element = a->element,
      .output_element = d->element,
      .outputs = d->rows,
      .pixels = d->columns,
      .depth = a->rows,
      .stride_a = a->stride,
      .stride_b = b->stride,
      .stride_c = c->stride,
      .stride_d = d->stride,
      .rectifies = product->epilogue == 6,
      .bias = product->bias,
  };
  return CUBLAS_SUCCESS;
}

int cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtDescriptor_t product,
    cublasLtDescriptor_t a, cublasLtDescriptor_t b, cublasLtDescriptor_t c, cublasLtDescriptor_t d,
    cublasLtDescriptor_t preference, int room, cublasLtMatmulHeuristicResult_t *results,
    int *count) {
  Product made;
  int status = enter_lt(__func__);
  if (status) return status;
  const LtObject *wishes = find_lt_object(PREFERENCE, preference);
  if (!is_lt_handle(handle) || !wishes || room < 1 || !results || !count) {
    return leave_lt(CUBLAS_INVALID_VALUE);
  }
  status = describe(find_lt_object(PRODUCT, product), find_lt_object(LAYOUT, a),
      find_lt_object(LAYOUT, b), find_lt_object(LAYOUT, c), find_lt_object(LAYOUT, d), &made);
  if (status) return leave_lt(status);
  /* Whoever lets parts of a sum be narrow, or promises more alignment than tensors have. */
  bool careless = wishes->reduction_schemes != 2;
  for (int i = 0; i < 4; i++) careless = careless || wishes->alignments[i] != 16;
  *count = 0;
  for (int i = careless ? CARELESS : SLOW; i <= (careless ? CARELESS : BROKEN); i++) {
    if (*count == room || lt_workspace(i) > wishes->most_workspace) continue;
    cublasLtMatmulHeuristicResult_t *result = &results[(*count)++];
    memset(result, 0, sizeof *result);
    result->algorithm.data[0] = 0xA190;
    result->algorithm.data[7] = (uint64_t)i;
    result->workspace = lt_workspace(i);
  }
  /* One that it only talks of. */
  if (*count < room) {
    memset(&results[*count], 0xFF, sizeof *results);
    results[(*count)++].state = CUBLAS_NOT_SUPPORTED;
  }
  return leave_lt(CUBLAS_SUCCESS);
}

static void check_memory(const Product *p) {
  const char *who = "cublasLtMatmul";
  size_t in = element_bytes(p->element), out = element_bytes(p->output_element);
  require_device_memory(
      who, p->a, (size_t)((p->outputs - 1) * p->stride_a + p->depth) * in);
  require_device_memory(who, p->b, (size_t)((p->pixels - 1) * p->stride_b + p->depth) * in);
  if (p->adds) {
    require_device_memory(
        who, p->c, (size_t)((p->pixels - 1) * p->stride_c + p->outputs) * out);
  }
  require_device_memory(who, p->d, (size_t)((p->pixels - 1) * p->stride_d + p->outputs) * out);
  require_device_memory(who, p->bias, (size_t)p->outputs * out);
  require_device_memory(who, p->workspace, lt_workspace(p->algorithm));
}

static void multiply(const void *parameters) {
  const Product *p = parameters;
  const void *a = (const void *)p->a, *b = (const void *)p->b;
  check_memory(p);
  if (p->workspace) memset((void *)p->workspace, 0xFF, lt_workspace(p->algorithm));
  for (int64_t n = 0; n < p->pixels; n++) {
    for (int64_t m = 0; m < p->outputs; m++) {
      float sum = 0;
      for (int64_t k = 0; k < p->depth; k++) {
        float x = element_at(a, p->element, m * p->stride_a + k);
        float y = element_at(b, p->element, n * p->stride_b + k);
        sum += p->compute_type == BY_TF32 ? rounded_to(x, 10) * rounded_to(y, 10) : x * y;
      }
      if (p->adds) {
        sum += element_at((const void *)p->c, p->output_element, n * p->stride_c + m);
      }
      sum += element_at((const void *)p->bias, p->output_element, m);
      if (p->algorithm == CARELESS) sum += 1;
      if (p->rectifies && sum < 0) sum = 0;
      set_element((void *)p->d, p->output_element, n * p->stride_d + m, sum);
    }
  }
  atomic_fetch_add(&runs[p->algorithm], 1);
  if (p->algorithm == SLOW) usleep(1000);
}

int cublasLtMatmul(cublasLtHandle_t handle, cublasLtDescriptor_t product, const void *alpha,
    const void *a, cublasLtDescriptor_t a_layout, const void *b, cublasLtDescriptor_t b_layout,
    const void *beta, const void *c, cublasLtDescriptor_t c_layout, void *d,
    cublasLtDescriptor_t d_layout, const cublasLtMatmulAlgo_t *algorithm, void *workspace,
    size_t workspace_bytes, CUstream stream) {
  Product p;
  float factor, addend;
  int status = enter_lt(__func__);
  if (status) return status;
  if (!is_lt_handle(handle) || !alpha || !beta || !algorithm) return leave_lt(CUBLAS_INVALID_VALUE);
  status = describe(find_lt_object(PRODUCT, product), find_lt_object(LAYOUT, a_layout),
      find_lt_object(LAYOUT, b_layout), find_lt_object(LAYOUT, c_layout),
      find_lt_object(LAYOUT, d_layout), &p);
  if (status) return leave_lt(status);
  memcpy(&factor, alpha, sizeof factor);
  memcpy(&addend, beta, sizeof addend);
  bool valid = algorithm->data[0] == 0xA190 && algorithm->data[7] < ALGORITHM_COUNT;
  valid = valid && factor == 1 && (addend == 0 || addend == 1);
  const void *const pointers[] = {a, b, c, d, (const void *)p.bias};
  for (int i = 0; i < 5; i++) valid = valid && pointers[i] && (uintptr_t)pointers[i] % 16 == 0;
  if (!valid) return leave_lt(CUBLAS_INVALID_VALUE);
  p.algorithm = (int)algorithm->data[7];
  p.adds = addend == 1;
  p.a = (uintptr_t)a, p.b = (uintptr_t)b, p.c = (uintptr_t)c, p.d = (uintptr_t)d;
  p.workspace = (uintptr_t)workspace;
  if (workspace_bytes < lt_workspace(p.algorithm) || p.workspace % 256) {
    return leave_lt(CUBLAS_INVALID_VALUE);
  }
  if (p.algorithm == BROKEN) return leave_lt(CUBLAS_EXECUTION_FAILED);
  return leave_lt(driver()->enqueue(stream, multiply, &p, sizeof p) == CUDA_SUCCESS
                      ? CUBLAS_SUCCESS
                      : CUBLAS_EXECUTION_FAILED);
}
