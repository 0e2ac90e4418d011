// Batch normalisation by a minibatch's own statistics, of one value a channel by the running ones: see
// BatchNorm. INPUT is the type of the
// values and of their gradients.
#include "kernel.cuh"

struct Statistics {
  float means[8], inverses[8];

  __device__ void load(const fcn_batch_norm_call &p, int channel) {
    float count = (float)p.input.pictures * p.input.height * p.input.width;
    load_eight(means, pointer<const float>(p.sums) + channel);
    load_eight(inverses, pointer<const float>(p.squares) + channel);
    for (int i = 0; i < 8; i++) {
      means[i] /= count;
      inverses[i] = 1 / sqrtf(inverses[i] / count + p.epsilon);
    }
  }
};

FCN_KERNEL(normalize_batch, FCN_THREADS, fcn_batch_norm_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  Statistics statistics;
  statistics.load(p, at.channel);
  float values[8], weights[8], biases[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  load_eight(biases, pointer<const float>(p.bias) + at.channel);
  for (int i = 0; i < 8; i++) {
    float scale = statistics.inverses[i] * weights[i];
    values[i] = values[i] * scale + (biases[i] - statistics.means[i] * scale);
  }
  store_eight(element<INPUT>(p.output, at), values);
}

// Running statistics move towards the minibatch's, the variance in its unbiased form.
FCN_KERNEL(move_statistics, FCN_THREADS, fcn_batch_norm_call) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  if (c >= p.input.channels) return;
  float count = (float)p.input.pictures * p.input.height * p.input.width;
  float *mean = pointer<float>(p.running_mean) + c;
  float *variance = pointer<float>(p.running_variance) + c;
  float unbiased = pointer<const float>(p.squares)[c] / (count - 1);
  *mean += p.momentum * (pointer<const float>(p.sums)[c] / count - *mean);
  *variance += p.momentum * (unbiased - *variance);
}

FCN_KERNEL(batch_norm_gradient, FCN_THREADS, fcn_batch_norm_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  Statistics statistics;
  statistics.load(p, at.channel);
  float count = (float)p.input.pictures * p.input.height * p.input.width;
  float gradients[8], values[8], weights[8], sums[8], products[8];
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(weights, pointer<const float>(p.weight) + at.channel);
  load_eight(sums, pointer<const float>(p.gradient_sums) + at.channel);
  load_eight(products, pointer<const float>(p.gradient_products) + at.channel);
  for (int i = 0; i < 8; i++) {
    // The statistics of one value are the running ones, which do not follow from it.
    if (count == 1) sums[i] = products[i] = 0;
    float inverse = statistics.inverses[i];
    float normal = (values[i] - statistics.means[i]) * inverse;
    gradients[i] = weights[i] * inverse *
                   (gradients[i] - sums[i] / count - normal * products[i] * inverse / count);
  }
  store_eight(element<INPUT>(p.input_gradient, at), gradients);
}

FCN_KERNEL(batch_norm_parameters, FCN_THREADS, fcn_batch_norm_call) {
  int c = blockIdx.x * blockDim.x + threadIdx.x;
  if (c >= p.input.channels) return;
  float count = (float)p.input.pictures * p.input.height * p.input.width;
  float inverse = 1 / sqrtf(pointer<const float>(p.squares)[c] / count + p.epsilon);
  pointer<float>(p.weight_gradient)[c] =
      p.scale * inverse * pointer<const float>(p.gradient_products)[c];
  pointer<float>(p.bias_gradient)[c] = p.scale * pointer<const float>(p.gradient_sums)[c];
}
