/* Instructions that Swift has no words for. */
#ifndef CINTRINSICS_H
#define CINTRINSICS_H

/* Vectors are arguments of functions that are always inlined: there is no call whose convention could depend
   on the instruction set. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"

/* Asks for the cache line at `address` to be brought into the second-level cache. Any address will
   do. */
static inline __attribute__((always_inline)) void fcn_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 2);
}

/* The same of what is read once, and soon: it comes to the first-level cache. */
static inline __attribute__((always_inline)) void fcn_prefetch_soon(const void *address) {
  __builtin_prefetch(address, 0, 3);
}

/* `value`, of which the compiler then knows nothing: a loop of so many turns is not unrolled, which for
   micro-kernels would mean more values at a time than there are registers. */
static inline __attribute__((always_inline)) long fcn_unknown(long value) {
  __asm__("" : "+r"(value));
  return value;
}

/* Tells the processor that this thread waits for another's write. */
static inline __attribute__((always_inline)) void fcn_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

typedef int fcn_int32x4 __attribute__((ext_vector_type(4)));
typedef int fcn_int32x16 __attribute__((ext_vector_type(16)));
typedef short fcn_int16x16 __attribute__((ext_vector_type(16)));
typedef short fcn_int16x32 __attribute__((ext_vector_type(32)));
typedef float fcn_float32x16 __attribute__((ext_vector_type(16)));
typedef float fcn_float32x4 __attribute__((ext_vector_type(4)));

/* Four rows of four floats, `stride` apart, as columns to `target`, where rows are `target_stride` apart. */
static inline __attribute__((always_inline)) void fcn_transpose_x4(
    const float *source, long stride, float *target, long target_stride) {
  fcn_float32x4 a, b, c, d;
  __builtin_memcpy(&a, source, 16);
  __builtin_memcpy(&b, source + stride, 16);
  __builtin_memcpy(&c, source + 2 * stride, 16);
  __builtin_memcpy(&d, source + 3 * stride, 16);
  fcn_float32x4 low_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  fcn_float32x4 high_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  fcn_float32x4 low_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  fcn_float32x4 high_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  a = __builtin_shufflevector(low_ab, low_cd, 0, 1, 4, 5);
  b = __builtin_shufflevector(low_ab, low_cd, 2, 3, 6, 7);
  c = __builtin_shufflevector(high_ab, high_cd, 0, 1, 4, 5);
  d = __builtin_shufflevector(high_ab, high_cd, 2, 3, 6, 7);
  __builtin_memcpy(target, &a, 16);
  __builtin_memcpy(target + target_stride, &b, 16);
  __builtin_memcpy(target + 2 * target_stride, &c, 16);
  __builtin_memcpy(target + 3 * target_stride, &d, 16);
}

/* sums[i] + p[0] b[2i] + p[1] b[2i + 1], in 32 bits, where p are the 16-bit halves of `pair`. Splats and
   branches together make Swift 6.3's compiler crash, so the splat is here. */
static inline __attribute__((always_inline)) fcn_int32x16 fcn_add_pair_products(
    fcn_int32x16 sums, int pair, fcn_int16x32 b) {
  fcn_int16x32 a = (fcn_int16x32)(fcn_int32x16)pair;
#if defined(__AVX512VNNI__)
  typedef int ints __attribute__((vector_size(64)));
  return (fcn_int32x16)__builtin_ia32_vpdpwssd512((ints)sums, (ints)a, (ints)b);
#elif defined(__AVX512BW__)
  typedef short shorts __attribute__((vector_size(64)));
  return sums + (fcn_int32x16)__builtin_ia32_pmaddwd512((shorts)a, (shorts)b);
#elif defined(__AVX2__)
  typedef short shorts __attribute__((vector_size(32)));
  typedef int ints __attribute__((ext_vector_type(8)));
  fcn_int32x16 products;
  products.lo = (ints)__builtin_ia32_pmaddwd256((shorts)a.lo, (shorts)b.lo);
  products.hi = (ints)__builtin_ia32_pmaddwd256((shorts)a.hi, (shorts)b.hi);
  return sums + products;
#elif defined(__SSE2__)
  typedef short shorts __attribute__((ext_vector_type(8)));
  union {
    fcn_int32x16 all;
    fcn_int32x4 four[4];
  } products;
  union {
    fcn_int16x32 all;
    shorts eight[4];
  } left = {a}, right = {b};
  for (int i = 0; i < 4; i++) {
    products.four[i] = (fcn_int32x4)__builtin_ia32_pmaddwd128(left.eight[i], right.eight[i]);
  }
  return sums + products.all;
#else
  return sums
      + __builtin_convertvector(a.even, fcn_int32x16) * __builtin_convertvector(b.even, fcn_int32x16)
      + __builtin_convertvector(a.odd, fcn_int32x16) * __builtin_convertvector(b.odd, fcn_int32x16);
#endif
}

typedef signed char fcn_int8x64 __attribute__((ext_vector_type(64)));

/* sums[i] + q[0] b[4i] + … + q[3] b[4i + 3], in 32 bits, where q are the bytes of `four` without signs. */
static inline __attribute__((always_inline)) fcn_int32x16 fcn_add_byte_products(
    fcn_int32x16 sums, int four, fcn_int8x64 b) {
#if defined(__AVX512VNNI__)
  typedef int ints __attribute__((vector_size(64)));
  return (fcn_int32x16)__builtin_ia32_vpdpbusd512((ints)sums, (ints)(fcn_int32x16)four, (ints)b);
#else
  fcn_int32x16 fours = (fcn_int32x16)b;
  for (int i = 0; i < 4; i++) {
    sums += (fours << (24 - 8 * i) >> 24) * (four >> 8 * i & 255);
  }
  return sums;
#endif
}

