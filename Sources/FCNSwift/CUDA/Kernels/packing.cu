#include "kernel.cuh"

// Weights in the order in which kernels read them, zeros for channels that only fill a group.
FCN_KERNEL(pack, FCN_THREADS, fcn_pack_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  int64_t count = (int64_t)p.positions * p.padded * (p.by_position ? p.inputs : p.outputs);
  if (index >= count) return;
  int inner = (int)(index % p.padded);
  int64_t rest = index / p.padded;
  int o, i, position;
  if (p.by_position) {
    o = inner, i = (int)(rest % p.inputs), position = (int)(rest / p.inputs);
  } else {
    i = inner, position = (int)(rest % p.positions), o = (int)(rest / p.positions);
  }
  float value = 0;
  if (o < p.outputs && i < p.inputs) {
    value = pointer<const float>(p.source)[((int64_t)o * p.inputs + i) * p.positions + position];
  }
  pointer<OUTPUT>(p.target)[index] = narrowed<OUTPUT>(value);
}

// The same for training, groups and turned kernels included.
FCN_KERNEL(pack_weights, FCN_THREADS, fcn_pack_weights_call) {
  int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (index >= (int64_t)p.rows * p.positions * p.padded) return;
  int c = (int)(index % p.padded);
  int64_t rest = index / p.padded;
  int row = (int)(p.by_position ? rest % p.rows : rest / p.positions);
  int position = (int)(p.by_position ? rest / p.rows : rest % p.positions);
  int group = row / p.rows_per_group;
  float value = 0;
  if (row < p.filled_rows && c < p.inner && !(p.joined && c / p.inner_per_group != group)) {
    int64_t at = group * p.group_stride + (int64_t)(row % p.rows_per_group) * p.row_stride +
                 (int64_t)(c % p.inner_per_group) * p.inner_stride;
    value = pointer<const float>(p.source)[at + (p.turned ? p.positions - 1 - position : position)];
  }
  pointer<OUTPUT>(p.target)[index] = narrowed<OUTPUT>(value);
}
