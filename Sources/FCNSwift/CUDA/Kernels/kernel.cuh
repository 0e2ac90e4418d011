// What every kernel begins with. INPUT and OUTPUT, where a kernel reads them, are the element types,
// float, half_t or bfloat_t, that it is compiled for.
#ifndef FCN_KERNEL_CUH
#define FCN_KERNEL_CUH

#include "layer_calls.h"
#include "training_calls.h"
#include "ptx.cuh"

// A kernel has one parameter, `p`.
#ifndef FCN_KERNEL
#define FCN_KERNEL(name, threads, Call) \
  extern "C" __global__ void __launch_bounds__(threads) name(const Call p)
#define FCN_DYNAMIC_SHARED(name) extern __shared__ __align__(128) unsigned char name[]
#endif

#define FCN_THREADS 256

template <typename T>
__device__ __forceinline__ T *pointer(uint64_t address) {
  return reinterpret_cast<T *>(address);
}

// Eight channels of a pixel, which lie on a 16-byte boundary.
__device__ __forceinline__ void load_eight(float (&values)[8], const float *from) {
  float4 low = ((const float4 *)from)[0], high = ((const float4 *)from)[1];
  values[0] = low.x, values[1] = low.y, values[2] = low.z, values[3] = low.w;
  values[4] = high.x, values[5] = high.y, values[6] = high.z, values[7] = high.w;
}

template <typename T>
__device__ __forceinline__ void load_eight(float (&values)[8], const T *from) {
  uint4 bits = *(const uint4 *)from;
  const unsigned words[4] = {bits.x, bits.y, bits.z, bits.w};
  for (int i = 0; i < 4; i++) {
    T low, high;
    low.bits = (unsigned short)(words[i] & 0xFFFF);
    high.bits = (unsigned short)(words[i] >> 16);
    values[2 * i] = widened(low);
    values[2 * i + 1] = widened(high);
  }
}

__device__ __forceinline__ void store_eight(float *to, const float (&values)[8]) {
  ((float4 *)to)[0] = make_float4(values[0], values[1], values[2], values[3]);
  ((float4 *)to)[1] = make_float4(values[4], values[5], values[6], values[7]);
}

template <typename T>
__device__ __forceinline__ void store_eight(T *to, const float (&values)[8]) {
  unsigned words[4];
  for (int i = 0; i < 4; i++) {
    unsigned low = narrowed<T>(values[2 * i]).bits;
    words[i] = low | (unsigned)narrowed<T>(values[2 * i + 1]).bits << 16;
  }
  *(uint4 *)to = make_uint4(words[0], words[1], words[2], words[3]);
}

// A pixel, and eight of its channels.
struct Place {
  int n, y, x, channel;
};

__device__ __forceinline__ int channel_groups(const fcn_view &view) {
  return (view.channels + FCN_CHANNEL_GROUP - 1) / FCN_CHANNEL_GROUP;
}

