// Scores at the output's size, from what they are upsampled from: as a tensor, as labels alone, or
// for the host. SOURCE names where they come from.
#include "kernel.cuh"

// The scores themselves.
struct Plain {
  __device__ static void load(float (&sum)[8], const fcn_score_source &s, int n, int y, int x,
                              int channel) {
    load_eight(sum, element<const INPUT>(s.input, n, y, x, channel));
  }
};

// A bilinear resize.
struct Bilinear {
  __device__ static void load(float (&sum)[8], const fcn_score_source &s, int n, int y, int x,
                              int channel) {
    fcn_tick row = pointer<const fcn_tick>(s.rows)[y];
    fcn_tick column = pointer<const fcn_tick>(s.columns)[x];
    float a[8], b[8], c[8], d[8];
    load_eight(a, element<const INPUT>(s.input, n, row.low, column.low, channel));
    load_eight(b, element<const INPUT>(s.input, n, row.low, column.high, channel));
    load_eight(c, element<const INPUT>(s.input, n, row.high, column.low, channel));
    load_eight(d, element<const INPUT>(s.input, n, row.high, column.high, channel));
    for (int i = 0; i < 8; i++) {
      float above = a[i] + column.fraction * (b[i] - a[i]);
      float below = c[i] + column.fraction * (d[i] - c[i]);
      sum[i] = above + row.fraction * (below - above);
    }
  }
};

// A cubic resize.
struct Cubic {
  __device__ static void load(float (&sum)[8], const fcn_score_source &s, int n, int y, int x,
                              int channel) {
    fcn_taps row = pointer<const fcn_taps>(s.rows)[y];
    fcn_taps column = pointer<const fcn_taps>(s.columns)[x];
    for (int i = 0; i < 8; i++) sum[i] = 0;
    for (int j = 0; j < 4; j++) {
      float part[8] = {0, 0, 0, 0, 0, 0, 0, 0};
      for (int k = 0; k < 4; k++) {
        float values[8];
        load_eight(
            values, element<const INPUT>(s.input, n, row.lines[j], column.lines[k], channel));
        for (int i = 0; i < 8; i++) part[i] += values[i] * column.weights[k];
      }
      for (int i = 0; i < 8; i++) sum[i] += part[i] * row.weights[j];
    }
  }
};

// Calls `tap(position in the kernel, input row, input column)` for each weight that joins an input to
// the output's pixel (y, x).
template <typename Body>
__device__ __forceinline__ void for_each_tap(const fcn_score_source &s, int y, int x, Body tap) {
  int down = y + s.margin.h, right = x + s.margin.w;
  for (int j = down % s.stride.h; j < s.kernel.h; j += s.stride.h) {
    int row = (down - j) / s.stride.h;
    if (down < j || row >= s.input.height) continue;
    for (int k = right % s.stride.w; k < s.kernel.w; k += s.stride.w) {
      int column = (right - k) / s.stride.w;
      if (right < k || column >= s.input.width) continue;
      tap(j * s.kernel.w + k, row, column);
    }
  }
}

__device__ __forceinline__ void load_bias(float (&sum)[8], const fcn_score_source &s, int channel) {
  if (s.bias) {
    load_eight(sum, pointer<const float>(s.bias) + channel);
  } else {
    for (int i = 0; i < 8; i++) sum[i] = 0;
  }
}

// A transposed convolution of each channel by itself.
struct Channelwise {
  __device__ static void load(float (&sum)[8], const fcn_score_source &s, int n, int y, int x,
                              int channel) {
    const float *weights = pointer<const float>(s.weights) + channel;
    int padded = (s.channels + 7) / 8 * 8;
    load_bias(sum, s, channel);
    for_each_tap(s, y, x, [&](int position, int row, int column) {
      float values[8], factors[8];
      load_eight(values, element<const INPUT>(s.input, n, row, column, channel));
      load_eight(factors, weights + (int64_t)position * padded);
      for (int i = 0; i < 8; i++) sum[i] += values[i] * factors[i];
    });
  }
};

// A transposed convolution that joins every channel to every other.
struct Dense {
  __device__ static void load(float (&sum)[8], const fcn_score_source &s, int n, int y, int x,
                              int channel) {
    const float *weights = pointer<const float>(s.weights) + channel;
    int padded = (s.channels + 7) / 8 * 8;
    load_bias(sum, s, channel);
    for_each_tap(s, y, x, [&](int position, int row, int column) {
      const INPUT *pixel = element<const INPUT>(s.input, n, row, column, 0);
      const float *of_position = weights + (int64_t)position * s.input.channels * padded;
      for (int k = 0; k < s.input.channels; k++) {
        float value = widened(pixel[k]), factors[8];
        load_eight(factors, of_position + (int64_t)k * padded);
        for (int i = 0; i < 8; i++) sum[i] += value * factors[i];
      }
    });
  }
};

// The scores as a tensor.
FCN_KERNEL(upsample, FCN_THREADS, fcn_scores_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float sum[8];
  SOURCE::load(sum, p.source, at.n, at.y, at.x, at.channel);
  clear_beyond(sum, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), sum);
}

// The class of each pixel's largest score; the lowest of those that are equal. FCN_NO_LABEL where a
// score is not finite.
FCN_KERNEL(label, FCN_THREADS, fcn_scores_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  int64_t plane = (int64_t)p.output.height * p.output.width;
  if (index >= p.output.pictures * plane) return;
  int n = (int)(index / plane) + p.first_picture;
  int y = (int)(index % plane / p.output.width), x = (int)(index % p.output.width);
  int best = 0;
  // x * 0 is zero for finite x and NaN otherwise, and a sum keeps a NaN.
  float largest = 0, check = 0;
  for (int channel = 0; channel < p.output.channels; channel += 8) {
    float scores[8];
    SOURCE::load(scores, p.source, n, y, x, channel);
    for (int i = 0; i < 8 && channel + i < p.output.channels; i++) {
      check += scores[i] * 0.0f;
      if (channel + i == 0 || scores[i] > largest) {
        largest = scores[i];
        best = channel + i;
      }
    }
  }
  pointer<uint8_t>(p.results)[index] = check == 0 ? (uint8_t)best : FCN_NO_LABEL;
}

// The scores as the host wants them, N×C×H×W.
FCN_KERNEL(export_scores, FCN_THREADS, fcn_scores_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  int64_t plane = (int64_t)p.output.height * p.output.width;
  int groups = channel_groups(p.output);
  if (index >= p.output.pictures * plane * groups) return;
  // Pixels change fastest, so that neighbouring threads write neighbouring floats.
  int64_t pixel = index % plane;
  int channel = (int)(index / plane % groups) * FCN_CHANNEL_GROUP;
  int n = (int)(index / plane / groups);
  int y = (int)(pixel / p.output.width), x = (int)(pixel % p.output.width);
  float scores[8];
  SOURCE::load(scores, p.source, n + p.first_picture, y, x, channel);
  float *target = pointer<float>(p.results) + ((int64_t)n * p.output.channels + channel) * plane;
  for (int i = 0; i < 8 && channel + i < p.output.channels; i++) target[i * plane + pixel] = scores[i];
}
