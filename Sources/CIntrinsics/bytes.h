/* Floats that become bytes or floats of 16 bits. Part of intrinsics.h. */
#ifndef FCN_BYTES_H
#define FCN_BYTES_H

/* The bytes nearest to four, eight and sixteen floats, which are taken for 0 below and for 255 above that:
   added to 1.5 · 2^23 a float's last bits are whole numbers. And bytes as floats. */
#define FCN_BYTES(N)                                                                                   \
  typedef unsigned char fcn_bytes_x##N __attribute__((ext_vector_type(N)));                            \
  static inline __attribute__((always_inline)) void fcn_store_bytes_x##N(                              \
      fcn_floats_x##N a, void *target) {                                                               \
    fcn_floats_x##N bits = fcn_clipped_x##N(a, 0.0f, 255.0f) + 12582912.0f;                            \
    fcn_bytes_x##N bytes = __builtin_convertvector((fcn_bits_x##N)bits & 255, fcn_bytes_x##N);         \
    __builtin_memcpy(target, &bytes, N);                                                               \
  }                                                                                                    \
  static inline __attribute__((always_inline)) fcn_floats_x##N fcn_load_bytes_x##N(                    \
      const void *source) {                                                                            \
    fcn_bytes_x##N bytes;                                                                              \
    __builtin_memcpy(&bytes, source, N);                                                               \
    return __builtin_convertvector(bytes, fcn_floats_x##N);                                            \
  }
FCN_BYTES(4)
FCN_BYTES(8)
FCN_BYTES(16)

/* As `fcn_store_bytes_x16`, of finite floats, where `least`, 0 at least, is taken for what is below it. */
static inline __attribute__((always_inline)) void fcn_store_steps(
    fcn_floats_x16 a, fcn_floats_x16 least, void *target) {
#if defined(__AVX512F__)
  typedef float floats __attribute__((vector_size(64)));
  typedef int ints __attribute__((vector_size(64)));
  typedef char bytes __attribute__((vector_size(16)));
  floats greater = __builtin_ia32_maxps512((floats)a, (floats)least, 4);
  ints steps = (ints)__builtin_ia32_cvtps2dq512_mask(greater, (ints){0}, (unsigned short)-1, 4);
  bytes all = (bytes)__builtin_ia32_pmovusdb512_mask(steps, (bytes){0}, (unsigned short)-1);
  __builtin_memcpy(target, &all, 16);
#else
  fcn_bits_x16 below = a < least;
  fcn_store_bytes_x16(
      (fcn_floats_x16)(((fcn_bits_x16)least & below) | ((fcn_bits_x16)a & ~below)), target);
#endif
}

/* The first 16 bits of a float, rounded to the nearest, of two the even one; NaN stays NaN. */
static inline __attribute__((always_inline)) unsigned short fcn_bfloat(float a) {
  unsigned bits;
  __builtin_memcpy(&bits, &a, 4);
  if ((bits & 0x7FFFFFFF) > 0x7F800000) return (unsigned short)(bits >> 16 | 64);
  return (unsigned short)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* The same of eight pairs: lower halves are what is at `a`, upper ones what is at `b`; 0 where nothing is. */
typedef unsigned fcn_words_x8 __attribute__((ext_vector_type(8)));
typedef unsigned fcn_words_x16 __attribute__((ext_vector_type(16)));
static inline __attribute__((always_inline)) fcn_words_x8 fcn_bfloat_pairs(
    const float *a, const float *b) {
  fcn_words_x8 halves[2] = {0, 0};
  for (int i = 0; i < 2; i++) {
    const float *source = i ? b : a;
    if (!source) continue;
    fcn_words_x8 bits;
    __builtin_memcpy(&bits, source, 32);
    fcn_words_x8 isNaN = (fcn_words_x8)((bits & 0x7FFFFFFF) > 0x7F800000);
    fcn_words_x8 rounded = bits + 0x7FFF + (bits >> 16 & 1);
    halves[i] = (rounded & ~isNaN) | ((bits | 0x400000) & isNaN);
  }
  return halves[0] >> 16 | (halves[1] & 0xFFFF0000);
}

/* Writes `count` pixels of four floats of 16 bits each, of a line of each of four planes; 0 where there is
   none. */
static inline __attribute__((always_inline)) void fcn_store_bfloats(
    const float *a, const float *b, const float *c, const float *d, long count, void *target) {
  long x = 0;
  for (; x + 8 <= count; x += 8) {
    fcn_words_x8 first = fcn_bfloat_pairs(a ? a + x : a, b ? b + x : b);
    fcn_words_x8 second = fcn_bfloat_pairs(c ? c + x : c, d ? d + x : d);
    fcn_words_x16 all = __builtin_shufflevector(
        first, second, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    __builtin_memcpy((char *)target + 8 * x, &all, 64);
  }
  for (; x < count; x++) {
    unsigned short pixel[4] = {
        a ? fcn_bfloat(a[x]) : 0, b ? fcn_bfloat(b[x]) : 0, c ? fcn_bfloat(c[x]) : 0,
        d ? fcn_bfloat(d[x]) : 0};
    __builtin_memcpy((char *)target + 8 * x, pixel, 8);
  }
}

/* Four times sixteen bytes, `step` apart, side by side. */
static inline __attribute__((always_inline)) void fcn_join_bytes(
    const void *source, long step, void *target) {
  typedef unsigned char two __attribute__((ext_vector_type(32)));
  typedef unsigned char four __attribute__((ext_vector_type(64)));
  fcn_bytes_x16 a, b, c, d;
  __builtin_memcpy(&a, source, 16);
  __builtin_memcpy(&b, (const char *)source + step, 16);
  __builtin_memcpy(&c, (const char *)source + 2 * step, 16);
  __builtin_memcpy(&d, (const char *)source + 3 * step, 16);
  two first, second;
  first.lo = a;
  first.hi = b;
  second.lo = c;
  second.hi = d;
  four all;
  all.lo = first;
  all.hi = second;
  __builtin_memcpy(target, &all, 64);
}

/* Sixteen bytes less as many others, in 16 bits. */
static inline __attribute__((always_inline)) fcn_int16x16 fcn_byte_differences(
    const void *source, fcn_int16x16 zeros) {
  fcn_bytes_x16 bytes;
  __builtin_memcpy(&bytes, source, 16);
  return __builtin_convertvector(bytes, fcn_int16x16) - zeros;
}

/* Sixteen floats that are whole numbers, in 16 bits. */
static inline __attribute__((always_inline)) fcn_int16x16 fcn_halves_of_floats(fcn_floats_x16 values) {
  return __builtin_convertvector(__builtin_convertvector(values, fcn_int32x16), fcn_int16x16);
}

#endif
