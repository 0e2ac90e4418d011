// How gradients change weights: see Optimizer.
#include "kernel.cuh"

FCN_KERNEL(update_sgd, FCN_THREADS, fcn_update_call) {
  int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= p.count) return;
  float *weight = pointer<float>(p.weight) + i, *velocity = pointer<float>(p.first) + i;
  float gradient = p.scale * pointer<const float>(p.gradient)[i];
  float v = p.momentum * *velocity + (gradient + p.decay * *weight);
  *velocity = v;
  *weight -= p.rate * v;
}

FCN_KERNEL(update_adamw, FCN_THREADS, fcn_update_call) {
  int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= p.count) return;
  float *weight = pointer<float>(p.weight) + i;
  float *mean = pointer<float>(p.first) + i, *square = pointer<float>(p.second) + i;
  float gradient = p.scale * pointer<const float>(p.gradient)[i];
  float m = *mean + (1 - p.beta1) * (gradient - *mean);
  float s = p.beta2 * *square + (1 - p.beta2) * gradient * gradient;
  *mean = m;
  *square = s;
  *weight = *weight * (1 - p.rate * p.decay) -
            p.rate / p.correction1 * m / (sqrtf(s) / p.correction2 + 1e-8f);
}
