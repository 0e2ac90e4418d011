#include "kernel.cuh"

// Weights in the order in which kernels read them.
FCN_KERNEL(pack, FCN_THREADS, fcn_pack_call) {
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
