// The sums of a block of a product of matrices, TILE_ROWS by TILE_COLUMNS, which its threads share out
// among them: how they begin, and how they come to lie in shared memory. What is added to them is for
// whoever includes this to say.
#include "kernel.cuh"

// Rows of what is staged fall into different banks.
#define STAGED_ROW (TILE_COLUMNS + 4)

#if MATRIX_UNITS
// Eight warps, two by four, each with a part of the tile.
#define WARP_ROWS (TILE_ROWS / 2)
#define WARP_COLUMNS (TILE_COLUMNS / 4)

struct TileSums {
  Accumulator part[WARP_ROWS / 16][WARP_COLUMNS / 16];

  __device__ void clear_all() {
#pragma unroll
    for (int i = 0; i < WARP_ROWS / 16; i++) {
#pragma unroll
      for (int j = 0; j < WARP_COLUMNS / 16; j++) clear(part[i][j]);
    }
  }

  __device__ void stage(float *staged) const {
    int warp = threadIdx.x / 32;
    staged += warp / 4 * WARP_ROWS * STAGED_ROW + warp % 4 * WARP_COLUMNS;
#pragma unroll
    for (int i = 0; i < WARP_ROWS / 16; i++) {
#pragma unroll
      for (int j = 0; j < WARP_COLUMNS / 16; j++) {
        store_rows(staged + i * 16 * STAGED_ROW + j * 16, part[i][j], STAGED_ROW);
      }
    }
  }
};
#else
// Sixteen by sixteen threads, each with every sixteenth row and column of the tile.
struct TileSums {
  float part[TILE_ROWS / 16][TILE_COLUMNS / 16];

  __device__ void clear_all() {
#pragma unroll
    for (int i = 0; i < TILE_ROWS / 16; i++) {
#pragma unroll
      for (int j = 0; j < TILE_COLUMNS / 16; j++) part[i][j] = 0;
    }
  }

  __device__ void stage(float *staged) const {
    staged += threadIdx.x / 16 * STAGED_ROW + threadIdx.x % 16;
#pragma unroll
    for (int i = 0; i < TILE_ROWS / 16; i++) {
#pragma unroll
      for (int j = 0; j < TILE_COLUMNS / 16; j++) staged[i * 16 * STAGED_ROW + j * 16] = part[i][j];
    }
  }
};
#endif
