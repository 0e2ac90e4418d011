// Least and greatest, bits, and conversions.

#ifndef FAKE_CUDA_EMULATOR_SCALARS_H
#define FAKE_CUDA_EMULATOR_SCALARS_H

extern "C" int abs(int) noexcept;
extern "C" long labs(long) noexcept;
extern "C" long long llabs(long long) noexcept;
inline long abs(long x) { return labs(x); }
inline long long abs(long long x) { return llabs(x); }
inline float abs(float x) { return fabsf(x); }
inline double abs(double x) { return fabs(x); }

// These mixtures and no others: the rest are ambiguous in CUDA as well.
#define FAKE_CUDA_LEAST(Left, Right, Result)                                                      \
  inline Result min(Left left, Right right) {                                                     \
    Result x = static_cast<Result>(left), y = static_cast<Result>(right);                         \
    return x < y ? x : y;                                                                         \
  }                                                                                               \
  inline Result max(Left left, Right right) {                                                     \
    Result x = static_cast<Result>(left), y = static_cast<Result>(right);                         \
    return x > y ? x : y;                                                                         \
  }

FAKE_CUDA_LEAST(int, int, int)
FAKE_CUDA_LEAST(unsigned, unsigned, unsigned)
FAKE_CUDA_LEAST(int, unsigned, unsigned)
FAKE_CUDA_LEAST(unsigned, int, unsigned)
FAKE_CUDA_LEAST(long, long, long)
FAKE_CUDA_LEAST(unsigned long, unsigned long, unsigned long)
FAKE_CUDA_LEAST(long, unsigned long, unsigned long)
FAKE_CUDA_LEAST(unsigned long, long, unsigned long)
FAKE_CUDA_LEAST(long long, long long, long long)
FAKE_CUDA_LEAST(unsigned long long, unsigned long long, unsigned long long)
FAKE_CUDA_LEAST(long long, unsigned long long, unsigned long long)
FAKE_CUDA_LEAST(unsigned long long, long long, unsigned long long)

#undef FAKE_CUDA_LEAST

// Of a number and a NaN the number.
inline float min(float x, float y) { return fminf(x, y); }
inline float max(float x, float y) { return fmaxf(x, y); }
inline double min(double x, double y) { return fmin(x, y); }
inline double max(double x, double y) { return fmax(x, y); }
inline double min(float x, double y) { return fmin(double(x), y); }
inline double max(float x, double y) { return fmax(double(x), y); }
inline double min(double x, float y) { return fmin(x, double(y)); }
inline double max(double x, float y) { return fmax(x, double(y)); }

inline int __float_as_int(float x) { return fake_cuda::bits_as<int>(x); }
inline unsigned __float_as_uint(float x) { return fake_cuda::bits_as<unsigned>(x); }
inline float __int_as_float(int x) { return fake_cuda::bits_as<float>(x); }
inline float __uint_as_float(unsigned x) { return fake_cuda::bits_as<float>(x); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline unsigned __brev(unsigned x) { return __builtin_bitreverse32(x); }
inline unsigned __umulhi(unsigned x, unsigned y) {
  return static_cast<unsigned>(static_cast<unsigned long long>(x) * y >> 32);
}

namespace fake_cuda {

// To the nearest integer there is, 0 for a NaN. `x` is whole.
template <typename T>
inline T saturated(float x, T least, T greatest) {
  if (__builtin_isnan(x)) return 0;
  if (x <= static_cast<float>(least)) return least;
  return x >= static_cast<float>(greatest) ? greatest : static_cast<T>(x);
}

inline int to_int(float x) { return saturated<int>(x, -0x7FFFFFFF - 1, 0x7FFFFFFF); }
inline unsigned to_unsigned(float x) { return saturated<unsigned>(x, 0, ~0u); }

}  // namespace fake_cuda

inline int __float2int_rn(float x) { return fake_cuda::to_int(rintf(x)); }
inline int __float2int_rz(float x) { return fake_cuda::to_int(truncf(x)); }
inline int __float2int_rd(float x) { return fake_cuda::to_int(floorf(x)); }
inline int __float2int_ru(float x) { return fake_cuda::to_int(ceilf(x)); }
inline unsigned __float2uint_rn(float x) { return fake_cuda::to_unsigned(rintf(x)); }
inline unsigned __float2uint_rz(float x) { return fake_cuda::to_unsigned(truncf(x)); }
inline unsigned __float2uint_rd(float x) { return fake_cuda::to_unsigned(floorf(x)); }
inline unsigned __float2uint_ru(float x) { return fake_cuda::to_unsigned(ceilf(x)); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }

template <typename T>
inline T __ldg(const T *address) {
  return *address;
}

#endif
