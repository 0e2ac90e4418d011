// CUDA C++ for the host: what a kernel's source may name without including anything. The compiler
// gets this file before every source. System headers are left out on purpose, so that a name which
// NVRTC does not know is an error here too.

#ifndef FAKE_CUDA_EMULATOR_H
#define FAKE_CUDA_EMULATOR_H

// Each needs those above it.
#include "emulator_host.h"
#include "emulator_types.h"
#include "emulator_fibers.h"
#include "emulator_thread.h"
#include "emulator_block.h"
#include "emulator_launch.h"
#include "emulator_checks.h"
#include "emulator_warp.h"
#include "emulator_math.h"
#include "emulator_scalars.h"

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))

// One copy for all threads: they are fibers of one host thread, blocks follow one another, and the
// driver runs one launch of a module at a time.
#define __shared__ static

// What the driver looks up of a kernel: its entry, the size of its parameters, its launch bound.
#define FCN_KERNEL(name, threads, Params)                                                         \
  static_assert(sizeof(Params) <= 4096, "a kernel has 4096 bytes of parameters");                 \
  static void name##_body(const Params &p);                                                       \
  FAKE_CUDA_EXPORTED const unsigned name##_size = sizeof(Params);                                 \
  FAKE_CUDA_EXPORTED const unsigned name##_threads = threads;                                     \
  FAKE_CUDA_EXPORTED void name(const void *params) {                                              \
    fake_cuda::block.kernel_name = #name;                                                         \
    name##_body(*static_cast<const Params *>(params));                                            \
  }                                                                                               \
  static void name##_body(const Params &p)

#define FCN_DYNAMIC_SHARED(name) unsigned char *const name = fake_cuda::block.dynamic

#endif
