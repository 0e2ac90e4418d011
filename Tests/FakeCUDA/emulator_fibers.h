// Fibers: one stack for each thread of a block that has begun and not ended, and the switch between
// them, which keeps what a call keeps.

#ifndef FAKE_CUDA_EMULATOR_FIBERS_H
#define FAKE_CUDA_EMULATOR_FIBERS_H

// Saves the registers of the running fiber on its stack and that stack's pointer at *from, then
// goes on with the fiber whose pointer is `to`.
extern "C" void fake_cuda_switch(void **from, void *to);
extern "C" void fake_cuda_thread_main();

#if defined(__x86_64__)
asm(R"(
  .text
  .globl fake_cuda_switch
  .hidden fake_cuda_switch
  .type fake_cuda_switch, @function
fake_cuda_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  retq
  .size fake_cuda_switch, . - fake_cuda_switch
)");
#elif defined(__aarch64__)
asm(R"(
  .text
  .globl fake_cuda_switch
  .hidden fake_cuda_switch
  .type fake_cuda_switch, %function
fake_cuda_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
  .size fake_cuda_switch, . - fake_cuda_switch
)");
#else
#error "The emulator has no fiber switch for this processor."
#endif

namespace fake_cuda {

enum : unsigned { max_threads = 1024 };

// Stacks are handed out most recently used first, so that a kernel without barriers, whose threads
// end one before the other begins, stays on a single one.
struct Stacks {
  // No power of two: the stacks' busy ends must not all fall on the same lines of a cache.
  enum : size_t { size = 256 * 1024 + 4096 + 320, in_chunk = 32 };

  unsigned char *chunks[max_threads / in_chunk];
  unsigned chunk_count;
  unsigned char *unused[max_threads];
  unsigned unused_count;

  size_t chunk_bytes() const { return getpagesize() + in_chunk * size; }

  unsigned char *take() {
    if (unused_count == 0 && !grow()) {
      dprintf(2, "fake CUDA: no memory for the stacks of threads\n");
      abort();
    }
    return unused[--unused_count];
  }

  // A stack's lowest word is zero as long as the stack has not run over.
  bool give(unsigned char *stack) {
    unused[unused_count++] = stack;
    return *reinterpret_cast<size_t *>(stack) == 0;
  }

  bool grow() {
    if (chunk_count == max_threads / in_chunk) return false;
    unsigned char *chunk = map(chunk_bytes());
    if (!chunk) return false;
    madvise(chunk, chunk_bytes(), no_huge_pages);
    mprotect(chunk, getpagesize(), no_access);
    chunks[chunk_count++] = chunk;
    for (unsigned i = in_chunk; i-- > 0;) unused[unused_count++] = chunk + getpagesize() + i * size;
    return true;
  }

  void release() {
    while (chunk_count > 0) munmap(chunks[--chunk_count], chunk_bytes());
    unused_count = 0;
  }
};

// The pointer with which fake_cuda_switch begins fake_cuda_thread_main on this stack.
inline void *begun(unsigned char *stack) {
  size_t top = (reinterpret_cast<size_t>(stack) + Stacks::size) & ~size_t(15);
#if defined(__x86_64__)
  // Six registers, where to go, and the return address of a function that never returns.
  void **frame = reinterpret_cast<void **>(top) - 8;
  memset(frame, 0, 64);
  frame[6] = reinterpret_cast<void *>(fake_cuda_thread_main);
#else
  void **frame = reinterpret_cast<void **>(top) - 20;
  memset(frame, 0, 160);
  frame[11] = reinterpret_cast<void *>(fake_cuda_thread_main);
#endif
  return frame;
}

}  // namespace fake_cuda

#endif
