// Runs the blocks of a launch one after the other, and a block's threads by turns.

#ifndef FAKE_CUDA_EMULATOR_BLOCK_H
#define FAKE_CUDA_EMULATOR_BLOCK_H

namespace fake_cuda {

inline void resume(Thread &thread) {
  block.current = &thread;
  block.thread_index = thread.index;
  if (!thread.stack) {
    thread.stack = block.stacks.take();
    thread.stack_pointer = begun(thread.stack);
  }
  thread.wait = Wait::nothing;
  fake_cuda_switch(&block.scheduler, thread.stack_pointer);
  block.current = nullptr;
  if (thread.wait == Wait::end) {
    if (!block.stacks.give(thread.stack)) fail(&thread, "overran its stack");
    thread.stack = nullptr;
  }
}

// The lanes that this lane waits for, itself included; 0 while one of them is not there yet. A lane
// that has ended is waited for by nobody.
inline unsigned assembled(const Thread *lanes, unsigned count, const Thread &waiting) {
  unsigned there = 0;
  for (unsigned i = 0; i < count; i++) {
    const Thread &lane = lanes[i];
    if (!(waiting.mask >> i & 1) || lane.wait == Wait::end) continue;
    if (lane.wait != waiting.wait || lane.mask != waiting.mask) return 0;
    there |= 1u << i;
  }
  return there;
}

inline void exchange(Thread *lanes, unsigned count, unsigned there, Wait kind) {
  unsigned votes = 0;
  for (unsigned i = 0; i < count; i++) {
    if (there >> i & 1 && lanes[i].operand) votes |= 1u << i;
  }
  for (unsigned i = 0; i < count; i++) {
    if (!(there >> i & 1)) continue;
    Thread &lane = lanes[i];
    if (kind == Wait::ballot) {
      lane.result = votes;
    } else if (kind == Wait::any) {
      lane.result = votes != 0;
    } else if (kind == Wait::all) {
      lane.result = votes == there;
    } else {
      // CUDA leaves the value of a lane that takes no part undefined.
      lane.result = there >> lane.source & 1 ? lanes[lane.source].operand : ~0u;
    }
    lane.wait = Wait::nothing;
  }
}

inline bool release_collectives(Thread *lanes, unsigned count) {
  bool released = false;
  for (unsigned i = 0; i < count; i++) {
    if (!is_collective(lanes[i].wait)) continue;
    unsigned there = assembled(lanes, count, lanes[i]);
    if (!there) continue;
    exchange(lanes, count, there, lanes[i].wait);
    released = true;
  }
  return released;
}

// Whether the turn after so many others goes from the last to the first. It alternates, and starts
// otherwise in every other block, so that what depends on the order shows.
inline bool is_descending(unsigned turns) { return (turns + block.number) & 1; }

// Until every lane of the warp waits for other warps, has ended or is stuck.
inline void run_warp(unsigned warp) {
  Thread *lanes = block.threads + warp * warp_size;
  unsigned left = block.thread_count - warp * warp_size;
  unsigned count = left < warp_size ? left : unsigned(warp_size);
  do {
    bool descending = is_descending(block.warp_turns[warp]++);
    for (unsigned i = 0; i < count; i++) {
      Thread &lane = lanes[descending ? count - 1 - i : i];
      if (lane.wait == Wait::nothing) resume(lane);
    }
  } while (release_collectives(lanes, count));
}

[[noreturn]] __attribute__((noinline)) inline void fail_stuck(const Thread &stuck) {
  const Thread *lanes = block.threads + (&stuck - block.threads) / warp_size * warp_size;
  for (unsigned i = 0; i < warp_size && lanes + i < block.threads + block.thread_count; i++) {
    const Thread &lane = lanes[i];
    bool missing = lane.wait != stuck.wait || lane.mask != stuck.mask;
    if (!(stuck.mask >> i & 1) || lane.wait == Wait::end || !missing) continue;
    fail(&stuck, "waits at %s, mask %08x, for thread (%u,%u,%u), which waits at %s, mask %08x",
        name_of(stuck.wait), stuck.mask, lane.index.x, lane.index.y, lane.index.z,
        name_of(lane.wait), is_collective(lane.wait) ? lane.mask : 0);
  }
  fail(&stuck, "waits at %s for nobody", name_of(stuck.wait));
}

// After every warp has run as far as it can: whether the block goes on.
inline bool pass_barrier() {
  const Thread *waiting = nullptr, *ended = nullptr;
  for (unsigned i = 0; i < block.thread_count; i++) {
    const Thread &thread = block.threads[i];
    if (is_collective(thread.wait)) fail_stuck(thread);
    (thread.wait == Wait::end ? ended : waiting) = &thread;
  }
  if (!waiting) return false;
  if (ended) {
    const uint3 &t = ended->index;
    fail(waiting, "waits at __syncthreads, but thread (%u,%u,%u) has ended", t.x, t.y, t.z);
  }
  for (unsigned i = 0; i < block.thread_count; i++) block.threads[i].wait = Wait::nothing;
  return true;
}

inline void check_matrix_operations() {
  for (unsigned i = 0; i < block.thread_count; i++) {
    const Thread &thread = block.threads[i], &first = block.threads[i / warp_size * warp_size];
    if (thread.matrix_operations != first.matrix_operations) {
      fail(&thread, "took part in other matrix operations than the first lane of its warp");
    }
  }
  const Thread &last = block.threads[block.thread_count - 1];
  if (last.matrix_operations && last.lane != warp_size - 1) {
    fail(&last, "took part in matrix operations in a warp of less than 32 threads");
  }
}

inline void prepare_threads() {
  unsigned i = 0;
  for (unsigned z = 0; z < block_size.z; z++) {
    for (unsigned y = 0; y < block_size.y; y++) {
      for (unsigned x = 0; x < block_size.x; x++, i++) {
        Thread &thread = block.threads[i];
        thread.index = {x, y, z};
        thread.lane = i % warp_size;
        thread.wait = Wait::nothing;
        thread.matrix_operations = 0;
        thread.copy_count = thread.committed_groups = 0;
      }
    }
  }
  memset(block.warp_turns, 0, sizeof block.warp_turns);
  block.turns = 0;
}

inline void run_block() {
  prepare_threads();
  unsigned warps = (block.thread_count + warp_size - 1) / warp_size;
  do {
    bool descending = is_descending(block.turns++);
    for (unsigned i = 0; i < warps; i++) run_warp(descending ? warps - 1 - i : i);
  } while (pass_barrier());
  check_matrix_operations();
}

}  // namespace fake_cuda

#endif
