// What looks at one pixel, or one channel of it, at a time.
#include "kernel.cuh"

// Sums, activations, factors, and changes of the element type.
FCN_KERNEL(combine, FCN_THREADS, fcn_combine_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float sum[8];
  load_eight(sum, element<const INPUT>(p.inputs[0], at));
  for (int k = 1; k < p.count; k++) {
    float other[8];
    load_eight(other, element<const INPUT>(p.inputs[k], at));
    for (int i = 0; i < 8; i++) sum[i] += other[i];
  }
  for (int i = 0; i < 8; i++) sum[i] = activated(sum[i] * p.scale, p.activation);
  clear_beyond(sum, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), sum);
}

// A part of a concatenation, or what one is made of.
FCN_KERNEL(copy_channels, FCN_THREADS, fcn_channels_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const INPUT *source = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  OUTPUT *target = element<OUTPUT>(p.output, at);
  float values[8];
  load_eight(values, (const OUTPUT *)target);
  for (int i = 0; i < 8; i++) {
    int channel = at.channel + i - p.to;
    if (channel >= 0 && channel < p.count) values[i] = widened(source[p.from + channel]);
  }
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(target, values);
}

// The larger of two numbers; NaN where either is.
__device__ __forceinline__ float larger_of(float a, float b) { return a > b || a != a ? a : b; }

// Products, differences, quotients and the larger or smaller of two; of the second value a line may count
// for all.
FCN_KERNEL(pair, FCN_THREADS, fcn_pair_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8], others[8];
  load_eight(values, element<const INPUT>(p.first, at));
  int y = p.second.height == 1 ? 0 : at.y, x = p.second.width == 1 ? 0 : at.x;
  if (p.second.channels == 1) {
    float other = widened(*element<const INPUT>(p.second, at.n, y, x, 0));
    for (int i = 0; i < 8; i++) others[i] = other;
  } else {
    load_eight(others, element<const INPUT>(p.second, at.n, y, x, at.channel));
  }
  for (int i = 0; i < 8; i++) {
    values[i] = p.function == FCN_PRODUCT      ? values[i] * others[i]
                : p.function == FCN_DIFFERENCE ? values[i] - others[i]
                : p.function == FCN_QUOTIENT   ? values[i] / others[i]
                : p.function == FCN_MAXIMUM    ? larger_of(values[i], others[i])
                                               : -larger_of(-values[i], -others[i]);
  }
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), values);
}

// Batch normalisation by known statistics, and a factor and an offset a channel.
FCN_KERNEL(affine, FCN_THREADS, fcn_affine_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8], factors[8], offsets[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(factors, pointer<const float>(p.factors) + at.channel);
  for (int i = 0; i < 8; i++) offsets[i] = 0;
  if (p.offsets) load_eight(offsets, pointer<const float>(p.offsets) + at.channel);
  for (int i = 0; i < 8; i++) values[i] = values[i] * factors[i] + offsets[i];
  store_eight(element<OUTPUT>(p.output, at), values);
}

__device__ __forceinline__ void load_slopes(
    float (&slopes)[8], const fcn_slope_call &p, int channel) {
  const float *all = pointer<const float>(p.slopes);
  if (!p.is_shared) return load_eight(slopes, all + channel);
  for (int i = 0; i < 8; i++) slopes[i] = all[0];
}

// Leaky rectifiers of learned slopes.
FCN_KERNEL(prelu, FCN_THREADS, fcn_slope_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8], slopes[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_slopes(slopes, p, at.channel);
  for (int i = 0; i < 8; i++) values[i] = values[i] < 0 ? slopes[i] * values[i] : values[i];
  store_eight(element<OUTPUT>(p.output, at), values);
}

FCN_KERNEL(prelu_gradient, FCN_THREADS, fcn_slope_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8], gradients[8], slopes[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  load_slopes(slopes, p, at.channel);
  for (int i = 0; i < 8; i++) gradients[i] *= values[i] > 0 ? 1 : slopes[i];
  clear_beyond(gradients, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), gradients);
}

