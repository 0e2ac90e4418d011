// The gradient of a convolution by its weights: for every element of the kernel a product of matrices,
// output channels by output pixels times output pixels by input channels. A block makes a tile of
// TILE by TILE channels of one element of the kernel, summed over some of the pixels.
#define TILE_ROWS TILE
#define TILE_COLUMNS TILE
#include "tile.cuh"

#define CHUNK ((int)(16 / sizeof(INPUT)))
// Pixels of a slice.
#define DEPTH (sizeof(INPUT) == 2 ? 32 : 16)
#define ROW (TILE + CHUNK)
#define CHUNKS (TILE / CHUNK)
#define STAGES 2

#if MATRIX_UNITS
struct Sums : TileSums {
  __device__ void add(const INPUT *left, const INPUT *right) {
    int warp = threadIdx.x / 32;
    left += warp / 4 * WARP_ROWS;
    right += warp % 4 * WARP_COLUMNS;
#pragma unroll
    for (int k = 0; k < DEPTH; k += MatrixShape<INPUT>::depth) {
      MatrixA<INPUT> a[WARP_ROWS / 16];
#pragma unroll
      for (int i = 0; i < WARP_ROWS / 16; i++) load_columns(a[i], left + k * ROW + i * 16, ROW);
#pragma unroll
      for (int j = 0; j < WARP_COLUMNS / 16; j++) {
        MatrixB<INPUT> b;
        load_rows(b, right + k * ROW + j * 16, ROW);
#pragma unroll
        for (int i = 0; i < WARP_ROWS / 16; i++) multiply_add(part[i][j], a[i], b);
      }
    }
  }
};
#else
struct Sums : TileSums {
  __device__ void add(const INPUT *left, const INPUT *right) {
    left += threadIdx.x / 16;
    right += threadIdx.x % 16;
    for (int k = 0; k < DEPTH; k++) {
      float b[TILE / 16];
#pragma unroll
      for (int j = 0; j < TILE / 16; j++) b[j] = widened(right[k * ROW + j * 16]);
#pragma unroll
      for (int i = 0; i < TILE / 16; i++) {
        float a = widened(left[k * ROW + i * 16]);
#pragma unroll
        for (int j = 0; j < TILE / 16; j++) part[i][j] += a * b[j];
      }
    }
  }
};
#endif

__device__ __forceinline__ int whole_groups(int channels) { return (channels + 7) / 8 * 8; }

FCN_KERNEL(weight_gradient, FCN_THREADS, fcn_weight_gradient_call) {
  FCN_DYNAMIC_SHARED(shared);
  INPUT *slices = (INPUT *)shared;
  int inputs = whole_groups(p.input_channels), outputs = whole_groups(p.output_channels);
  int column_tiles = (inputs + TILE - 1) / TILE, row_tiles = (outputs + TILE - 1) / TILE;
  int position = blockIdx.x / column_tiles;
  int first_input = blockIdx.x % column_tiles * TILE;
  int group = blockIdx.y / row_tiles, first_output = blockIdx.y % row_tiles * TILE;
  int down = position / p.kernel.w * p.dilation.h - p.padding.h;
  int right = position % p.kernel.w * p.dilation.w - p.padding.w;
  int plane = p.gradient.height * p.gradient.width;
  int first = blockIdx.z * p.split_pixels;
  int end = min(first + p.split_pixels, p.gradient.pictures * plane);
  int steps = max(0, (end - first + DEPTH - 1) / DEPTH), fetched = 0;

  auto fetch = [&]() {
    INPUT *target = slices + fetched % STAGES * 2 * DEPTH * ROW;
    if (fetched < steps) {
      for (int i = threadIdx.x; i < DEPTH * CHUNKS; i += FCN_THREADS) {
        int row = i / CHUNKS, channel = i % CHUNKS * CHUNK;
        int pixel = first + fetched * DEPTH + row;
        int n = pixel / plane, y = pixel % plane / p.gradient.width;
        int x = pixel % p.gradient.width;
        bool valid = pixel < end;
        bool left_valid = valid && first_output + channel < outputs;
        const INPUT *left = pointer<const INPUT>(p.gradient.address);
        if (left_valid) {
          left = element<const INPUT>(
              p.gradient, n, y, x, group * p.output_channels + first_output + channel);
        }
        copy_async_16(target + row * ROW + channel, left, left_valid);
        y = y * p.stride.h + down, x = x * p.stride.w + right;
        bool right_valid = valid && first_input + channel < inputs &&
                           (unsigned)y < (unsigned)p.input.height &&
                           (unsigned)x < (unsigned)p.input.width;
        const INPUT *source = pointer<const INPUT>(p.input.address);
        if (right_valid) {
          source = element<const INPUT>(
              p.input, n, y, x, group * p.input_channels + first_input + channel);
        }
        copy_async_16(target + (DEPTH + row) * ROW + channel, source, right_valid);
      }
    }
    commit_copies();
    fetched++;
  };

  Sums sums;
  sums.clear_all();
  fetch();
  for (int step = 0; step < steps; step++) {
    wait_for_copies<0>();
    __syncthreads();
    fetch();
    const INPUT *slice = slices + step % STAGES * 2 * DEPTH * ROW;
    sums.add(slice, slice + DEPTH * ROW);
  }
  wait_for_copies<0>();
  __syncthreads();
  float *staged = (float *)shared;
  sums.stage(staged);
  __syncthreads();
  int positions = p.kernel.h * p.kernel.w;
  for (int i = threadIdx.x; i < TILE * TILE; i += FCN_THREADS) {
    int output = first_output + i / TILE, input = first_input + i % TILE;
    if (output >= p.output_channels || input >= inputs) continue;
    int64_t row = (int64_t)blockIdx.z * p.groups * p.output_channels +
                  group * p.output_channels + output;
    pointer<float>(p.partials)[(row * positions + position) * inputs + input] =
        staged[i / TILE * STAGED_ROW + i % TILE];
  }
}
