// Gradients by the inputs of operations without parameters, each element gathered by one thread so that
// sums are always made in one order. INPUT is the type of all values and gradients.
#include "kernel.cuh"

// The input may be the output where the slope follows from that.
FCN_KERNEL(activation_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  float inputs[8], outputs[8], gradients[8];
  load_eight(outputs, element<const INPUT>(p.output, at));
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  for (int i = 0; i < 8; i++) inputs[i] = outputs[i];
  if (p.input.address != p.output.address) load_eight(inputs, element<const INPUT>(p.input, at));
  for (int i = 0; i < 8; i++) {
    float slope = activation_slope(inputs[i], outputs[i], p.activation);
    // Where nothing comes through, not even an infinity does.
    gradients[i] = slope == 0 ? 0 : gradients[i] * slope;
  }
  store_eight(element<INPUT>(p.input_gradient, at), gradients);
}

// Of each window the first of its largest values has the gradient; a NaN is largest.
FCN_KERNEL(max_pool_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  float own[8], sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  load_eight(own, element<const INPUT>(p.input, at));
  int below = at.y + p.padding.h, right = at.x + p.padding.w;
  int first_y = max(0, (below - p.kernel.h) / p.stride.h);
  int first_x = max(0, (right - p.kernel.w) / p.stride.w);
  for (int y = first_y; y < p.output.height && y * p.stride.h <= below; y++) {
    if (y * p.stride.h + p.kernel.h <= below) continue;
    for (int x = first_x; x < p.output.width && x * p.stride.w <= right; x++) {
      if (x * p.stride.w + p.kernel.w <= right) continue;
      float largest[8], gradients[8];
      load_eight(largest, element<const INPUT>(p.output, at.n, y, x, at.channel));
      load_eight(gradients, element<const INPUT>(p.gradient, at.n, y, x, at.channel));
      bool wins[8];
      for (int i = 0; i < 8; i++) {
        wins[i] = own[i] == largest[i] || (isnan(own[i]) && isnan(largest[i]));
      }
      // Is there one before it?
      for (int row = max(0, y * p.stride.h - p.padding.h); row <= at.y; row++) {
        int last = row == at.y ? at.x : min(p.input.width, x * p.stride.w - p.padding.w + p.kernel.w);
        for (int column = max(0, x * p.stride.w - p.padding.w); column < last; column++) {
          float values[8];
          load_eight(values, element<const INPUT>(p.input, at.n, row, column, at.channel));
          for (int i = 0; i < 8; i++) {
            if (values[i] == largest[i] || (isnan(values[i]) && isnan(largest[i]))) wins[i] = false;
          }
        }
      }
      for (int i = 0; i < 8; i++) {
        if (wins[i]) sums[i] += gradients[i];
      }
    }
  }
  store_eight(element<INPUT>(p.input_gradient, at), sums);
}

// Each of a window's pixels has its share.
FCN_KERNEL(average_pool_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  int height = p.input_gradient.height, width = p.input_gradient.width;
  int below = at.y + p.padding.h, right = at.x + p.padding.w;
  int first_y = max(0, (below - p.kernel.h) / p.stride.h);
  int first_x = max(0, (right - p.kernel.w) / p.stride.w);
  for (int y = first_y; y < p.gradient.height && y * p.stride.h <= below; y++) {
    int top = y * p.stride.h - p.padding.h;
    if (top + p.kernel.h <= at.y) continue;
    int rows = min(top + p.kernel.h, height + p.padding.h) - top;
    if (!p.counts_padding) rows = min(top + p.kernel.h, height) - max(top, 0);
    for (int x = first_x; x < p.gradient.width && x * p.stride.w <= right; x++) {
      int left = x * p.stride.w - p.padding.w;
      if (left + p.kernel.w <= at.x) continue;
      int columns = min(left + p.kernel.w, width + p.padding.w) - left;
      if (!p.counts_padding) columns = min(left + p.kernel.w, width) - max(left, 0);
      float gradients[8], count = (float)rows * columns;
      load_eight(gradients, element<const INPUT>(p.gradient, at.n, y, x, at.channel));
      for (int i = 0; i < 8; i++) sums[i] += gradients[i] / count;
    }
  }
  store_eight(element<INPUT>(p.input_gradient, at), sums);
}

