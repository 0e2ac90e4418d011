// The block being run, its threads, and how a thread waits for others.

#ifndef FAKE_CUDA_EMULATOR_THREAD_H
#define FAKE_CUDA_EMULATOR_THREAD_H

namespace fake_cuda {

enum : unsigned { warp_size = 32 };

// Those between `warp` and `shuffle_xor` are the warp's collectives.
enum class Wait : unsigned char {
  nothing,
  block,
  warp,
  ballot,
  any,
  all,
  shuffle,
  shuffle_up,
  shuffle_down,
  shuffle_xor,
  end
};

inline bool is_collective(Wait wait) { return wait >= Wait::warp && wait <= Wait::shuffle_xor; }

inline const char *name_of(Wait wait) {
  static const char *const names[] = {"nothing", "__syncthreads", "__syncwarp", "__ballot_sync",
      "__any_sync", "__all_sync", "__shfl_sync", "__shfl_up_sync", "__shfl_down_sync",
      "__shfl_xor_sync", "its end"};
  return names[static_cast<unsigned>(wait)];
}

// An asynchronous copy that has not happened yet. Groups count from 1; no source means zeros.
struct Copy {
  void *destination;
  const void *source;
  unsigned group;
};

struct Thread {
  void *stack_pointer;
  unsigned char *stack;
  uint3 index;
  unsigned lane;
  Wait wait;

  // Of a warp's collective: who takes part, what this lane gives, whose value it wants, its result.
  unsigned mask, operand, source, result;

  // A digest of the matrix operations so far, which must be the same in all lanes of a warp.
  unsigned long long matrix_operations;

  Copy *copies;
  unsigned copy_count, copy_capacity, committed_groups;
};

struct Block {
  void (*kernel)(const void *params);
  const void *params;
  const char *kernel_name;
  bool running;

  uint3 index, thread_index;
  unsigned number, thread_count;

  unsigned char *dynamic;

  Thread *current;
  void *scheduler;
  Stacks stacks;

  // How often each warp's lanes, and the warps themselves, had their turns.
  unsigned turns, warp_turns[max_threads / warp_size];

  Thread threads[max_threads];
};

Block block;

// Outside the block, which is all zeros to begin with and so takes no room in a module's file.
dim3 grid_size, block_size;

// Says which kernel, block and thread (none: the block as a whole) are at fault.
inline void complain(const Thread *thread, const char *text) {
  const uint3 &b = block.index;
  const char *name = block.kernel_name ? block.kernel_name : "?";
  if (thread) {
    const uint3 &t = thread->index;
    dprintf(2, "fake CUDA: kernel %s, block (%u,%u,%u), thread (%u,%u,%u): %s\n", name, b.x, b.y,
        b.z, t.x, t.y, t.z, text);
  } else {
    dprintf(2, "fake CUDA: kernel %s, block (%u,%u,%u): %s\n", name, b.x, b.y, b.z, text);
  }
}

[[noreturn]] __attribute__((noinline, format(printf, 2, 3))) inline void fail(
    const Thread *thread, const char *format, ...) {
  char text[512];
  __builtin_va_list arguments;
  __builtin_va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  __builtin_va_end(arguments);
  complain(thread, text);
  abort();
}

// Until the scheduler resumes this thread.
__attribute__((noinline)) inline void wait(Wait kind) {
  Thread &thread = *block.current;
  thread.wait = kind;
  fake_cuda_switch(&thread.stack_pointer, block.scheduler);
}

__attribute__((noinline)) inline unsigned collective(
    Wait kind, unsigned mask, unsigned operand, unsigned source) {
  Thread &thread = *block.current;
  if (!(mask >> thread.lane & 1)) {
    fail(&thread, "takes part in a %s whose mask %08x leaves it out", name_of(kind), mask);
  }
  thread.mask = mask;
  thread.operand = operand;
  thread.source = source;
  wait(kind);
  return thread.result;
}

}  // namespace fake_cuda

extern "C" inline void fake_cuda_thread_main() {
  using namespace fake_cuda;
  block.kernel(block.params);
  wait(Wait::end);
  __builtin_trap();
}

static const uint3 &threadIdx = fake_cuda::block.thread_index;
static const uint3 &blockIdx = fake_cuda::block.index;
static const dim3 &blockDim = fake_cuda::block_size;
static const dim3 &gridDim = fake_cuda::grid_size;
static const int warpSize = fake_cuda::warp_size;

#endif
