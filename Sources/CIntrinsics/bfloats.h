/* Products of pairs of floats of 16 bits. Part of intrinsics.h. */
#ifndef FCN_BFLOATS_H
#define FCN_BFLOATS_H

#if defined(__AVX512BF16__)
typedef float fcn_native_floats __attribute__((vector_size(64)));
typedef __bf16 fcn_native_bfloats_x16 __attribute__((vector_size(32)));
typedef __bf16 fcn_native_bfloats_x32 __attribute__((vector_size(64)));
#endif

/* Floats rounded to their first 16 bits. */
static inline __attribute__((always_inline)) fcn_int16x16 fcn_bfloats(fcn_float32x16 a) {
#if defined(__AVX512BF16__)
  return (fcn_int16x16)__builtin_ia32_cvtneps2bf16_512_mask(
      (fcn_native_floats)a, (fcn_native_bfloats_x16)(fcn_int16x16){0}, (unsigned short)-1);
#else
  fcn_int16x16 result;
  for (int i = 0; i < 16; i++) result[i] = (short)fcn_bfloat(a[i]);
  return result;
#endif
}

/* The same of pairs: lower halves are those of `low`, upper ones those of `high`. */
static inline __attribute__((always_inline)) fcn_int32x16 fcn_bfloats_in_pairs(
    fcn_float32x16 low, fcn_float32x16 high) {
#if defined(__AVX512BF16__)
  fcn_int16x32 both = (fcn_int16x32)__builtin_ia32_cvtne2ps2bf16_512(
      (fcn_native_floats)high, (fcn_native_floats)low);
  return (fcn_int32x16)__builtin_shufflevector(
      both, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27,
      12, 28, 13, 29, 14, 30, 15, 31);
#else
  fcn_int32x16 result;
  for (int i = 0; i < 16; i++) {
    result[i] = (int)(fcn_bfloat(low[i]) | (unsigned)fcn_bfloat(high[i]) << 16);
  }
  return result;
#endif
}

/* sums[i] + p[0] b[2i] + p[1] b[2i + 1], where p are the 16-bit halves of `pair`. */
static inline __attribute__((always_inline)) fcn_float32x16 fcn_add_bfloat_pairs(
    fcn_float32x16 sums, int pair, fcn_int32x16 b) {
#if defined(__AVX512BF16__)
  return (fcn_float32x16)__builtin_ia32_dpbf16ps_512(
      (fcn_native_floats)sums, (fcn_native_bfloats_x32)(fcn_int32x16)pair,
      (fcn_native_bfloats_x32)b);
#else
  return (fcn_float32x16)fcn_add_bfloat_products((fcn_int32x16)sums, pair, (fcn_int8x64)b);
#endif
}

#endif
