/* The kernels of the self-test. */

#include "selftest.h"

const char kernels[] = R"KERNELS(
#include "ptx.cuh"

struct Buffers {
  const float *input;
  float *output;
  long count;
};

FCN_KERNEL(block_sum, THREADS, Buffers) {
  __shared__ float sums[THREADS];
  long index = (long)blockIdx.x * blockDim.x + threadIdx.x;
  sums[threadIdx.x] = index < p.count ? p.input[index] : 0;
  __syncthreads();
  for (unsigned half = THREADS / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) p.output[blockIdx.x] = sums[0];
}

// The order in which threads have their turns, which changes from barrier to barrier.
FCN_KERNEL(turns, THREADS, Buffers) {
  __shared__ int turn;
  float *order = p.output + blockIdx.x * 2 * THREADS;
  if (threadIdx.x == 0) turn = 0;
  __syncthreads();
  __syncthreads();
  order[atomicAdd(&turn, 1)] = threadIdx.x;
  __syncthreads();
  order[atomicAdd(&turn, 1)] = threadIdx.x;
}

// Each lane's results one after another.
FCN_KERNEL(warp, 32, Buffers) {
  int lane = threadIdx.x;
  float *to = p.output + lane * 10;
  to[0] = __shfl_sync(~0u, lane, 35);
  to[1] = __shfl_sync(~0u, (float)lane, lane + 1, 8);
  to[2] = __shfl_xor_sync(~0u, (unsigned)lane, 3);
  to[3] = __shfl_down_sync(~0u, lane, 4);
  to[4] = __shfl_up_sync(~0u, lane, 4, 16);
  to[5] = __popc(__ballot_sync(~0u, lane % 3 == 0));
  to[6] = __any_sync(~0u, lane == 31);
  to[7] = __all_sync(~0u, lane == 31);
  if (lane >= 16) {
    to[8] = __shfl_sync(0xFFFF0000u, lane, 16);
    return;
  }
  __syncwarp(0xFFFF);
  // Those that have ended are waited for by nobody.
  to[8] = __popc(__ballot_sync(~0u, 1));
  __syncwarp();
}

// The product of two 16×16 matrices, whose second is given by columns, in every layout.
template <typename T>
__device__ void multiply(const Buffers &p) {
  __shared__ __align__(32) T left[256], right[256];
  const int depth = MatrixShape<T>::depth;
  for (int i = threadIdx.x; i < 256; i += 32) {
    left[i] = narrowed<T>(p.input[i]);
    right[i] = narrowed<T>(p.input[256 + i]);
  }
  __syncwarp();
  Accumulator straight, flipped;
  clear(straight);
  clear(flipped);
  for (int k = 0; k < 16; k += depth) {
    MatrixA<T> a;
    MatrixB<T> b;
    load_rows(a, left + k, 16);
    load_columns(b, right + k, 16);
    multiply_add(straight, a, b);
    // The transposes, the other way round: (RL)ᵀ read in the other two layouts.
    load_columns(a, right + k * 16, 16);
    load_rows(b, left + k * 16, 16);
    multiply_add(flipped, a, b);
  }
  store_rows(p.output, straight, 16);
  store_rows(p.output + 256, flipped, 16);
}

FCN_KERNEL(multiply_half, 32, Buffers) { multiply<half_t>(p); }
FCN_KERNEL(multiply_bfloat, 32, Buffers) { multiply<bfloat_t>(p); }
FCN_KERNEL(multiply_float, 32, Buffers) { multiply<float>(p); }

// For every number from zero on: that it comes back, and how its middle to the next one and the
// floats around the middle are rounded. Counts what is wrong.
template <typename T>
__device__ void round_all(float *wrong, unsigned infinity) {
  for (unsigned bits = threadIdx.x; bits < infinity; bits += 32) {
    T number = {(unsigned short)bits}, next = {(unsigned short)(bits + 1)};
    float low = widened(number), step = widened(next) - low;
    if (bits + 1 == infinity) step = low - widened(T{(unsigned short)(bits - 1)});
    float middle = low + step / 2;
    unsigned even = bits & 1 ? bits + 1 : bits;
    bool right = narrowed<T>(low).bits == bits && narrowed<T>(-low).bits == (bits | 0x8000);
    right = right && narrowed<T>(middle).bits == even;
    right = right && narrowed<T>(__int_as_float(__float_as_int(middle) - 1)).bits == bits;
    right = right && narrowed<T>(__int_as_float(__float_as_int(middle) + 1)).bits == bits + 1;
    if (!right) atomicAdd(wrong, 1.0f);
  }
}

