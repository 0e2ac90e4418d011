/* The fake cuBLASLt's objects. Everything is under one mutex. */

#ifndef FAKE_CUBLASLT_H
#define FAKE_CUBLASLT_H

#include "cublaslt_api.h"
#include "library.h"

typedef struct LtHandle {
  struct LtHandle *next;
  CUcontext context;
} LtHandle;

typedef enum { PRODUCT, LAYOUT, PREFERENCE } LtKind;

typedef struct LtObject {
  struct LtObject *next;
  LtKind kind;
  /* Of a product. */
  int compute_type, turns_a, turns_b, bias_type;
  unsigned epilogue;
  uint64_t bias;
  /* Of a layout; element: FLOAT32 and so on. */
  int type, element;
  int64_t rows, columns, stride;
  /* Of a preference. */
  uint64_t most_workspace;
  unsigned reduction_schemes, alignments[4];
} LtObject;

/* All that a product needs, so that descriptors may go. */
typedef struct {
  int algorithm, compute_type, element, output_element;
  int64_t outputs, pixels, depth, stride_a, stride_b, stride_c, stride_d;
  uint64_t a, b, c, d, bias, workspace;
  bool adds, rectifies;
} Product;

/* CUBLAS_COMPUTE_32F and CUBLAS_COMPUTE_32F_FAST_TF32. */
enum { BY_FLOAT32 = 68, BY_TF32 = 77 };

/* Algorithms by number: slow, quick, one whose launch fails, one for the careless. */
enum { SLOW, QUICK, BROKEN, CARELESS, ALGORITHM_COUNT };

bool is_lt_handle(const LtHandle *handle);
LtObject *find_lt_object(LtKind kind, const LtObject *object);
int enter_lt(const char *call);
int leave_lt(int status);
size_t lt_workspace(int algorithm);

#endif
