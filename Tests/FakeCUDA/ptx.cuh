// What the kernels ask of PTX, in C++: 16-bit numbers, matrix units, asynchronous copies.

#ifndef FAKE_CUDA_PTX_CUH
#define FAKE_CUDA_PTX_CUH

// MARK: Numbers

struct half_t {
  unsigned short bits;
};

struct bfloat_t {
  unsigned short bits;
};

inline float widened(float x) { return x; }

inline float widened(bfloat_t x) { return __uint_as_float(static_cast<unsigned>(x.bits) << 16); }

// The product with 2¹¹² moves the exponent, which makes subnormal numbers normal ones as well.
inline float widened(half_t x) {
  unsigned magnitude = x.bits & 0x7FFFu, sign = (x.bits & 0x8000u) << 16;
  float moved = __uint_as_float(magnitude << 13) * 0x1p112f;
  unsigned special = 0x7F800000u | magnitude << 13;
  return __uint_as_float(sign | (magnitude < 0x7C00u ? __float_as_uint(moved) : special));
}

template <typename T>
T narrowed(float x);

template <>
inline float narrowed<float>(float x) {
  return x;
}

template <>
inline bfloat_t narrowed<bfloat_t>(float x) {
  unsigned bits = __float_as_uint(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<unsigned short>(bits >> 16 | 0x40u)};
  return {static_cast<unsigned short>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16)};
}

template <>
inline half_t narrowed<half_t>(float x) {
  unsigned bits = __float_as_uint(x), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7FFFFFFFu;
  unsigned half;
  if (magnitude > 0x7F800000u) {
    half = 0x7E00u;
  } else if (magnitude >= 0x477FF000u) {
    // Halfway between the greatest number and the one that would follow, or more.
    half = 0x7C00u;
  } else if (magnitude < 0x38800000u) {
    // Beside 0.5 a float's last bit is worth what a subnormal's is: the sum rounds as wanted.
    half = __float_as_uint(__uint_as_float(magnitude) + 0.5f) - 0x3F000000u;
  } else {
    half = (magnitude - 0x38000000u + 0xFFFu + (magnitude >> 13 & 1)) >> 13;
  }
  return {static_cast<unsigned short>(sign | half)};
}

// MARK: Matrix units

namespace fake_cuda {

// To 10 bits after the point, ties away from zero.
inline float as_factor(float x) {
  unsigned bits = __float_as_uint(x);
  if ((bits & 0x7F800000u) == 0x7F800000u) return x;
  return __uint_as_float((bits + 0x1000u) & ~0x1FFFu);
}

inline float as_factor(half_t x) { return widened(x); }
inline float as_factor(bfloat_t x) { return widened(x); }

// A warp's registers, all of them in its first lane. What was never loaded is NaN there.
template <int rows, int columns>
struct Fragment {
  float values[rows][columns];

  Fragment() {
    if (block.current->lane == 0) memset(values, 0xFF, sizeof values);
  }
};

enum class Matrix { clear, load_rows, load_columns, multiply_add, store_rows };

// Whether this lane is the one that does the work. Every lane of a warp must come here, with the
// same arguments.
inline bool is_worker(Matrix operation, const void *base = nullptr, int stride = 0) {
  Thread &thread = *block.current;
  unsigned long long digest = thread.matrix_operations;
  const size_t words[] = {static_cast<size_t>(operation) + 1, reinterpret_cast<size_t>(base),
      static_cast<size_t>(stride)};
  for (size_t word : words) digest = (digest ^ word) * 0x9E3779B97F4A7C15u ^ digest >> 29;
  thread.matrix_operations = digest ? digest : 1;
  return thread.lane == 0;
}

template <typename T>
inline bool is_worker(Matrix operation, const T *base, int stride) {
  if (reinterpret_cast<size_t>(base) % 32 != 0) {
    fail(block.current, "a matrix at %p, which is no multiple of 32", base);
  }
  if (stride * static_cast<long>(sizeof(T)) % 16 != 0) {
    fail(block.current, "a matrix whose rows are %ld bytes apart, which is no multiple of 16",
        stride * static_cast<long>(sizeof(T)));
  }
  return is_worker(operation, static_cast<const void *>(base), stride);
}

// `count` numbers that lie one after the other, which the compiler converts several at a time.
template <int count, typename T>
__attribute__((no_sanitize("alignment"))) inline void load_line(float *line, const T *from) {
  for (int i = 0; i < count; i++) line[i] = as_factor(from[i]);
}

template <int rows, int columns, typename T>
inline void load_fragment(
    Matrix operation, Fragment<rows, columns> &to, const T *base, int stride) {
  if (!is_worker(operation, base, stride)) return;
  if (operation == Matrix::load_rows) {
    for (int i = 0; i < rows; i++) load_line<columns>(to.values[i], base + i * long(stride));
    return;
  }
  for (int i = 0; i < columns; i++) {
    float column[rows];
    load_line<rows>(column, base + i * long(stride));
    for (int k = 0; k < rows; k++) to.values[k][i] = column[k];
  }
}

}  // namespace fake_cuda