FCN_KERNEL(rounding, 32, Buffers) {
  float infinity = __int_as_float(0x7F800000), nan = __int_as_float(0x7F800001);
  round_all<half_t>(p.output, 0x7C00);
  round_all<bfloat_t>(p.output + 1, 0x7F80);
  p.output[2] = narrowed<half_t>(1e30f).bits;
  p.output[3] = narrowed<half_t>(-infinity).bits;
  p.output[4] = isnan(widened(narrowed<half_t>(nan))) && isnan(widened(narrowed<bfloat_t>(nan)));
  p.output[5] = isfinite(widened(half_t{0x7C00})) || !isnan(widened(half_t{0x7C01}));
}

// Reverses groups of four floats by way of dynamic shared memory; zeros beyond the end.
FCN_KERNEL(copies, THREADS, Buffers) {
  FCN_DYNAMIC_SHARED(bytes);
  float4 *tile = (float4 *)bytes;
  const float4 *from = (const float4 *)p.input + blockIdx.x * THREADS + threadIdx.x;
  long index = ((long)blockIdx.x * THREADS + threadIdx.x) * 4;
  copy_async_16(&tile[threadIdx.x], from, index < p.count);
  commit_copies();
  copy_async_16(&tile[THREADS + threadIdx.x], p.input, false);
  commit_copies();
  bool early = !isnan(tile[threadIdx.x].x);
  wait_for_copies<1>();
  bool late = isnan(tile[threadIdx.x].x) || !isnan(tile[THREADS + threadIdx.x].x);
  wait_for_copies<0>();
  __syncthreads();
  float4 other = tile[THREADS - 1 - threadIdx.x];
  if (early || late || tile[THREADS + threadIdx.x].w != 0) other.x = -1;
  ((float4 *)p.output)[blockIdx.x * THREADS + threadIdx.x] = other;
}

FCN_KERNEL(everywhere, THREADS, Buffers) {
  long block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  long thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  p.output[block * blockDim.x * blockDim.y * blockDim.z + thread] = p.count;
}

// MARK: Faults

FCN_KERNEL(writes_beyond, THREADS, Buffers) { p.output[p.count + threadIdx.x] = 1; }

FCN_KERNEL(reads, THREADS, Buffers) { p.output[threadIdx.x] = p.input[threadIdx.x]; }

FCN_KERNEL(ends_early, THREADS, Buffers) {
  if (threadIdx.x == 5) return;
  __syncthreads();
}

FCN_KERNEL(parts, THREADS, Buffers) {
  if (threadIdx.x == 5) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}

FCN_KERNEL(leaves_itself_out, THREADS, Buffers) { __shfl_sync(1u << 3, 0, 3); }

FCN_KERNEL(overruns_shared, THREADS, Buffers) {
  FCN_DYNAMIC_SHARED(bytes);
  bytes[p.count] = 0;
}

FCN_KERNEL(overruns_array, THREADS, Buffers) {
  __shared__ float rows[4][4];
  rows[1][p.count] = 0;
  p.output[0] = rows[1][0];
}

FCN_KERNEL(reads_misaligned, THREADS, Buffers) {
  float4 four = *(const float4 *)(p.input + 1);
  p.output[0] = four.x;
}

FCN_KERNEL(writes_misaligned, THREADS, Buffers) {
  *(float2 *)(p.output + 1) = make_float2(1, 2);
}

FCN_KERNEL(misaligned_matrix, THREADS, Buffers) {
  MatrixA<float> a;
  load_rows(a, p.input + 4, 16);
}

FCN_KERNEL(wrong_stride, THREADS, Buffers) {
  MatrixA<half_t> a;
  load_rows(a, (const half_t *)p.input, 4);
}

FCN_KERNEL(lonely_lane, THREADS, Buffers) {
  Accumulator sums;
  if (threadIdx.x == 0) clear(sums);
}

FCN_KERNEL(divides, THREADS, Buffers) { p.output[0] = 7 / (int)p.count; }
)KERNELS";
