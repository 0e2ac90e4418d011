#include "kernel.cuh"

__device__ __forceinline__ uint8_t byte_of(int sum, int fraction) {
  int value = sum >> fraction;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// A picture at another width or height, in the integers of TriangleFilter, so that the result is the
// host's. A thread makes a pixel.
FCN_KERNEL(resize, FCN_THREADS, fcn_resize_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= (int64_t)p.width * p.height) return;
  int y = (int)(index / p.width), x = (int)(index % p.width);
  int line = p.vertical ? y : x;
  int first = pointer<const int32_t>(p.firsts)[line];
  const int32_t *weights = pointer<const int32_t>(p.weights) + (int64_t)line * p.taps;
  const uint8_t *pixel = pointer<const uint8_t>(p.source) +
                         (int64_t)(p.vertical ? first : y) * p.row_stride +
                         (int64_t)(p.vertical ? x : first) * p.pixel_bytes;
  int step = p.vertical ? p.row_stride : p.pixel_bytes;
  // One half, so that cutting the fraction off rounds.
  int half = 1 << (p.fraction - 1);
  int red = half, green = half, blue = half;
  for (int tap = 0; tap < p.taps; tap++, pixel += step) {
    int weight = weights[tap];
    red += weight * pixel[p.red];
    green += weight * pixel[p.green];
    blue += weight * pixel[p.blue];
  }
  uint8_t *target = pointer<uint8_t>(p.target) + 3 * index;
  target[0] = byte_of(red, p.fraction);
  target[1] = byte_of(green, p.fraction);
  target[2] = byte_of(blue, p.fraction);
}
