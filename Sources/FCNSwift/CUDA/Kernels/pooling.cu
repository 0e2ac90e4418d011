#include "kernel.cuh"

__device__ __forceinline__ float larger(float best, float value) {
  return is_larger(value, best) ? value : best;
}

// The largest value under each window; the padding holds none, and a NaN is largest.
FCN_KERNEL(max_pool, FCN_THREADS, fcn_pool_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int top = at.y * p.stride.h - p.padding.h, left = at.x * p.stride.w - p.padding.w;
  int bottom = min(top + p.kernel.h, p.input.height);
  int right = min(left + p.kernel.w, p.input.width);
  top = max(top, 0), left = max(left, 0);
  float largest[8];
  load_eight(largest, element<const INPUT>(p.input, at.n, top, left, at.channel));
  for (int y = top; y < bottom; y++) {
    for (int x = left; x < right; x++) {
      float values[8];
      load_eight(values, element<const INPUT>(p.input, at.n, y, x, at.channel));
      for (int i = 0; i < 8; i++) largest[i] = larger(largest[i], values[i]);
    }
  }
  store_eight(element<OUTPUT>(p.output, at), largest);
}

// The mean under each window, row by row, so that sums of large windows stay exact. What a last window
// has beyond the padding never counts.
FCN_KERNEL(average_pool, FCN_THREADS, fcn_pool_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int top = at.y * p.stride.h - p.padding.h, left = at.x * p.stride.w - p.padding.w;
  int bottom = min(top + p.kernel.h, p.input.height + p.padding.h);
  int right = min(left + p.kernel.w, p.input.width + p.padding.w);
  int rows = bottom - top, columns = right - left;
  top = max(top, 0), bottom = min(bottom, p.input.height);
  left = max(left, 0), right = min(right, p.input.width);
  if (!p.counts_padding) rows = bottom - top, columns = right - left;
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int y = top; y < bottom; y++) {
    float row[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    for (int x = left; x < right; x++) {
      float values[8];
      load_eight(values, element<const INPUT>(p.input, at.n, y, x, at.channel));
      for (int i = 0; i < 8; i++) row[i] += values[i];
    }
    for (int i = 0; i < 8; i++) sums[i] += row[i];
  }
  float count = (float)rows * columns;
  for (int i = 0; i < 8; i++) sums[i] /= count;
  store_eight(element<OUTPUT>(p.output, at), sums);
}

// The largest of all pixels. A block for eight channels of a picture; a NaN is largest.
FCN_KERNEL(global_max_pool, FCN_THREADS, fcn_pool_call) {
  __shared__ float scratch[FCN_THREADS];
  int channel = blockIdx.x * FCN_CHANNEL_GROUP, n = blockIdx.y;
  int pixels = p.input.height * p.input.width;
  float largest[8];
  load_eight(largest, element<const INPUT>(p.input, n, 0, 0, channel));
  for (int i = threadIdx.x; i < pixels; i += FCN_THREADS) {
    float values[8];
    load_eight(
        values, element<const INPUT>(p.input, n, i / p.input.width, i % p.input.width, channel));
    for (int k = 0; k < 8; k++) largest[k] = larger(largest[k], values[k]);
  }
  for (int k = 0; k < 8; k++) {
    scratch[threadIdx.x] = largest[k];
    __syncthreads();
    for (int half = FCN_THREADS / 2; half > 0; half /= 2) {
      if (threadIdx.x < half) {
        scratch[threadIdx.x] = larger(scratch[threadIdx.x], scratch[threadIdx.x + half]);
      }
      __syncthreads();
    }
    largest[k] = scratch[0];
    __syncthreads();
  }
  if (threadIdx.x == 0) store_eight(element<OUTPUT>(p.output, n, 0, 0, channel), largest);
}