// Across channels: input / (bias + alpha / size · Σ neighbours²)^beta.
FCN_KERNEL(normalize_channels, FCN_THREADS, fcn_normalization_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const INPUT *pixel = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  int reach = p.size / 2;
  float results[8];
  for (int i = 0; i < 8; i++) {
    int c = at.channel + i;
    float squares = 0, value = 0;
    if (c < p.input.channels) {
      value = widened(pixel[c]);
      int last = min(p.input.channels - 1, c + reach);
      for (int j = max(0, c - reach); j <= last; j++) {
        float neighbour = widened(pixel[j]);
        squares += neighbour * neighbour;
      }
    }
    results[i] = value * powf(p.bias + p.alpha / p.size * squares, -p.beta);
  }
  clear_beyond(results, at.channel, p.input.channels);
  store_eight(element<OUTPUT>(p.output, at), results);
}

// Over the channels of a pixel; the largest is taken off first, so that nothing overflows.
FCN_KERNEL(softmax, FCN_THREADS, fcn_softmax_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const INPUT *pixel = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  float largest = widened(pixel[0]), total = 0;
  for (int c = 1; c < p.input.channels; c++) largest = fmaxf(largest, widened(pixel[c]));
  for (int c = 0; c < p.input.channels; c++) total += expf(widened(pixel[c]) - largest);
  float results[8];
  for (int i = 0; i < 8; i++) {
    int c = at.channel + i;
    results[i] = c < p.input.channels ? expf(widened(pixel[c]) - largest) / total : 0;
  }
  store_eight(element<OUTPUT>(p.output, at), results);
}

// In training, where the output may take the input's place: a thread for a whole pixel, either way.
FCN_KERNEL(softmax_pixels, FCN_THREADS, fcn_softmax_call) {
  Place at;
  if (!find_pixel(at, p.output)) return;
  const INPUT *pixel = element<const INPUT>(p.input, at);
  OUTPUT *target = element<OUTPUT>(p.output, at);
  int channels = p.input.channels;
  float largest = widened(pixel[0]), total = 0;
  for (int c = 1; c < channels; c++) largest = fmaxf(largest, widened(pixel[c]));
  for (int c = 0; c < channels; c++) total += expf(widened(pixel[c]) - largest);
  for (int c = 0; c < channels; c += FCN_CHANNEL_GROUP) {
    float values[8];
    load_eight(values, pixel + c);
    for (int i = 0; i < 8; i++) values[i] = expf(values[i] - largest) / total;
    clear_beyond(values, c, channels);
    store_eight(target + c, values);
  }
}

FCN_KERNEL(softmax_gradient, FCN_THREADS, fcn_gradient_call) {
  Place at;
  if (!find_pixel(at, p.input_gradient)) return;
  const INPUT *outputs = element<const INPUT>(p.output, at);
  const INPUT *gradients = element<const INPUT>(p.gradient, at);
  OUTPUT *target = element<OUTPUT>(p.input_gradient, at);
  int channels = p.input_gradient.channels;
  float mean = 0;
  for (int c = 0; c < channels; c++) mean += widened(gradients[c]) * widened(outputs[c]);
  for (int c = 0; c < channels; c += FCN_CHANNEL_GROUP) {
    float values[8], results[8];
    load_eight(values, outputs + c);
    load_eight(results, gradients + c);
    for (int i = 0; i < 8; i++) results[i] = values[i] * (results[i] - mean);
    clear_beyond(results, c, channels);
    store_eight(target + c, results);
  }
}

// The same lines again.
__device__ int repeated(int index, int first, int second, int copies) {
  if (index <= first) return index;
  if (index <= first + copies) return first;
  if (index <= second + copies) return index - copies;
  return max(second, index - 2 * copies);
}

FCN_KERNEL(repeat_lines, FCN_THREADS, fcn_repeat_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int y = repeated(at.y, p.first.h, p.second.h, p.copies.h);
  int x = repeated(at.x, p.first.w, p.second.w, p.copies.w);
  float values[8];
  load_eight(values, element<const INPUT>(p.input, at.n, y, x, at.channel));
  store_eight(element<OUTPUT>(p.output, at), values);
}
