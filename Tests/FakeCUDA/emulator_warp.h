// Barriers, the warp's collectives, and atomics, which need nothing special where the threads of a
// block take turns.

#ifndef FAKE_CUDA_EMULATOR_WARP_H
#define FAKE_CUDA_EMULATOR_WARP_H

inline void __syncthreads() { fake_cuda::wait(fake_cuda::Wait::block); }

inline void __syncwarp(unsigned mask = ~0u) {
  fake_cuda::collective(fake_cuda::Wait::warp, mask, 0, 0);
}

inline void __threadfence() {}
inline void __threadfence_block() {}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return fake_cuda::collective(fake_cuda::Wait::ballot, mask, predicate != 0, 0);
}

inline int __any_sync(unsigned mask, int predicate) {
  return static_cast<int>(fake_cuda::collective(fake_cuda::Wait::any, mask, predicate != 0, 0));
}

inline int __all_sync(unsigned mask, int predicate) {
  return static_cast<int>(fake_cuda::collective(fake_cuda::Wait::all, mask, predicate != 0, 0));
}

namespace fake_cuda {

// `lane` is where the value comes from. Up and down, xor and index each treat a lane outside the
// segment of `width` lanes in their own way.
inline unsigned shuffle(Wait kind, unsigned mask, unsigned bits, int argument, int width) {
  const Thread &self = *block.current;
  if (width < 1 || width > static_cast<int>(warp_size) || (width & (width - 1))) {
    fail(&self, "calls %s with a width of %d", name_of(kind), width);
  }
  unsigned first = self.lane & ~unsigned(width - 1), last = first + width - 1;
  long lane = argument;
  switch (kind) {
    case Wait::shuffle_up:
      lane = static_cast<long>(self.lane) - static_cast<unsigned>(argument);
      if (lane < first) lane = self.lane;
      break;
    case Wait::shuffle_down:
      lane = static_cast<long>(self.lane) + static_cast<unsigned>(argument);
      if (lane > last) lane = self.lane;
      break;
    case Wait::shuffle_xor:
      lane = self.lane ^ static_cast<unsigned>(argument);
      if (lane > last) lane = self.lane;
      break;
    default:
      lane = first + (static_cast<unsigned>(argument) & (width - 1));
  }
  return collective(kind, mask, bits, static_cast<unsigned>(lane));
}

template <typename To, typename From>
inline To bits_as(From value) {
  static_assert(sizeof(To) == sizeof(From), "the same bits");
  To result;
  memcpy(&result, &value, sizeof result);
  return result;
}

}  // namespace fake_cuda

#define FAKE_CUDA_SHUFFLES(T)                                                                     \
  inline T __shfl_sync(unsigned mask, T value, int lane, int width = 32) {                        \
    using namespace fake_cuda;                                                                    \
    return bits_as<T>(shuffle(Wait::shuffle, mask, bits_as<unsigned>(value), lane, width));       \
  }                                                                                               \
  inline T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32) {                  \
    using namespace fake_cuda;                                                                    \
    return bits_as<T>(shuffle(Wait::shuffle_up, mask, bits_as<unsigned>(value), by, width));      \
  }                                                                                               \
  inline T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32) {                \
    using namespace fake_cuda;                                                                    \
    return bits_as<T>(shuffle(Wait::shuffle_down, mask, bits_as<unsigned>(value), by, width));    \
  }                                                                                               \
  inline T __shfl_xor_sync(unsigned mask, T value, int with, int width = 32) {                    \
    using namespace fake_cuda;                                                                    \
    return bits_as<T>(shuffle(Wait::shuffle_xor, mask, bits_as<unsigned>(value), with, width));   \
  }

FAKE_CUDA_SHUFFLES(int)
FAKE_CUDA_SHUFFLES(unsigned)
FAKE_CUDA_SHUFFLES(float)

#undef FAKE_CUDA_SHUFFLES

namespace fake_cuda {

template <typename T>
inline T replace(T *address, T value) {
  T old = *address;
  *address = value;
  return old;
}

}  // namespace fake_cuda

inline float atomicAdd(float *p, float v) { return fake_cuda::replace(p, *p + v); }
inline double atomicAdd(double *p, double v) { return fake_cuda::replace(p, *p + v); }
inline unsigned atomicAdd(unsigned *p, unsigned v) { return fake_cuda::replace(p, *p + v); }

// Integers wrap around, as the hardware's atomics do.
inline int atomicAdd(int *p, int v) {
  return fake_cuda::replace(p, static_cast<int>(static_cast<unsigned>(*p) + v));
}

inline int atomicMax(int *p, int v) { return fake_cuda::replace(p, *p > v ? *p : v); }
inline int atomicMin(int *p, int v) { return fake_cuda::replace(p, *p < v ? *p : v); }
inline unsigned atomicMax(unsigned *p, unsigned v) {
  return fake_cuda::replace(p, *p > v ? *p : v);
}
inline unsigned atomicMin(unsigned *p, unsigned v) {
  return fake_cuda::replace(p, *p < v ? *p : v);
}
inline int atomicExch(int *p, int v) { return fake_cuda::replace(p, v); }
inline unsigned atomicExch(unsigned *p, unsigned v) { return fake_cuda::replace(p, v); }
inline float atomicExch(float *p, float v) { return fake_cuda::replace(p, v); }
inline int atomicCAS(int *p, int expected, int v) {
  return fake_cuda::replace(p, *p == expected ? v : *p);
}
inline unsigned atomicCAS(unsigned *p, unsigned expected, unsigned v) {
  return fake_cuda::replace(p, *p == expected ? v : *p);
}

#endif
