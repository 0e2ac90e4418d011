/* Products by tiles. Part of intrinsics.h. */
#ifndef FCN_TILES_H
#define FCN_TILES_H

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

/* Sums of floats, whose bits are in `sums`, and of the products of two floats of 16 bits and two weights. */
static inline __attribute__((always_inline)) fcn_int32x16 fcn_add_bfloat_products(
    fcn_int32x16 sums, int two, fcn_int8x64 b) {
  const unsigned low = (unsigned)two << 16, high = (unsigned)two & 0xFFFF0000u;
  float even, odd;
  __builtin_memcpy(&even, &low, 4);
  __builtin_memcpy(&odd, &high, 4);
  fcn_int32x16 pairs = (fcn_int32x16)b;
  fcn_float32x16 added = (fcn_float32x16)sums;
  added += (fcn_float32x16)(pairs << 16) * even;
  added += (fcn_float32x16)(pairs & (int)0xFFFF0000) * odd;
  return (fcn_int32x16)added;
}

/* Adds the products of 64 bytes of each row, rows being `row_bytes` apart, and the weights of the first and
   the second columns, [column][4] for every four of those bytes: of sixteen rows from `a` on, and, if both
   are wanted, of sixteen from `other` on. They are bytes without signs and bytes with, or floats of 16 bits;
   which is to be a constant. */
static inline __attribute__((always_inline)) void fcn_tiles_add(
    int *sums, const void *a, const void *other, long row_bytes, _Bool both, _Bool floats,
    const void *first, const void *second) {
#if defined(__AMX_INT8__) && defined(__AMX_BF16__)
#define FCN_TILE_PRODUCT(SUMS, A, B)                                                                   \
  do {                                                                                                 \
    if (floats) __builtin_ia32_tdpbf16ps(SUMS, A, B);                                                  \
    else __builtin_ia32_tdpbusd(SUMS, A, B);                                                           \
  } while (0)
  __builtin_ia32_tileloadd64(4, a, row_bytes);
  __builtin_ia32_tileloadd64(6, first, 64);
  FCN_TILE_PRODUCT(0, 4, 6);
  __builtin_ia32_tileloadd64(7, second, 64);
  FCN_TILE_PRODUCT(2, 4, 7);
  if (!both) return;
  __builtin_ia32_tileloadd64(5, other, row_bytes);
  FCN_TILE_PRODUCT(1, 5, 6);
  FCN_TILE_PRODUCT(3, 5, 7);
#undef FCN_TILE_PRODUCT
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
        sum = floats ? fcn_add_bfloat_products(sum, four, weights)
                     : fcn_add_byte_products(sum, four, weights);
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

#endif