__device__ __forceinline__ int64_t thread_index() {
  return (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
}

// Place number `index` in `view`, channels changing fastest, then columns; false beyond the last.
__device__ __forceinline__ bool find_place(Place &place, const fcn_view &view, int64_t index) {
  int groups = channel_groups(view);
  if (index >= (int64_t)view.pictures * view.height * view.width * groups) return false;
  place.channel = (int)(index % groups) * FCN_CHANNEL_GROUP;
  index /= groups;
  place.x = (int)(index % view.width);
  index /= view.width;
  place.y = (int)(index % view.height);
  place.n = (int)(index / view.height);
  return true;
}

// The place that this thread is for.
__device__ __forceinline__ bool find_place(Place &place, const fcn_view &view) {
  return find_place(place, view, thread_index());
}

// The pixel that this thread is for, from its first channel on.
__device__ __forceinline__ bool find_pixel(Place &place, const fcn_view &view) {
  return find_place(place, view, thread_index() * channel_groups(view));
}

__device__ __forceinline__ int64_t offset(const fcn_view &view, int n, int y, int x, int channel) {
  return n * view.picture_stride + (int64_t)y * view.row_stride + (int64_t)x * view.pixel_stride +
         channel;
}

template <typename T>
__device__ __forceinline__ T *element(const fcn_view &view, int n, int y, int x, int channel) {
  return pointer<T>(view.address) + offset(view, n, y, x, channel);
}

template <typename T>
__device__ __forceinline__ T *element(const fcn_view &view, const Place &at) {
  return element<T>(view, at.n, at.y, at.x, at.channel);
}

// Zeros for what lies beyond the last of `channels`: a product with an infinity or a NaN would stay
// there and spread from there.
__device__ __forceinline__ void clear_beyond(float (&values)[8], int channel, int channels) {
  for (int i = 0; i < 8; i++) {
    if (channel + i >= channels) values[i] = 0;
  }
}

// Whether a maximum goes from `best` to `value`; a NaN is largest.
__device__ __forceinline__ bool is_larger(float value, float best) {
  return !(value <= best) && !isnan(best);
}

__device__ __forceinline__ float hard_sigmoid(float x) {
  float y = x / 6 + 0.5f;
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

__device__ __forceinline__ float softplus(float x) {
  return (x < 0 ? 0 : x) + log1pf(expf(-fabsf(x)));
}

// What `a` makes of x; a NaN stays one.
__device__ __forceinline__ float activated(float x, const fcn_activation &a) {
  switch (a.function) {
    case FCN_RELU: return x < 0 ? 0 : x;
    case FCN_LEAKY_RELU: return x < 0 ? a.parameter * x : x;
    case FCN_CLIPPED_RELU: return x < 0 ? 0 : x > a.parameter ? a.parameter : x;
    case FCN_SIGMOID: return 1 / (1 + expf(-x));
    case FCN_HARD_SIGMOID: return hard_sigmoid(x);
    case FCN_HARD_SWISH: return x * hard_sigmoid(x);
    case FCN_SILU: return x / (1 + expf(-x));
    case FCN_TANH: return tanhf(x);
    case FCN_ELU: return x < 0 ? a.parameter * expm1f(x) : x;
    case FCN_SOFTPLUS: return softplus(x);
    case FCN_MISH: return x * tanhf(softplus(x));
    case FCN_CLIP: return x < a.parameter ? a.parameter : x > a.second ? a.second : x;
    case FCN_EXPONENTIAL: return expf(x);
    case FCN_GELU: return x * 0.5f * erfcf(-x * 0.70710678f);
    default: return x;
  }
}

// Its derivative at x, where it makes y.
__device__ __forceinline__ float activation_slope(float x, float y, const fcn_activation &a) {
  switch (a.function) {
    case FCN_RELU: return y > 0 ? 1 : 0;
    case FCN_LEAKY_RELU: return (a.parameter > 0 ? y : x) > 0 ? 1 : a.parameter;
    case FCN_CLIPPED_RELU: return y > 0 && y < a.parameter ? 1 : 0;
    case FCN_SIGMOID: return y * (1 - y);
    case FCN_HARD_SIGMOID: return y > 0 && y < 1 ? 1.0f / 6 : 0;
    case FCN_HARD_SWISH: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5f;
    case FCN_SILU: {
      float sigmoid = 1 / (1 + expf(-x));
      return sigmoid * (1 + x * (1 - sigmoid));
    }
    case FCN_TANH: return 1 - y * y;
    case FCN_ELU:
      return (a.parameter > 0 ? y : x) > 0 ? 1
             : a.parameter > 0             ? y + a.parameter
                                           : a.parameter * expf(x);
    case FCN_SOFTPLUS: return -expm1f(-y);
    case FCN_MISH: {
      float tangent = tanhf(softplus(x));
      return tangent + x * (1 - tangent * tangent) / (1 + expf(-x));
    }
    case FCN_CLIP: return y > a.parameter && y < a.second ? 1 : 0;
    case FCN_EXPONENTIAL: return y;
    case FCN_GELU: return 0.5f * erfcf(-x * 0.70710678f) + x * expf(-x * x / 2) * 0.39894228f;
    default: return 1;
  }
}

#endif
