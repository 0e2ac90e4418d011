// The instructions that CUDA C++ has words for only in NVIDIA's headers, which need not be there when
// kernels are compiled: 16-bit floating point, matrix units, asynchronous copies.
#ifndef FCN_PTX_CUH
#define FCN_PTX_CUH

// IEEE half precision and bfloat16.
struct half_t {
  unsigned short bits;
};
struct bfloat_t {
  unsigned short bits;
};

__device__ __forceinline__ float widened(float value) { return value; }

__device__ __forceinline__ float widened(half_t value) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
  return result;
}

__device__ __forceinline__ float widened(bfloat_t value) {
  return __uint_as_float((unsigned)value.bits << 16);
}

// Rounded to nearest, ties to even.
template <typename T>
__device__ __forceinline__ T narrowed(float value);

template <>
__device__ __forceinline__ float narrowed<float>(float value) {
  return value;
}

template <>
__device__ __forceinline__ half_t narrowed<half_t>(float value) {
  half_t result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
  return result;
}

template <>
__device__ __forceinline__ bfloat_t narrowed<bfloat_t>(float value) {
  // In integers, for the instruction came with compute capability 8.0.
  unsigned bits = __float_as_uint(value);
  bfloat_t result;
  result.bits = (bits & 0x7FFFFFFF) > 0x7F800000
                    ? (unsigned short)((bits >> 16) | 0x40)
                    : (unsigned short)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
  return result;
}

// ---- Matrix units -------------------------------------------------------------------------------
// A warp multiplies 16×depth by depth×16. Which lane holds which element is the hardware's affair.

template <typename T>
struct MatrixShape {
  static const int depth = sizeof(T) == 2 ? 16 : 8;
};

// 32-bit registers of a factor: half precision keeps every element twice.
template <typename T>
struct FactorRegisters {
  static const int count = 4;
};
template <>
struct FactorRegisters<half_t> {
  static const int count = 8;
};

template <typename T>
struct MatrixA {
  unsigned r[FactorRegisters<T>::count];
};
template <typename T>
struct MatrixB {
  unsigned r[FactorRegisters<T>::count];
};
struct Accumulator {
  float r[8];
};

__device__ __forceinline__ void clear(Accumulator &sum) {
  for (int i = 0; i < 8; i++) sum.r[i] = 0;
}

#define FCN_EIGHT(r, c) c(r[0]), c(r[1]), c(r[2]), c(r[3]), c(r[4]), c(r[5]), c(r[6]), c(r[7])
#define FCN_FOUR(r, c) c(r[0]), c(r[1]), c(r[2]), c(r[3])
#define FCN_OUT(x) "=r"(x)
#define FCN_IN(x) "r"(x)
#define FCN_IN_OUT_FLOAT(x) "+f"(x)
#define FCN_IN_FLOAT(x) "f"(x)

#define FCN_LOAD_EIGHT(side, order, shape, type)                                            \
  asm volatile("wmma.load." side ".sync.aligned." order "." shape "." type                  \
               " {%0, %1, %2, %3, %4, %5, %6, %7}, [%8], %9;"                               \
               : FCN_EIGHT(matrix.r, FCN_OUT)                                               \
               : "l"(base), "r"(stride)                                                     \
               : "memory")
#define FCN_LOAD_FOUR(side, order, shape, type)                                             \
  asm volatile("wmma.load." side ".sync.aligned." order "." shape "." type                  \
               " {%0, %1, %2, %3}, [%4], %5;"                                               \
               : FCN_FOUR(matrix.r, FCN_OUT)                                                \
               : "l"(base), "r"(stride)                                                     \
               : "memory")

// `load_rows` reads what lies row by row (a row of A's or of B's is contiguous), `load_columns` what
// lies column by column; `stride` is the distance from one to the next.
#define FCN_LOADS(T, LOAD, shape, type)                                                     \
  template <>                                                                               \
  __device__ __forceinline__ void load_rows(MatrixA<T> &matrix, const T *base, int stride) { \
    LOAD("a", "row", shape, type);                                                          \
  }                                                                                         \
  template <>                                                                               \
  __device__ __forceinline__ void load_columns(MatrixA<T> &matrix, const T *base,           \
                                               int stride) {                                \
    LOAD("a", "col", shape, type);                                                          \
  }                                                                                         \
  template <>                                                                               \
  __device__ __forceinline__ void load_rows(MatrixB<T> &matrix, const T *base, int stride) { \
    LOAD("b", "row", shape, type);                                                          \
  }                                                                                         \
  template <>                                                                               \
  __device__ __forceinline__ void load_columns(MatrixB<T> &matrix, const T *base,           \
                                               int stride) {                                \
    LOAD("b", "col", shape, type);                                                          \
  }

