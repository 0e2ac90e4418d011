/* Instructions that Swift has no words for. */
#ifndef CINTRINSICS_H
#define CINTRINSICS_H

/* Asks for the cache line at `address` to be brought into the second-level cache. Any address will
   do. */
static inline __attribute__((always_inline)) void fcn_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 2);
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

/* Sums of products of tiles: thirty-two rows in two tiles of sixteen, by sixteen columns, then the same rows
   by sixteen others. Tiles are used between the following two. */
static inline __attribute__((always_inline)) void fcn_tiles_begin(void) {
#if defined(__AMX_INT8__)
  /* Eight tiles of sixteen rows of 64 bytes: palette 1; widths of 16 bits, heights of 8. */
  static const struct {
    unsigned char palette, start, reserved[14];
    unsigned short widths[16];
    unsigned char heights[16];
  } shapes = {1, 0, {0}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
  __builtin_ia32_tile_loadconfig(&shapes);
#endif
}

static inline __attribute__((always_inline)) void fcn_tiles_end(void) {
#if defined(__AMX_INT8__)
  __builtin_ia32_tilerelease();
#endif
}

/* Sets the sums of every row to sixteen columns' at `first` and at `second`. Where there are no tiles the
   sums are at `sums`, else in registers until `fcn_tiles_store`. */
static inline __attribute__((always_inline)) void fcn_tiles_start(
    int *sums, const int *first, const int *second) {
#if defined(__AMX_INT8__)
  __builtin_ia32_tileloadd64(0, first, 0);
  __builtin_ia32_tileloadd64(1, first, 0);
  __builtin_ia32_tileloadd64(2, second, 0);
  __builtin_ia32_tileloadd64(3, second, 0);
#else
  for (int row = 0; row < 32; row++) {
    __builtin_memcpy(sums + 16 * row, first, 64);
    __builtin_memcpy(sums + 512 + 16 * row, second, 64);
  }
#endif
}

/* Adds the products of 64 bytes without signs of each row, rows being `row_bytes` apart, and the weights of
   the first and the second columns, [column][4] for every four of those bytes: of sixteen rows from `a` on,
   and, if both are wanted, of sixteen from `other` on. */
static inline __attribute__((always_inline)) void fcn_tiles_add(
    int *sums, const void *a, const void *other, long row_bytes, _Bool both, const void *first,
    const void *second) {
#if defined(__AMX_INT8__)
  __builtin_ia32_tileloadd64(4, a, row_bytes);
  __builtin_ia32_tileloadd64(6, first, 64);
  __builtin_ia32_tdpbusd(0, 4, 6);
  __builtin_ia32_tileloadd64(7, second, 64);
  __builtin_ia32_tdpbusd(2, 4, 7);
  if (!both) return;
  __builtin_ia32_tileloadd64(5, other, row_bytes);
  __builtin_ia32_tdpbusd(1, 5, 6);
  __builtin_ia32_tdpbusd(3, 5, 7);
#else
  for (int row = 0; row < (both ? 32 : 16); row++) {
    const char *start = row < 16 ? (const char *)a + row * row_bytes
                                 : (const char *)other + (row - 16) * row_bytes;
    for (int part = 0; part < 2; part++) {
      int *place = sums + 512 * part + 16 * row;
      fcn_int32x16 sum;
      __builtin_memcpy(&sum, place, 64);
      for (int step = 0; step < 16; step++) {
        int four;
        fcn_int8x64 weights;
        __builtin_memcpy(&four, start + 4 * step, 4);
        __builtin_memcpy(&weights, (const char *)(part ? second : first) + 64 * step, 64);
        sum = fcn_add_byte_products(sum, four, weights);
      }
      __builtin_memcpy(place, &sum, 64);
    }
  }
#endif
}

/* Sums of the first columns, [row][column], then of the second. */
static inline __attribute__((always_inline)) void fcn_tiles_store(int *sums) {
#if defined(__AMX_INT8__)
  __builtin_ia32_tilestored64(0, sums, 64);
  __builtin_ia32_tilestored64(1, sums + 256, 64);
  __builtin_ia32_tilestored64(2, sums + 512, 64);
  __builtin_ia32_tilestored64(3, sums + 768, 64);
#endif
}

/* The lower halves. */
static inline __attribute__((always_inline)) fcn_int16x16 fcn_low_halves(fcn_int32x16 values) {
  return __builtin_convertvector(values, fcn_int16x16);
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
