// Normalisation by statistics of the value itself, in use as in training.
#include "kernel.cuh"

// By those of groups of channels of each picture.
FCN_KERNEL(normalize_groups, FCN_THREADS, fcn_group_norm_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float pixels = (float)p.input.height * p.input.width;
  int64_t first =
      (int64_t)at.n * channel_groups(p.input) * FCN_CHANNEL_GROUP + at.channel;
  float values[8], means[8], squares[8], weights[8], biases[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(means, pointer<const float>(p.sums) + first);
  load_eight(squares, pointer<const float>(p.squares) + first);
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  load_eight(biases, pointer<const float>(p.bias) + at.channel);
  for (int i = 0; i < 8; i++) {
    float scale = weights[i] / sqrtf(squares[i] / pixels + p.epsilon);
    values[i] = (values[i] - means[i] / pixels) * scale + biases[i];
  }
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), values);
}

// By those of each pixel's channels.
FCN_KERNEL(normalize_pixels, FCN_THREADS, fcn_group_norm_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const INPUT *pixel = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  int channels = p.input.channels;
  float sum = 0, squares = 0;
  for (int c = 0; c < channels; c++) sum += widened(pixel[c]);
  float mean = sum / channels;
  for (int c = 0; c < channels; c++) {
    float deviation = widened(pixel[c]) - mean;
    squares += deviation * deviation;
  }
  float inverse = 1 / sqrtf(squares / channels + p.epsilon);
  float values[8], weights[8], biases[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  load_eight(biases, pointer<const float>(p.bias) + at.channel);
  for (int i = 0; i < 8; i++) values[i] = (values[i] - mean) * inverse * weights[i] + biases[i];
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), values);
}

// MARK: Going back

// Of the gradients by the normalised values of a group: their mean, and that of their products with those
// values.
FCN_KERNEL(share_gradients, FCN_THREADS, fcn_group_norm_gradient_call) {
  int padded = channel_groups(p.input) * FCN_CHANNEL_GROUP;
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  int64_t count = (int64_t)p.input.pictures * padded;
  if (index >= count) return;
  int channel = (int)(index % padded);
  float pixels = (float)p.input.height * p.input.width;
  double sum = 0, product = 0;
  if (channel < p.input.channels) {
    int within = channel % p.group_channels;
    for (int i = 0; i < p.group_channels; i++) {
      double weight = pointer<const float>(p.weight)[channel - within + i];
      sum += weight * pointer<const float>(p.gradient_sums)[index - within + i];
      product += weight * pointer<const float>(p.gradient_products)[index - within + i];
    }
  }
  float inverse = 1 / sqrtf(pointer<const float>(p.squares)[index] / pixels + p.epsilon);
  double values = (double)p.group_channels * pixels;
  float *shares = pointer<float>(p.shares) + index;
  shares[0] = (float)(sum / values);
  shares[count] = (float)(product * inverse / values);
}

FCN_KERNEL(group_norm_gradient, FCN_THREADS, fcn_group_norm_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  float pixels = (float)p.input.height * p.input.width;
  int padded = channel_groups(p.input) * FCN_CHANNEL_GROUP;
  int64_t first = (int64_t)at.n * padded + at.channel;
  const float *shares = pointer<const float>(p.shares) + first;
  float values[8], gradients[8], means[8], squares[8], weights[8], sums[8], products[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  load_eight(means, pointer<const float>(p.sums) + first);
  load_eight(squares, pointer<const float>(p.squares) + first);
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  load_eight(sums, shares);
  load_eight(products, shares + (int64_t)p.input.pictures * padded);
  for (int i = 0; i < 8; i++) {
    float inverse = 1 / sqrtf(squares[i] / pixels + p.epsilon);
    float normal = (values[i] - means[i] / pixels) * inverse;
    gradients[i] = inverse * (gradients[i] * weights[i] - sums[i] - normal * products[i]);
  }
  clear_beyond(gradients, at.channel, p.input_gradient.channels);
  store_eight(element<OUTPUT>(p.input_gradient, at), gradients);
}

FCN_KERNEL(group_norm_parameters, FCN_THREADS, fcn_group_norm_gradient_call) {
  int channel = blockIdx.x * blockDim.x + threadIdx.x;
  if (channel >= p.input.channels) return;
  int padded = channel_groups(p.input) * FCN_CHANNEL_GROUP;
  float pixels = (float)p.input.height * p.input.width;
  double weight = 0, bias = 0;
  for (int n = 0; n < p.input.pictures; n++) {
    int64_t index = (int64_t)n * padded + channel;
    float inverse = 1 / sqrtf(pointer<const float>(p.squares)[index] / pixels + p.epsilon);
    weight += (double)inverse * pointer<const float>(p.gradient_products)[index];
    bias += pointer<const float>(p.gradient_sums)[index];
  }
  pointer<float>(p.weight_gradient)[channel] = (float)(p.scale * weight);
  pointer<float>(p.bias_gradient)[channel] = (float)(p.scale * bias);
}

// A thread for each pixel.
FCN_KERNEL(pixel_statistics, FCN_THREADS, fcn_pixel_norm_gradient_call) {
  Place at;
  if (!find_pixel(at, p.input)) return;
  const INPUT *values = element<const INPUT>(p.input, at);
  const INPUT *gradients = element<const INPUT>(p.gradient, at);
  const float *weights = pointer<const float>(p.weight);
  int channels = p.input.channels;
  float mean = 0, squares = 0, sum = 0, product = 0;
  for (int c = 0; c < channels; c++) mean += widened(values[c]);
  mean /= channels;
  for (int c = 0; c < channels; c++) {
    float deviation = widened(values[c]) - mean;
    squares += deviation * deviation;
  }
  float inverse = 1 / sqrtf(squares / channels + p.epsilon);
  for (int c = 0; c < channels; c++) {
    float gradient = widened(gradients[c]) * weights[c];
    sum += gradient;
    product += gradient * (widened(values[c]) - mean) * inverse;
  }
  float *statistics = pointer<float>(p.statistics) + 4 * thread_index();
  statistics[0] = mean, statistics[1] = inverse;
  statistics[2] = sum / channels, statistics[3] = product / channels;
}

FCN_KERNEL(pixel_norm_gradient, FCN_THREADS, fcn_pixel_norm_gradient_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  int64_t pixel = thread_index() / channel_groups(p.input_gradient);
  const float *statistics = pointer<const float>(p.statistics) + 4 * pixel;
  float values[8], gradients[8], weights[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  float mean = statistics[0], inverse = statistics[1];
  for (int i = 0; i < 8; i++) {
    float normal = (values[i] - mean) * inverse;
    gradients[i] = inverse * (gradients[i] * weights[i] - statistics[2] - normal * statistics[3]);
  }
  clear_beyond(gradients, at.channel, p.input_gradient.channels);
  store_eight(element<OUTPUT>(p.input_gradient, at), gradients);
}
