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
