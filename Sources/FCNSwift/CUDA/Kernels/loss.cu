#include "kernel.cuh"

// Softmax cross-entropy of every labelled pixel, its gradient by the scores, and the class of the
// largest score.
FCN_KERNEL(softmax_cross_entropy, FCN_THREADS, fcn_loss_call) {
  __shared__ double scratch[FCN_THREADS];
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  int64_t plane = (int64_t)p.scores.height * p.scores.width;
  double loss = 0;
  if (index < p.scores.pictures * plane) {
    int n = (int)(index / plane), y = (int)(index % plane / p.scores.width);
    int x = (int)(index % p.scores.width), classes = p.scores.channels;
    const float *scores = element<const float>(p.scores, n, y, x, 0);
    float *gradient = element<float>(p.gradient, n, y, x, 0);
    float largest = scores[0], total = 0;
    int best = 0;
    for (int c = 1; c < classes; c++) {
      if (scores[c] > largest) largest = scores[c], best = c;
    }
    for (int c = 0; c < classes; c++) total += expf(scores[c] - largest);
    pointer<uint8_t>(p.predictions)[index] = (uint8_t)best;
    int label = pointer<const uint8_t>(p.labels)[index];
    bool counts = label < classes;
    float weight = counts ? pointer<const float>(p.weights)[label] : 0;
    if (counts) loss = weight * (logf(total) - (scores[label] - largest));
    for (int c = 0; c < channel_groups(p.scores) * FCN_CHANNEL_GROUP; c++) {
      float value = 0;
      if (counts && c < classes) {
        value = weight * p.scale * (expf(scores[c] - largest) / total - (c == label ? 1 : 0));
      }
      gradient[c] = value;
    }
  }
  scratch[threadIdx.x] = loss;
  __syncthreads();
  for (int half = FCN_THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) scratch[threadIdx.x] += scratch[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) pointer<double>(p.losses)[blockIdx.x] = scratch[0];
}