template <typename M, typename T>
__device__ void load_rows(M &matrix, const T *base, int stride);
template <typename M, typename T>
__device__ void load_columns(M &matrix, const T *base, int stride);
template <typename T>
__device__ void multiply_add(Accumulator &sum, const MatrixA<T> &a, const MatrixB<T> &b);

FCN_LOADS(half_t, FCN_LOAD_EIGHT, "m16n16k16", "f16")

template <>
__device__ __forceinline__ void multiply_add(Accumulator &sum, const MatrixA<half_t> &a,
                                             const MatrixB<half_t> &b) {
  asm volatile(
      "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32 "
      "{%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, %11, %12, %13, %14, %15}, "
      "{%16, %17, %18, %19, %20, %21, %22, %23}, {%0, %1, %2, %3, %4, %5, %6, %7};"
      : FCN_EIGHT(sum.r, FCN_IN_OUT_FLOAT)
      : FCN_EIGHT(a.r, FCN_IN), FCN_EIGHT(b.r, FCN_IN));
}

#if __CUDA_ARCH__ >= 800
FCN_LOADS(bfloat_t, FCN_LOAD_FOUR, "m16n16k16", "bf16")

template <>
__device__ __forceinline__ void multiply_add(Accumulator &sum, const MatrixA<bfloat_t> &a,
                                             const MatrixB<bfloat_t> &b) {
  asm volatile(
      "wmma.mma.sync.aligned.row.col.m16n16k16.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, %11}, {%12, %13, %14, %15}, "
      "{%0, %1, %2, %3, %4, %5, %6, %7};"
      : FCN_EIGHT(sum.r, FCN_IN_OUT_FLOAT)
      : FCN_FOUR(a.r, FCN_IN), FCN_FOUR(b.r, FCN_IN));
}

FCN_LOADS(float, FCN_LOAD_FOUR, "m16n16k8", "tf32")

__device__ __forceinline__ unsigned rounded_to_tf32(unsigned bits) {
  unsigned result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(__uint_as_float(bits)));
  return result;
}

// Left to themselves the matrix units would cut the last bits off.
template <>
__device__ __forceinline__ void multiply_add(Accumulator &sum, const MatrixA<float> &a,
                                             const MatrixB<float> &b) {
  asm volatile(
      "wmma.mma.sync.aligned.row.col.m16n16k8.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3, %4, %5, %6, %7}, {%8, %9, %10, %11}, {%12, %13, %14, %15}, "
      "{%0, %1, %2, %3, %4, %5, %6, %7};"
      : FCN_EIGHT(sum.r, FCN_IN_OUT_FLOAT)
      : "r"(rounded_to_tf32(a.r[0])), "r"(rounded_to_tf32(a.r[1])),
        "r"(rounded_to_tf32(a.r[2])), "r"(rounded_to_tf32(a.r[3])),
        "r"(rounded_to_tf32(b.r[0])), "r"(rounded_to_tf32(b.r[1])),
        "r"(rounded_to_tf32(b.r[2])), "r"(rounded_to_tf32(b.r[3])));
}
#endif

// Writes 16 rows of 16 floats, `stride` floats apart.
__device__ __forceinline__ void store_rows(float *base, const Accumulator &sum, int stride) {
  asm volatile(
      "wmma.store.d.sync.aligned.row.m16n16k16.f32 [%0], {%1, %2, %3, %4, %5, %6, %7, %8}, %9;"
      :
      : "l"(base), FCN_EIGHT(sum.r, FCN_IN_FLOAT), "r"(stride)
      : "memory");
}

// ---- Asynchronous copies --------------------------------------------------------------------------

// Copies 16 bytes to shared memory, zeros where `valid` is false; done once `wait_for_copies` has
// returned and the block has met.
__device__ __forceinline__ void copy_async_16(void *shared, const void *global, bool valid) {
#if __CUDA_ARCH__ >= 800
  unsigned target = (unsigned)__cvta_generic_to_shared(shared);
  int bytes = valid ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
               :
               : "r"(target), "l"(global), "r"(bytes)
               : "memory");
#else
  *(uint4 *)shared = valid ? *(const uint4 *)global : make_uint4(0, 0, 0, 0);
#endif
}

// Ends a group of this thread's copies.
__device__ __forceinline__ void commit_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

// Waits until at most N groups of this thread's copies are unfinished.
template <int N>
__device__ __forceinline__ void wait_for_copies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
#endif
}

#endif