/* max(a, 0), and min(max(a, low), high), of four, eight and sixteen floats; a NaN stays one. Swift compares
   lane by lane where registers are few. */
#define FCN_BOUNDS(N)                                                                                  \
  typedef int fcn_bits_x##N __attribute__((ext_vector_type(N)));                                       \
  typedef float fcn_floats_x##N __attribute__((ext_vector_type(N)));                                   \
  static inline __attribute__((always_inline)) fcn_floats_x##N fcn_rectified_x##N(                     \
      fcn_floats_x##N a) {                                                                             \
    return (fcn_floats_x##N)((fcn_bits_x##N)a & ~(fcn_bits_x##N)(a < 0.0f));                           \
  }                                                                                                    \
  static inline __attribute__((always_inline)) fcn_floats_x##N fcn_clipped_x##N(                       \
      fcn_floats_x##N a, float low, float high) {                                                      \
    fcn_floats_x##N least = low, most = high;                                                          \
    fcn_bits_x##N below = a < least, above = a > most;                                                 \
    fcn_bits_x##N within = (fcn_bits_x##N)a & ~(below | above);                                        \
    return (fcn_floats_x##N)(                                                                          \
        within | ((fcn_bits_x##N)least & below) | ((fcn_bits_x##N)most & above));                      \
  }
FCN_BOUNDS(4)
FCN_BOUNDS(8)
FCN_BOUNDS(16)

/* Whether none of four, eight or sixteen floats is NaN or infinite: x · 0 is zero for all others. */
#define FCN_FINITE(N)                                                                                  \
  static inline __attribute__((always_inline)) int fcn_are_finite_x##N(fcn_floats_x##N a) {            \
    fcn_floats_x##N zeros = a * 0.0f;                                                                  \
    return __builtin_reduce_or((fcn_bits_x##N)(zeros != zeros)) == 0;                                  \
  }
FCN_FINITE(4)
FCN_FINITE(8)
FCN_FINITE(16)

/* Sets what several threads may set at a time. */
static inline __attribute__((always_inline)) void fcn_raise(int *flag) {
  __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
}

/* The even ones of thirty-two floats: of `a`, then of `b`. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_even_of(
    fcn_float32x16 a, fcn_float32x16 b) {
  return __builtin_shufflevector(
      a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

/* The larger of each pair; NaN where either is. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_larger(
    fcn_float32x16 a, fcn_float32x16 b) {
  fcn_int32x16 takes = ~(fcn_int32x16)(b <= a) & (fcn_int32x16)(a == a);
  return (fcn_float32x16)(((fcn_int32x16)b & takes) | ((fcn_int32x16)a & ~takes));
}

/* The larger of each pair, and the lesser, where neither is NaN. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_greater(
    fcn_float32x16 a, fcn_float32x16 b) {
  fcn_int32x16 takes = (fcn_int32x16)(a > b);
  return (fcn_float32x16)(((fcn_int32x16)a & takes) | ((fcn_int32x16)b & ~takes));
}
static inline __attribute__((always_inline)) fcn_float32x16 fcn_lesser(
    fcn_float32x16 a, fcn_float32x16 b) {
  fcn_int32x16 takes = (fcn_int32x16)(a < b);
  return (fcn_float32x16)(((fcn_int32x16)a & takes) | ((fcn_int32x16)b & ~takes));
}

/* What of each is there where `by` is above zero; else 0. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_where_positive(
    fcn_float32x16 a, fcn_float32x16 by) {
  return (fcn_float32x16)((fcn_int32x16)a & (fcn_int32x16)(by > 0.0f));
}

/* What of each is there where `value` is `best` or NaN; else 0. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_where_best(
    fcn_float32x16 a, fcn_float32x16 value, fcn_float32x16 best) {
  return (fcn_float32x16)(
      (fcn_int32x16)a & ((fcn_int32x16)(value == best) | (fcn_int32x16)(value != value)));
}

/* What of each is not there in `part`, which has all or nothing of it. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_without(
    fcn_float32x16 a, fcn_float32x16 part) {
  return (fcn_float32x16)((fcn_int32x16)a ^ (fcn_int32x16)part);
}

/* The lower halves. */
static inline __attribute__((always_inline)) fcn_int16x16 fcn_low_halves(fcn_int32x16 values) {
  return __builtin_convertvector(values, fcn_int16x16);
}

/* The lower halves of `low` as lower ones beside those of `high` as upper ones. */
static inline __attribute__((always_inline)) fcn_int32x16 fcn_lower_halves_of(
    fcn_int32x16 low, fcn_int32x16 high) {
  fcn_int16x32 halves = __builtin_shufflevector(
      (fcn_int16x32)low, (fcn_int16x32)high, 0, 32, 2, 34, 4, 36, 6, 38, 8, 40, 10, 42, 12, 44, 14,
      46, 16, 48, 18, 50, 20, 52, 22, 54, 24, 56, 26, 58, 28, 60, 30, 62);
  return (fcn_int32x16)halves;
}

/* As floats. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_floats_of_words(
    fcn_int32x16 values) {
  return __builtin_convertvector(values, fcn_float32x16);
}

/* As floats, times both scales. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_scaled(
    fcn_int32x16 values, float scale, fcn_float32x16 scales) {
  return __builtin_convertvector(values, fcn_float32x16) * (scales * scale);
}

static inline __attribute__((always_inline)) int fcn_greatest(fcn_int32x16 values) {
  return __builtin_reduce_max(values);
}

/* From integers of 16 bits. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_floats_of_halves(
    fcn_int16x16 values) {
  return __builtin_convertvector(values, fcn_float32x16);
}

#include "bytes.h"
#include "tiles.h"
#include "bfloats.h"

#pragma clang diagnostic pop

#endif
