// Convolution as a product of matrices whose left-hand side, every window of the input unfolded into
// a row, exists in no memory: its elements are fetched from the input as they are wanted.
//
// A block makes TILE_ROWS output pixels of TILE_COLUMNS channels, from slices of the sums that three
// buffers in shared memory take turns to hold. MATRIX_UNITS tells whether warps multiply on the matrix
// units (INPUT half_t, bfloat_t, or float as tf32) or threads do, in float. SPREAD is for gradients by
// the input of convolutions with strides.
#include "tile.cuh"

// A row of a slice: 64 bytes of elements, then 16 more, so that rows fall into different banks.
#define CHUNK ((int)(16 / sizeof(INPUT)))
#define DEPTH (4 * CHUNK)
#define ROW (5 * CHUNK)
#define STAGES 3
#define STAGE_ROWS (TILE_ROWS + TILE_COLUMNS)

// Where the sums of a chunk of a row stand: an element of the kernel and a channel.
struct Tap {
  int row, column, channel;

  __device__ void advance(int count, const fcn_convolution_call &p) {
    channel += count;
    while (channel >= p.input_channels) {
      channel -= p.input_channels;
      if (++column == p.kernel.w) column = 0, row++;
    }
  }
};

// The pixels whose windows a thread fetches.
struct Window {
  const INPUT *picture;
  int top, left;
};

__device__ __forceinline__ Window window_of(int pixel, const fcn_convolution_call &p) {
  Window window = {0, 0, 0};
  int plane = p.output.height * p.output.width;
  if (pixel >= p.output.pictures * plane) {
    window.top = -(1 << 30);  // Above everything: all zeros.
    return window;
  }
  int n = pixel / plane, y = pixel % plane / p.output.width, x = pixel % p.output.width;
  window.picture = pointer<const INPUT>(p.input.address) + n * p.input.picture_stride +
                   blockIdx.z * p.input_channels;
  window.top = y * p.stride.h - p.padding.h;
  window.left = x * p.stride.w - p.padding.w;
  return window;
}

__device__ __forceinline__ void fetch_window(INPUT *target, const Window &window, const Tap &tap,
                                             const fcn_convolution_call &p) {
  int y = window.top + tap.row * p.dilation.h, x = window.left + tap.column * p.dilation.w;
  bool valid = tap.row < p.kernel.h;
#if SPREAD
  // The input's lines lie `spread` apart, zeros between them.
  valid = valid && y % p.spread.h == 0 && x % p.spread.w == 0;
  y /= p.spread.h, x /= p.spread.w;
#endif
  valid = valid && (unsigned)y < (unsigned)p.input.height && (unsigned)x < (unsigned)p.input.width;
  const INPUT *source = window.picture + (int64_t)y * p.input.row_stride +
                        (int64_t)x * p.input.pixel_stride + tap.channel;
  copy_async_16(target, valid ? source : pointer<const INPUT>(p.input.address), valid);
}

#if MATRIX_UNITS
struct Sums : TileSums {
  __device__ void add(const INPUT *left, const INPUT *right) {
    int warp = threadIdx.x / 32;
    left += warp / 4 * WARP_ROWS * ROW;
    right += warp % 4 * WARP_COLUMNS * ROW;
#pragma unroll
    for (int k = 0; k < DEPTH; k += MatrixShape<INPUT>::depth) {
      MatrixA<INPUT> a[WARP_ROWS / 16];
#pragma unroll
      for (int i = 0; i < WARP_ROWS / 16; i++) load_rows(a[i], left + i * 16 * ROW + k, ROW);
#pragma unroll
      for (int j = 0; j < WARP_COLUMNS / 16; j++) {
        MatrixB<INPUT> b;
        load_columns(b, right + j * 16 * ROW + k, ROW);
#pragma unroll
        for (int i = 0; i < WARP_ROWS / 16; i++) multiply_add(part[i][j], a[i], b);
      }
    }
  }
};
#else
struct Sums : TileSums {
  __device__ void add(const INPUT *left, const INPUT *right) {
    left += threadIdx.x / 16 * ROW;
    right += threadIdx.x % 16 * ROW;
#pragma unroll
    for (int k = 0; k < DEPTH; k += 4) {
      float4 b[TILE_COLUMNS / 16];
#pragma unroll
      for (int j = 0; j < TILE_COLUMNS / 16; j++) b[j] = *(const float4 *)(right + j * 16 * ROW + k);
#pragma unroll
      for (int i = 0; i < TILE_ROWS / 16; i++) {
        float4 a = *(const float4 *)(left + i * 16 * ROW + k);
#pragma unroll
        for (int j = 0; j < TILE_COLUMNS / 16; j++) {
          part[i][j] += a.x * b[j].x;
          part[i][j] += a.y * b[j].y;
          part[i][j] += a.z * b[j].z;
          part[i][j] += a.w * b[j].w;
        }
      }
    }
  }
};
#endif

