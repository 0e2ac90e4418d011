/* Handles and descriptors of the fake cuBLASLt. */

#include "cublaslt.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static LtHandle *handles;
static LtObject *objects;

int enter_lt(const char *call) {
  int status = library_failure(call);
  if (!status) pthread_mutex_lock(&mutex);
  return status;
}

int leave_lt(int status) {
  pthread_mutex_unlock(&mutex);
  return status;
}

bool is_lt_handle(const LtHandle *handle) {
  const LtHandle *known = handles;
  CUcontext current = NULL;
  while (known && known != handle) known = known->next;
  return known && driver()->get_current(&current) == CUDA_SUCCESS && current == known->context;
}

LtObject *find_lt_object(LtKind kind, const LtObject *object) {
  LtObject *known = objects;
  while (known && (known != object || known->kind != kind)) known = known->next;
  return known;
}

size_t fake_cublaslt_live_objects(void) {
  size_t count = 0;
  pthread_mutex_lock(&mutex);
  for (const LtHandle *h = handles; h; h = h->next) count++;
  for (const LtObject *o = objects; o; o = o->next) count++;
  pthread_mutex_unlock(&mutex);
  return count;
}

void fake_cublaslt_fail(const char *call, int nth, int status) {
  order_library_failure(call, nth, status);
}

unsigned long fake_cublaslt_call_count(const char *call) { return library_calls(call); }

size_t cublasLtGetVersion(void) { return 120401; }

const char *cublasLtGetStatusString(int status) {
  switch (status) {
    case CUBLAS_SUCCESS: return "success";
    case CUBLAS_NOT_INITIALIZED: return "not initialized";
    case CUBLAS_ALLOC_FAILED: return "allocation failed";
    case CUBLAS_INVALID_VALUE: return "an invalid value";
    case CUBLAS_ARCH_MISMATCH: return "not for this architecture";
    case CUBLAS_EXECUTION_FAILED: return "execution failed";
    case CUBLAS_INTERNAL_ERROR: return "internal error";
    case CUBLAS_NOT_SUPPORTED: return "not supported";
    default: return "an unknown status";
  }
}

int cublasLtCreate(cublasLtHandle_t *handle) {
  int status = enter_lt(__func__);
  if (status) return status;
  CUcontext context = NULL;
  if (!handle) return leave_lt(CUBLAS_INVALID_VALUE);
  if (driver()->get_current(&context) != CUDA_SUCCESS || !context) {
    return leave_lt(CUBLAS_NOT_INITIALIZED);
  }
  LtHandle *made = calloc(1, sizeof *made);
  if (!made) return leave_lt(CUBLAS_ALLOC_FAILED);
  made->context = context;
  made->next = handles;
  *handle = handles = made;
  return leave_lt(CUBLAS_SUCCESS);
}

int cublasLtDestroy(cublasLtHandle_t handle) {
  int status = enter_lt(__func__);
  if (status) return status;
  if (!is_lt_handle(handle)) return leave_lt(CUBLAS_INVALID_VALUE);
  for (LtHandle **link = &handles; *link; link = &(*link)->next) {
    if (*link != handle) continue;
    *link = handle->next;
    break;
  }
  free(handle);
  return leave_lt(CUBLAS_SUCCESS);
}

/* MARK: Descriptors */

static LtObject *make(LtKind kind) {
  LtObject *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->kind = kind;
  made->next = objects;
  return objects = made;
}

static int destroy(const char *call, LtKind kind, LtObject *object) {
  int status = enter_lt(call);
  if (status) return status;
  if (!find_lt_object(kind, object)) return leave_lt(CUBLAS_INVALID_VALUE);
  for (LtObject **link = &objects; *link; link = &(*link)->next) {
    if (*link != object) continue;
    *link = object->next;
    break;
  }
  free(object);
  return leave_lt(CUBLAS_SUCCESS);
}

