// Means and maxima along some of channels, rows and columns, of each of which one line is left.
#include "kernel.cuh"

// Threads of a block that make a pixel's eight channels of the output together, or one where one stands
// for all of the input's. Each looks at some of the pixels.
struct Team {
  Place at = {0, 0, 0, 0};
  int lane, size;
  // Whether there is such a pixel; else its threads only wait for others.
  bool works;
  // The pixels and channels of the input that are looked at.
  int top, left, width, pixels, channel, end;

  __device__ Team(const fcn_view &input, const fcn_view &output, int threads) {
    int64_t index = (int64_t)blockIdx.x * blockDim.x + threadIdx.x;
    size = threads;
    lane = (int)(index % size);
    works = find_place(at, output, index / size);
    bool rows = output.height < input.height, columns = output.width < input.width;
    top = rows ? 0 : at.y, left = columns ? 0 : at.x;
    width = columns ? input.width : 1;
    pixels = works ? width * (rows ? input.height : 1) : 0;
    channel = at.channel;
    end = joins(input, output) ? input.channels : channel + 1;
  }

  __device__ static bool joins(const fcn_view &input, const fcn_view &output) {
    return output.channels < input.channels;
  }

  // Calls `body(y, x, channel)` for each pixel and channel group of this thread.
  template <typename Body>
  __device__ void for_each(Body body) const {
    for (int i = lane; i < pixels; i += size) {
      for (int c = channel; c < end; c += FCN_CHANNEL_GROUP) {
        body(top + i / width, left + i % width, c);
      }
    }
  }
};

// In 64 bits, so that sums of many values stay exact.
FCN_KERNEL(reduce_mean, FCN_THREADS, fcn_reduce_call) {
  __shared__ double scratch[FCN_THREADS];
  Team team(p.input, p.output, p.team);
  double sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  team.for_each([&](int y, int x, int channel) {
    float values[8];
    load_eight(values, element<const INPUT>(p.input, team.at.n, y, x, channel));
    for (int i = 0; i < 8; i++) sums[i] += values[i];
  });
  bool joins = Team::joins(p.input, p.output);
  for (int i = 1; i < 8 && joins; i++) sums[0] += sums[i];
  float means[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < (joins ? 1 : 8); i++) {
    scratch[threadIdx.x] = sums[i];
    __syncthreads();
    for (int half = team.size / 2; half > 0; half /= 2) {
      if (team.lane < half) scratch[threadIdx.x] += scratch[threadIdx.x + half];
      __syncthreads();
    }
    means[i] = (float)(scratch[threadIdx.x] / p.count);
    __syncthreads();
  }
  if (!team.works || team.lane > 0) return;
  clear_beyond(means, team.at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, team.at), means);
}

// Each value had its share.
FCN_KERNEL(reduce_mean_gradient, FCN_THREADS, fcn_reduce_call) {
  Place at;
  if (!find_place(at, p.input_gradient)) return;
  int y = p.gradient.height == 1 ? 0 : at.y, x = p.gradient.width == 1 ? 0 : at.x;
  bool joins = Team::joins(p.input_gradient, p.gradient);
  float gradients[8];
  load_eight(gradients, element<const INPUT>(p.gradient, at.n, y, x, joins ? 0 : at.channel));
  for (int i = 1; i < 8 && joins; i++) gradients[i] = gradients[0];
  for (int i = 0; i < 8; i++) gradients[i] /= p.count;
  clear_beyond(gradients, at.channel, p.input_gradient.channels);
  store_eight(element<OUTPUT>(p.input_gradient, at), gradients);
}

// A value and where it stands in reading order: channels, rows, columns.
struct Candidate {
  float value;
  int64_t index;

  __device__ bool beats(const Candidate &other) const {
    bool are_alike = value == other.value || (isnan(value) && isnan(other.value));
    return are_alike ? index < other.index : is_larger(value, other.value);
  }
};

__device__ __forceinline__ int64_t reading_index(const fcn_view &view, int y, int x, int channel) {
  return ((int64_t)channel * view.height + y) * view.width + x;
}

// The first of the largest values that a team looks at, of each of eight channels or, where channels are
// joined, of all; a NaN is largest.
__device__ __forceinline__ void find_largest(
    Candidate (&best)[8], const Team &team, const fcn_reduce_call &p, Candidate *scratch) {
  bool joins = Team::joins(p.input, p.output);
  float first[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  if (team.works) {
    load_eight(
        first, element<const INPUT>(p.input, team.at.n, team.top, team.left, team.channel));
  }
  for (int i = 0; i < 8; i++) {
    int channel = joins ? 0 : i;
    best[i].value = first[channel];
    best[i].index = reading_index(p.input, team.top, team.left, team.channel + channel);
  }
  team.for_each([&](int y, int x, int channel) {
    float values[8];
    load_eight(values, element<const INPUT>(p.input, team.at.n, y, x, channel));
    for (int i = 0; i < 8; i++) {
      if (channel + i >= p.input.channels) break;
      Candidate own = {values[i], reading_index(p.input, y, x, channel + i)};
      if (own.beats(best[i])) best[i] = own;
    }
  });
  for (int i = 1; i < 8 && joins; i++) {
    if (best[i].beats(best[0])) best[0] = best[i];
  }
  for (int i = 0; i < (joins ? 1 : 8); i++) {
    scratch[threadIdx.x] = best[i];
    __syncthreads();
    for (int half = team.size / 2; half > 0; half /= 2) {
      if (team.lane < half && scratch[threadIdx.x + half].beats(scratch[threadIdx.x])) {
        scratch[threadIdx.x] = scratch[threadIdx.x + half];
      }
      __syncthreads();
    }
    best[i] = scratch[threadIdx.x - team.lane];
    __syncthreads();
  }
}

FCN_KERNEL(reduce_maximum, FCN_THREADS, fcn_reduce_call) {
  __shared__ Candidate scratch[FCN_THREADS];
  Team team(p.input, p.output, p.team);
  Candidate best[8];
  find_largest(best, team, p, scratch);
  if (!team.works || team.lane > 0) return;
  float values[8];
  for (int i = 0; i < 8; i++) values[i] = best[i].value;
  clear_beyond(values, team.at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, team.at), values);
}

// A team writes all that its gradient may go to, which no other does.
FCN_KERNEL(reduce_maximum_gradient, FCN_THREADS, fcn_reduce_call) {
  __shared__ Candidate scratch[FCN_THREADS];
  Team team(p.input, p.output, p.team);
  Candidate best[8];
  find_largest(best, team, p, scratch);
  if (!team.works) return;
  bool joins = Team::joins(p.input, p.output);
  float upstream[8];
  load_eight(upstream, element<const INPUT>(p.gradient, team.at));
  team.for_each([&](int y, int x, int channel) {
    float gradients[8];
    for (int i = 0; i < 8; i++) {
      int own = joins ? 0 : i;
      bool wins = best[own].index == reading_index(p.input, y, x, channel + i);
      gradients[i] = wins ? upstream[own] : 0;
    }
    store_eight(element<OUTPUT>(p.input_gradient, team.at.n, y, x, channel), gradients);
  });
}
