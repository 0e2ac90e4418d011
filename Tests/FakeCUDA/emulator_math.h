// Mathematics under the names that CUDA C++ gives it, with the C library's precision.

#ifndef FAKE_CUDA_EMULATOR_MATH_H
#define FAKE_CUDA_EMULATOR_MATH_H

#define FAKE_CUDA_FUNCTION(name)                                                                  \
  extern "C" double name(double) noexcept;                                                        \
  extern "C" float name##f(float) noexcept;                                                       \
  inline float name(float x) { return name##f(x); }

FAKE_CUDA_FUNCTION(acos)
FAKE_CUDA_FUNCTION(asin)
FAKE_CUDA_FUNCTION(atan)
FAKE_CUDA_FUNCTION(cbrt)
FAKE_CUDA_FUNCTION(ceil)
FAKE_CUDA_FUNCTION(cos)
FAKE_CUDA_FUNCTION(cosh)
FAKE_CUDA_FUNCTION(erf)
FAKE_CUDA_FUNCTION(erfc)
FAKE_CUDA_FUNCTION(exp)
FAKE_CUDA_FUNCTION(exp2)
FAKE_CUDA_FUNCTION(expm1)
FAKE_CUDA_FUNCTION(fabs)
FAKE_CUDA_FUNCTION(floor)
FAKE_CUDA_FUNCTION(log)
FAKE_CUDA_FUNCTION(log10)
FAKE_CUDA_FUNCTION(log1p)
FAKE_CUDA_FUNCTION(log2)
FAKE_CUDA_FUNCTION(nearbyint)
FAKE_CUDA_FUNCTION(rint)
FAKE_CUDA_FUNCTION(round)
FAKE_CUDA_FUNCTION(sin)
FAKE_CUDA_FUNCTION(sinh)
FAKE_CUDA_FUNCTION(sqrt)
FAKE_CUDA_FUNCTION(tan)
FAKE_CUDA_FUNCTION(tanh)
FAKE_CUDA_FUNCTION(trunc)

#undef FAKE_CUDA_FUNCTION

#define FAKE_CUDA_FUNCTION(name)                                                                  \
  extern "C" double name(double, double) noexcept;                                                \
  extern "C" float name##f(float, float) noexcept;                                                \
  inline float name(float x, float y) { return name##f(x, y); }

FAKE_CUDA_FUNCTION(atan2)
FAKE_CUDA_FUNCTION(copysign)
FAKE_CUDA_FUNCTION(fdim)
FAKE_CUDA_FUNCTION(fmax)
FAKE_CUDA_FUNCTION(fmin)
FAKE_CUDA_FUNCTION(fmod)
FAKE_CUDA_FUNCTION(hypot)
FAKE_CUDA_FUNCTION(pow)

#undef FAKE_CUDA_FUNCTION

extern "C" double fma(double, double, double) noexcept;
extern "C" float fmaf(float, float, float) noexcept;
inline float fma(float x, float y, float z) { return fmaf(x, y, z); }

inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline float rsqrt(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }

inline float __cosf(float x) { return cosf(x); }
inline float __expf(float x) { return expf(x); }
inline float __log2f(float x) { return log2f(x); }
inline float __logf(float x) { return logf(x); }
inline float __powf(float x, float y) { return powf(x, y); }
inline float __sinf(float x) { return sinf(x); }

inline bool isnan(float x) { return __builtin_isnan(x); }
inline bool isnan(double x) { return __builtin_isnan(x); }
inline bool isinf(float x) { return __builtin_isinf(x); }
inline bool isinf(double x) { return __builtin_isinf(x); }
inline bool isfinite(float x) { return __builtin_isfinite(x); }
inline bool isfinite(double x) { return __builtin_isfinite(x); }

// A separate rounding, whatever may become of products and sums elsewhere.
#define FAKE_CUDA_ROUNDED(name, operation)                                                        \
  inline float name(float x, float y) {                                                           \
    _Pragma("clang fp contract(off)") return x operation y;                                       \
  }

FAKE_CUDA_ROUNDED(__fadd_rn, +)
FAKE_CUDA_ROUNDED(__fsub_rn, -)
FAKE_CUDA_ROUNDED(__fmul_rn, *)
FAKE_CUDA_ROUNDED(__fdiv_rn, /)
FAKE_CUDA_ROUNDED(__fdividef, /)

#undef FAKE_CUDA_ROUNDED

inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __frcp_rn(float x) { return 1 / x; }
inline float __frsqrt_rn(float x) { return 1 / sqrtf(x); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __saturatef(float x) { return fminf(fmaxf(x, 0), 1); }

#endif
