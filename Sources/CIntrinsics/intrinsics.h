/* Instructions that Swift has no words for. */
#ifndef CINTRINSICS_H
#define CINTRINSICS_H

/* Asks for the cache line at `address` to be brought into the second-level cache. Any address will
   do. */
static inline __attribute__((always_inline)) void fcn_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 2);
}

/* Tells the processor that this thread waits for another's write. */
static inline __attribute__((always_inline)) void fcn_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