// Adds bias and residual, activates and stores eight channels of a pixel at a time.
__device__ __forceinline__ void finish(const float *staged, int first_pixel, int first_channel,
                                       const fcn_convolution_call &p) {
  int plane = p.output.height * p.output.width, pixels = p.output.pictures * plane;
  int padded = (p.output_channels + 7) / 8 * 8;
  for (int i = threadIdx.x; i < TILE_ROWS * TILE_COLUMNS / 8; i += FCN_THREADS) {
    int row = i / (TILE_COLUMNS / 8), column = i % (TILE_COLUMNS / 8) * 8;
    int pixel = first_pixel + row, channel = first_channel + column;
    if (pixel >= pixels || channel >= padded) continue;
    int channels = p.output_channels - channel;
    channel += blockIdx.z * p.output_channels;
    int n = pixel / plane, y = pixel % plane / p.output.width, x = pixel % p.output.width;
    float values[8], others[8];
    load_eight(values, staged + row * STAGED_ROW + column);
    load_eight(others, pointer<const float>(p.bias) + channel);
    for (int k = 0; k < 8; k++) values[k] += others[k];
    if (p.residual.address) {
      load_eight(others, element<const OUTPUT>(p.residual, n, y, x, channel));
      for (int k = 0; k < 8; k++) values[k] += others[k];
    }
    for (int k = 0; k < 8; k++) values[k] = activated(values[k], p.activation);
    clear_beyond(values, 0, channels);
    store_eight(element<OUTPUT>(p.output, n, y, x, channel), values);
  }
}

FCN_KERNEL(convolution, FCN_THREADS, fcn_convolution_call) {
  FCN_DYNAMIC_SHARED(shared);
  INPUT *slices = (INPUT *)shared;
  int first_pixel = blockIdx.x * TILE_ROWS, first_channel = blockIdx.y * TILE_COLUMNS;
  int depth = p.kernel.h * p.kernel.w * p.input_channels;
  int steps = (depth + DEPTH - 1) / DEPTH;

  // Four threads fetch a row, a chunk each; a thread has the same chunk of several rows.
  int row = threadIdx.x / 4, chunk = threadIdx.x % 4 * CHUNK;
  Window windows[TILE_ROWS / 64];
#pragma unroll
  for (int i = 0; i < TILE_ROWS / 64; i++) windows[i] = window_of(first_pixel + row + i * 64, p);
  Tap tap = {0, 0, 0};
  tap.advance(chunk, p);
  int fetched = 0;

  auto fetch = [&]() {
    INPUT *target = slices + fetched % STAGES * STAGE_ROWS * ROW + row * ROW + chunk;
    if (fetched < steps) {
#pragma unroll
      for (int i = 0; i < TILE_ROWS / 64; i++) {
        fetch_window(target + i * 64 * ROW, windows[i], tap, p);
      }
      int k = fetched * DEPTH + chunk;
      const INPUT *weights = pointer<const INPUT>(p.weights);
#pragma unroll
      for (int j = 0; j < TILE_COLUMNS / 64; j++) {
        int channel = first_channel + row + j * 64;
        bool valid = channel < p.output_channels && k < depth;
        int64_t index =
            valid ? ((int64_t)blockIdx.z * p.output_channels + channel) * depth + k : 0;
        copy_async_16(target + (TILE_ROWS + j * 64) * ROW, weights + index, valid);
      }
      tap.advance(DEPTH, p);
    }
    // Also where there was nothing to fetch, so that groups can be counted.
    commit_copies();
    fetched++;
  };

  Sums sums;
  sums.clear_all();
  for (int stage = 0; stage < STAGES - 1; stage++) fetch();
  for (int step = 0; step < steps; step++) {
    wait_for_copies<STAGES - 2>();
    __syncthreads();
    fetch();
    const INPUT *slice = slices + step % STAGES * STAGE_ROWS * ROW;
    sums.add(slice, slice + TILE_ROWS * ROW);
  }
  wait_for_copies<0>();
  __syncthreads();
  // In the same memory.
  float *staged = (float *)shared;
  sums.stage(staged);
  __syncthreads();
  finish(staged, first_pixel, first_channel, p);
}