template <typename T>
struct MatrixShape;

template <>
struct MatrixShape<half_t> {
  static const int depth = 16;
};

template <>
struct MatrixShape<bfloat_t> {
  static const int depth = 16;
};

template <>
struct MatrixShape<float> {
  static const int depth = 8;
};

template <typename T>
struct MatrixA : fake_cuda::Fragment<16, MatrixShape<T>::depth> {};

template <typename T>
struct MatrixB : fake_cuda::Fragment<MatrixShape<T>::depth, 16> {};

struct Accumulator : fake_cuda::Fragment<16, 16> {};

inline void clear(Accumulator &sums) {
  if (fake_cuda::is_worker(fake_cuda::Matrix::clear)) memset(sums.values, 0, sizeof sums.values);
}

template <typename T>
inline void load_rows(MatrixA<T> &a, const T *base, int stride) {
  fake_cuda::load_fragment(fake_cuda::Matrix::load_rows, a, base, stride);
}

template <typename T>
inline void load_columns(MatrixA<T> &a, const T *base, int stride) {
  fake_cuda::load_fragment(fake_cuda::Matrix::load_columns, a, base, stride);
}

template <typename T>
inline void load_rows(MatrixB<T> &b, const T *base, int stride) {
  fake_cuda::load_fragment(fake_cuda::Matrix::load_rows, b, base, stride);
}

template <typename T>
inline void load_columns(MatrixB<T> &b, const T *base, int stride) {
  fake_cuda::load_fragment(fake_cuda::Matrix::load_columns, b, base, stride);
}

template <typename T>
inline void multiply_add(Accumulator &sums, const MatrixA<T> &a, const MatrixB<T> &b) {
#pragma clang fp contract(fast)
  if (!fake_cuda::is_worker(fake_cuda::Matrix::multiply_add)) return;
  for (int i = 0; i < 16; i++) {
    // A row that is nobody else's can stay in registers.
    float row[16];
    memcpy(row, sums.values[i], sizeof row);
    for (int k = 0; k < MatrixShape<T>::depth; k++) {
      float factor = a.values[i][k];
      for (int j = 0; j < 16; j++) row[j] += factor * b.values[k][j];
    }
    memcpy(sums.values[i], row, sizeof row);
  }
}

inline void store_rows(float *base, const Accumulator &sums, int stride) {
  if (!fake_cuda::is_worker(fake_cuda::Matrix::store_rows, base, stride)) return;
  for (int row = 0; row < 16; row++) {
    memcpy(base + row * static_cast<long>(stride), sums.values[row], sizeof sums.values[row]);
  }
}

// MARK: Asynchronous copies

// The destination is filled with NaN until the wait, so that a missing wait shows.
inline void copy_async_16(void *shared, const void *global, bool valid) {
  using namespace fake_cuda;
  Thread &thread = *block.current;
  if (reinterpret_cast<size_t>(shared) % 16 != 0) fail(&thread, "copies to misaligned %p", shared);
  if (valid && reinterpret_cast<size_t>(global) % 16 != 0) {
    fail(&thread, "copies from misaligned %p", global);
  }
  if (thread.copy_count == thread.copy_capacity) {
    thread.copy_capacity = thread.copy_capacity ? 2 * thread.copy_capacity : 16;
    void *grown = realloc(thread.copies, thread.copy_capacity * sizeof(Copy));
    if (!grown) fail(&thread, "no memory for its copies");
    thread.copies = static_cast<Copy *>(grown);
  }
  memset(shared, 0xFF, 16);
  thread.copies[thread.copy_count++] = {
      shared, valid ? global : nullptr, thread.committed_groups + 1};
}

inline void commit_copies() { fake_cuda::block.current->committed_groups++; }

template <int N>
inline void wait_for_copies() {
  using namespace fake_cuda;
  Thread &thread = *block.current;
  unsigned finished = 0;
  while (finished < thread.copy_count) {
    const Copy &copy = thread.copies[finished];
    if (copy.group + N > thread.committed_groups) break;
    if (copy.source) {
      memcpy(copy.destination, copy.source, 16);
    } else {
      memset(copy.destination, 0, 16);
    }
    finished++;
  }
  thread.copy_count -= finished;
  memmove(thread.copies, thread.copies + finished, thread.copy_count * sizeof(Copy));
}

#endif
