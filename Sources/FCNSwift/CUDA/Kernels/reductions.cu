// Sums over many elements, always in the same order.
#include "kernel.cuh"

#ifdef PARTIAL
// Partial gradients of weights, added up, in the order of the model's weights.
FCN_KERNEL(reduce_weights, FCN_THREADS, fcn_reduce_weights_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= (int64_t)p.outputs * p.inputs * p.positions) return;
  int position = (int)(index % p.positions);
  int64_t rest = index / p.positions;
  int input = (int)(rest % p.inputs), output = (int)(rest / p.inputs);
  if (p.outputs_per_group) input += output / p.outputs_per_group * p.inputs;
  const PARTIAL *partials = pointer<const PARTIAL>(p.partials) +
                            ((int64_t)output * p.positions + position) * p.padded + input;
  int64_t stride = (int64_t)p.outputs * p.positions * p.padded;
  float sum = 0;
  for (int split = 0; split < p.splits; split++) sum += widened(partials[split * stride]);
  pointer<float>(p.target)[index] = sum * p.scale;
}
#endif

__device__ __forceinline__ float sum_of_block(float value, float *scratch) {
  scratch[threadIdx.x] = value;
  __syncthreads();
  for (int half = FCN_THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) scratch[threadIdx.x] += scratch[threadIdx.x + half];
    __syncthreads();
  }
  float sum = scratch[0];
  __syncthreads();
  return sum;
}

#ifdef MODE
// Of the pixels of a chunk, for eight channels. MODE 0: Σ input; 1: Σ (input − mean)²; 2: Σ gradient;
// 3: Σ gradient and Σ gradient · (input − mean); 4: Σ gradient · input where that is below 0; 5: Σ gradient
// and Σ gradient · normalised input, by the statistics of each pixel (fcn_pixel_norm_gradient_call).
FCN_KERNEL(sum_channels, FCN_THREADS, fcn_channel_sums_call) {
  __shared__ float scratch[FCN_THREADS];
  const fcn_view &view = MODE >= 2 ? p.gradient : p.input;
  int channel = blockIdx.x * FCN_CHANNEL_GROUP, chunk = blockIdx.y;
  // The picture that is summed by itself, or 0.
  int picture = blockIdx.z;
  int plane = view.height * view.width, pixels = p.apart ? plane : view.pictures * plane;
  int padded = channel_groups(view) * FCN_CHANNEL_GROUP;
  float means[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  if ((MODE == 1 || MODE == 3) && p.sums) {
    load_eight(means, pointer<const float>(p.sums) + (int64_t)picture * padded + channel);
    for (int i = 0; i < 8; i++) means[i] /= pixels;
  }
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0}, products[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  int end = min(pixels, (chunk + 1) * p.chunk_pixels);
  for (int i = chunk * p.chunk_pixels + threadIdx.x; i < end; i += FCN_THREADS) {
    int n = picture + i / plane, y = i % plane / view.width, x = i % view.width;
    float values[8], others[8];
    load_eight(values, element<const INPUT>(view, n, y, x, channel));
    if (MODE >= 3) load_eight(others, element<const INPUT>(p.input, n, y, x, channel));
    const float *of_pixel = pointer<const float>(p.sums) + (MODE == 5 ? 4 * (int64_t)i : 0);
    for (int k = 0; k < 8; k++) {
      float deviation = values[k] - means[k];
      if (MODE == 4) {
        if (others[k] < 0) sums[k] += values[k] * others[k];
        continue;
      }
      sums[k] += MODE == 1 ? deviation * deviation : values[k];
      if (MODE == 3) products[k] += values[k] * (others[k] - means[k]);
      if (MODE == 5) products[k] += values[k] * ((others[k] - of_pixel[0]) * of_pixel[1]);
    }
  }
  float *target =
      pointer<float>(p.partials) + ((int64_t)chunk * gridDim.z + picture) * padded + channel;
  for (int k = 0; k < 8; k++) {
    float sum = sum_of_block(sums[k], scratch);
    if (threadIdx.x == 0) target[k] = sum;
    if (MODE != 3 && MODE != 5) continue;
    float product = sum_of_block(products[k], scratch);
    if (threadIdx.x == 0) target[(int64_t)p.chunks * gridDim.z * padded + k] = product;
  }
}
#endif

#ifdef OUTPUT
// What the sums of each picture come to, as values: means, where they are divided by the pixels.
FCN_KERNEL(store_sums, FCN_THREADS, fcn_store_sums_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int64_t count = (int64_t)p.output.pictures * channel_groups(p.output) * FCN_CHANNEL_GROUP;
  const float *partials = pointer<const float>(p.partials) +
                          (int64_t)at.n * channel_groups(p.output) * FCN_CHANNEL_GROUP + at.channel;
  float values[8];
  for (int i = 0; i < 8; i++) {
    double sum = 0;
    for (int chunk = 0; chunk < p.chunks; chunk++) sum += partials[chunk * count + i];
    values[i] = (float)(sum / p.divisor);
  }
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), values);
}
#endif

// Means over groups of channels.
FCN_KERNEL(share_sums, FCN_THREADS, fcn_share_call) {
  int padded = (p.channels + FCN_CHANNEL_GROUP - 1) / FCN_CHANNEL_GROUP * FCN_CHANNEL_GROUP;
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= (int64_t)p.pictures * padded) return;
  int channel = (int)(index % padded);
  double sum = 0;
  if (channel < p.channels) {
    const float *sums = pointer<const float>(p.sums) + index - channel % p.group_channels;
    for (int i = 0; i < p.group_channels; i++) sum += sums[i];
  }
  pointer<float>(p.target)[index] = (float)(sum / p.group_channels);
}

FCN_KERNEL(sum_chunks, FCN_THREADS, fcn_sum_chunks_call) {
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= p.count) return;
  const float *partials = pointer<const float>(p.partials) + index;
  double sum = 0;
  for (int chunk = 0; chunk < p.chunks; chunk++) sum += partials[(int64_t)chunk * p.count];
  pointer<float>(p.target)[index] = (float)(sum * p.scale);
}

// For norms of gradients.
FCN_KERNEL(sum_squares, FCN_THREADS, fcn_squares_call) {
  __shared__ double scratch[FCN_THREADS];
  const float *values = pointer<const float>(p.values);
  double sum = 0;
  int64_t stride = (int64_t)gridDim.x * FCN_THREADS;
  for (int64_t i = (int64_t)blockIdx.x * FCN_THREADS + threadIdx.x; i < p.count; i += stride) {
    sum += (double)values[i] * values[i];
  }
  scratch[threadIdx.x] = sum;
  __syncthreads();
  for (int half = FCN_THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) scratch[threadIdx.x] += scratch[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) pointer<double>(p.squares)[blockIdx.x] = scratch[0];
}

FCN_KERNEL(accumulate, FCN_THREADS, fcn_accumulate_call) {
  int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= p.count) return;
  float *total = pointer<float>(p.total) + i;
  float before = p.keep == 0 ? 0 : p.keep * *total;
  *total = before + p.share * pointer<const float>(p.values)[i];
}