int cublasLtMatmulDescCreate(cublasLtDescriptor_t *product, int compute_type, int scale_type) {
  int status = enter_lt(__func__);
  if (status) return status;
  bool valid = product && (compute_type == BY_FLOAT32 || compute_type == BY_TF32);
  if (!valid || scale_type != 0) return leave_lt(CUBLAS_INVALID_VALUE);
  LtObject *made = make(PRODUCT);
  if (!made) return leave_lt(CUBLAS_ALLOC_FAILED);
  made->compute_type = compute_type;
  made->epilogue = 1;
  made->bias_type = -1;
  *product = made;
  return leave_lt(CUBLAS_SUCCESS);
}

int cublasLtMatmulDescDestroy(cublasLtDescriptor_t product) {
  return destroy(__func__, PRODUCT, product);
}

int cublasLtMatrixLayoutCreate(
    cublasLtDescriptor_t *layout, int type, uint64_t rows, uint64_t columns, int64_t stride) {
  int status = enter_lt(__func__);
  if (status) return status;
  int element = type == 0 ? FLOAT32 : type == 2 ? FLOAT16 : type == 14 ? BFLOAT16 : -1;
  if (!layout || element < 0 || !rows || !columns || stride < (int64_t)rows) {
    return leave_lt(CUBLAS_INVALID_VALUE);
  }
  LtObject *made = make(LAYOUT);
  if (!made) return leave_lt(CUBLAS_ALLOC_FAILED);
  made->type = type;
  made->element = element;
  made->rows = (int64_t)rows;
  made->columns = (int64_t)columns;
  made->stride = stride;
  *layout = made;
  return leave_lt(CUBLAS_SUCCESS);
}

int cublasLtMatrixLayoutDestroy(cublasLtDescriptor_t layout) {
  return destroy(__func__, LAYOUT, layout);
}

int cublasLtMatmulPreferenceCreate(cublasLtDescriptor_t *preference) {
  int status = enter_lt(__func__);
  if (status) return status;
  if (!preference) return leave_lt(CUBLAS_INVALID_VALUE);
  LtObject *made = make(PREFERENCE);
  if (!made) return leave_lt(CUBLAS_ALLOC_FAILED);
  made->reduction_schemes = 7;
  for (int i = 0; i < 4; i++) made->alignments[i] = 256;
  *preference = made;
  return leave_lt(CUBLAS_SUCCESS);
}

int cublasLtMatmulPreferenceDestroy(cublasLtDescriptor_t preference) {
  return destroy(__func__, PREFERENCE, preference);
}

/* MARK: Attributes */

static int copy(void *to, const void *from, size_t wanted, size_t given) {
  if (!from || wanted != given) return CUBLAS_INVALID_VALUE;
  memcpy(to, from, wanted);
  return CUBLAS_SUCCESS;
}

int cublasLtMatmulDescSetAttribute(
    cublasLtDescriptor_t product, int attribute, const void *value, size_t bytes) {
  int status = enter_lt(__func__);
  if (status) return status;
  LtObject *found = find_lt_object(PRODUCT, product);
  if (!found) return leave_lt(CUBLAS_INVALID_VALUE);
  switch (attribute) {
    case 3: return leave_lt(copy(&found->turns_a, value, 4, bytes));
    case 4: return leave_lt(copy(&found->turns_b, value, 4, bytes));
    case 7: return leave_lt(copy(&found->epilogue, value, 4, bytes));
    case 8: return leave_lt(copy(&found->bias, value, 8, bytes));
    case 26: return leave_lt(copy(&found->bias_type, value, 4, bytes));
    default: return leave_lt(CUBLAS_INVALID_VALUE);
  }
}

int cublasLtMatmulPreferenceSetAttribute(
    cublasLtDescriptor_t preference, int attribute, const void *value, size_t bytes) {
  int status = enter_lt(__func__);
  if (status) return status;
  LtObject *found = find_lt_object(PREFERENCE, preference);
  if (!found) return leave_lt(CUBLAS_INVALID_VALUE);
  switch (attribute) {
    case 1: return leave_lt(copy(&found->most_workspace, value, 8, bytes));
    case 3: return leave_lt(copy(&found->reduction_schemes, value, 4, bytes));
    case 5:
    case 6:
    case 7:
    case 8: return leave_lt(copy(&found->alignments[attribute - 5], value, 4, bytes));
    default: return leave_lt(CUBLAS_INVALID_VALUE);
  }
}
