// CUDA's vector types, aligned as CUDA aligns them.

#ifndef FAKE_CUDA_EMULATOR_TYPES_H
#define FAKE_CUDA_EMULATOR_TYPES_H

// The compiler checks an address for its alignment where a member function is called, but not where
// a structure is copied as a whole: so two and four are copied by functions.
#define FAKE_CUDA_VECTORS(T, name)                                                                \
  struct __attribute__((aligned(2 * sizeof(T)))) name##2 {                                        \
    T x, y;                                                                                       \
    name##2() = default;                                                                          \
    name##2(T x, T y) : x(x), y(y) {}                                                             \
    name##2(const name##2 &v) : x(v.x), y(v.y) {}                                                 \
    name##2 &operator=(const name##2 &v) { return x = v.x, y = v.y, *this; }                      \
  };                                                                                              \
  struct name##3 {                                                                                \
    T x, y, z;                                                                                    \
  };                                                                                              \
  struct __attribute__((aligned(sizeof(T) < 8 ? 4 * sizeof(T) : 16))) name##4 {                   \
    T x, y, z, w;                                                                                 \
    name##4() = default;                                                                          \
    name##4(T x, T y, T z, T w) : x(x), y(y), z(z), w(w) {}                                       \
    name##4(const name##4 &v) : x(v.x), y(v.y), z(v.z), w(v.w) {}                                 \
    name##4 &operator=(const name##4 &v) {                                                        \
      return x = v.x, y = v.y, z = v.z, w = v.w, *this;                                           \
    }                                                                                             \
  };                                                                                              \
  inline name##2 make_##name##2(T x, T y) { return {x, y}; }                                      \
  inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                              \
  inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }

FAKE_CUDA_VECTORS(signed char, char)
FAKE_CUDA_VECTORS(unsigned char, uchar)
FAKE_CUDA_VECTORS(short, short)
FAKE_CUDA_VECTORS(unsigned short, ushort)
FAKE_CUDA_VECTORS(int, int)
FAKE_CUDA_VECTORS(unsigned, uint)
FAKE_CUDA_VECTORS(long long, longlong)
FAKE_CUDA_VECTORS(float, float)
FAKE_CUDA_VECTORS(double, double)

#undef FAKE_CUDA_VECTORS

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

#endif