// Of each picture's channel the first of the largest values has the gradient; a NaN is largest. A block
// for eight channels of a picture.
FCN_KERNEL(global_max_pool_gradient, FCN_THREADS, fcn_gradient_call) {
  __shared__ float best[FCN_THREADS];
  __shared__ int places[FCN_THREADS];
  int channel = blockIdx.x * FCN_CHANNEL_GROUP, n = blockIdx.y;
  int width = p.input.width, pixels = p.input.height * width;
  int mine = threadIdx.x, winners[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  float largest[8];
  load_eight(largest, element<const INPUT>(p.input, n, 0, 0, channel));
  for (int i = mine; i < pixels; i += FCN_THREADS) {
    float values[8];
    load_eight(values, element<const INPUT>(p.input, n, i / width, i % width, channel));
    for (int k = 0; k < 8; k++) {
      if (!(values[k] <= largest[k]) && !isnan(largest[k])) {
        largest[k] = values[k], winners[k] = i;
      }
    }
  }
  for (int k = 0; k < 8; k++) {
    best[mine] = largest[k], places[mine] = winners[k];
    __syncthreads();
    for (int half = FCN_THREADS / 2; half > 0; half /= 2) {
      if (mine < half) {
        float own = best[mine], other = best[mine + half];
        bool alike = own == other || (isnan(own) && isnan(other));
        if (alike ? places[mine + half] < places[mine] : !(other <= own) && !isnan(own)) {
          best[mine] = other, places[mine] = places[mine + half];
        }
      }
      __syncthreads();
    }
    winners[k] = places[0];
    __syncthreads();
  }
  float gradients[8];
  load_eight(gradients, element<const INPUT>(p.gradient, n, 0, 0, channel));
  for (int i = mine; i < pixels; i += FCN_THREADS) {
    float values[8];
    for (int k = 0; k < 8; k++) values[k] = winners[k] == i ? gradients[k] : 0;
    store_eight(element<INPUT>(p.input_gradient, n, i / width, i % width, channel), values);
  }
}

// By the second of two values, each of whose elements gathers what it was used for.
FCN_KERNEL(pair_gradient, FCN_THREADS, fcn_pair_gradient_call) {
  Place at;
  if (!find_place(at, p.second_gradient)) return;
  const fcn_view &whole = p.gradient;
  bool all_rows = p.second.height == 1, all_columns = p.second.width == 1;
  bool all_channels = p.second.channels == 1;
  float others[8], sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  load_eight(others, element<const INPUT>(p.second, at));
  for (int i = 1; i < 8 && all_channels; i++) others[i] = others[0];
  int last = all_channels ? whole.channels : at.channel + 1;
  for (int y = all_rows ? 0 : at.y; y < (all_rows ? whole.height : at.y + 1); y++) {
    for (int x = all_columns ? 0 : at.x; x < (all_columns ? whole.width : at.x + 1); x++) {
      // By itself, so that sums over many pixels stay exact.
      float part[8] = {0, 0, 0, 0, 0, 0, 0, 0};
      for (int channel = at.channel; channel < last; channel += FCN_CHANNEL_GROUP) {
        float values[8], gradients[8];
        load_eight(values, element<const INPUT>(p.first, at.n, y, x, channel));
        load_eight(gradients, element<const INPUT>(whole, at.n, y, x, channel));
        for (int i = 0; i < 8; i++) {
          float slope = p.function == FCN_PRODUCT      ? values[i]
                        : p.function == FCN_DIFFERENCE ? -1
                                                       : -values[i] / others[i] / others[i];
          part[i] += gradients[i] * slope;
        }
      }
      for (int i = 0; i < 8; i++) sums[i] += part[i];
    }
  }
  for (int i = 1; i < 8 && all_channels; i++) sums[0] += sums[i];
  clear_beyond(sums, at.channel, p.second_gradient.channels);
  store_eight(element<INPUT>(p.second_gradient, at), sums);
}

// The output's lines that read one of the input's.
struct Range {
  int first, end;
};

// How much of an input's line one of the output's is made of.
__device__ __forceinline__ float share_of(int line, const fcn_tick &tick) {
  return (tick.low == line ? 1 - tick.fraction : 0) + (tick.high == line ? tick.fraction : 0);
}

__device__ __forceinline__ float share_of(int line, const fcn_taps &taps) {
  float share = 0;
  for (int i = 0; i < 4; i++) share += taps.lines[i] == line ? taps.weights[i] : 0;
  return share;
}

// `Line` is what the output's lines are made of.
template <typename Line>
__device__ __forceinline__ void gather_resized(const fcn_gradient_call &p) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  Range rows = pointer<const Range>(p.row_ranges)[at.y];
  Range columns = pointer<const Range>(p.column_ranges)[at.x];
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int y = rows.first; y < rows.end; y++) {
    float down = share_of(at.y, pointer<const Line>(p.rows)[y]);
    for (int x = columns.first; x < columns.end; x++) {
      float share = down * share_of(at.x, pointer<const Line>(p.columns)[x]);
      float gradients[8];
      load_eight(gradients, element<const INPUT>(p.gradient, at.n, y, x, at.channel));
      for (int i = 0; i < 8; i++) sums[i] += share * gradients[i];
    }
  }
  store_eight(element<INPUT>(p.input_gradient, at), sums);
}

FCN_KERNEL(resize_gradient, FCN_THREADS, fcn_gradient_call) { gather_resized<fcn_tick>(p); }

FCN_KERNEL(cubic_resize_gradient, FCN_THREADS, fcn_gradient_call) { gather_resized<fcn_taps>(p); }

// Of a transposed convolution of each channel by itself.
FCN_KERNEL(channelwise_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  int padded = channel_groups(p.input_gradient) * FCN_CHANNEL_GROUP;
  const float *weights = pointer<const float>(p.weights) + at.channel;
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int j = 0; j < p.kernel.h; j++) {
    int y = at.y * p.stride.h + j - p.padding.h;
    if (y < 0 || y >= p.gradient.height) continue;
    for (int k = 0; k < p.kernel.w; k++) {
      int x = at.x * p.stride.w + k - p.padding.w;
      if (x < 0 || x >= p.gradient.width) continue;
      float gradients[8], factors[8];
      load_eight(gradients, element<const INPUT>(p.gradient, at.n, y, x, at.channel));
      load_eight(factors, weights + (int64_t)(j * p.kernel.w + k) * padded);
      for (int i = 0; i < 8; i++) sums[i] += gradients[i] * factors[i];
    }
  }
  store_eight(element<INPUT>(p.input_gradient, at), sums);
}

// Across channels: see LocalResponseNormalization.
FCN_KERNEL(normalization_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  const INPUT *inputs = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  const INPUT *outputs = element<const INPUT>(p.output, at.n, at.y, at.x, 0);
  const INPUT *gradients = element<const INPUT>(p.gradient, at.n, at.y, at.x, 0);
  int reach = p.size / 2, channels = p.input.channels;
  auto scale = [&](int c) {
    float squares = 0;
    for (int j = max(0, c - reach); j <= min(channels - 1, c + reach); j++) {
      squares += widened(inputs[j]) * widened(inputs[j]);
    }
    return p.bias + p.alpha / p.size * squares;
  };
  float results[8];
  for (int i = 0; i < 8; i++) {
    int c = at.channel + i;
    results[i] = 0;
    if (c >= channels) continue;
    float sum = 0;
    for (int j = max(0, c - reach); j <= min(channels - 1, c + reach); j++) {
      sum += widened(gradients[j]) * widened(outputs[j]) / scale(j);
    }
    results[i] = widened(gradients[c]) * powf(scale(c), -p.beta) -
                 2 * p.alpha * p.beta / p.size * widened(inputs[c]) * sum;
  }
  store_eight(element<INPUT>(p.input_gradient, at), results);
}

// The same for values and gradients, so that nothing need be kept: which elements are dropped follows
// from the seed and their place (the finalizer of Steele, Lea and Flood's SplitMix64).
FCN_KERNEL(dropout, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  float values[8];
  load_eight(values, element<const INPUT>(p.gradient, at));
  for (int i = 0; i < 8; i++) {
    uint64_t bits = p.seed + (uint64_t)(index * 8 + i + 1) * 0x9E3779B97F4A7C15ull;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ull;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBull;
    float uniform = (float)((bits ^ (bits >> 31)) >> 40) * (1.0f / (1 << 24));
    values[i] = uniform < p.rate ? 0 : values[i] / (1 - p.rate);
  }
  store_eight(element<INPUT>(p.input_gradient, at), values);
}
