// What the driver calls: a whole launch, and a word about the thread that crashed.

#ifndef FAKE_CUDA_EMULATOR_LAUNCH_H
#define FAKE_CUDA_EMULATOR_LAUNCH_H

#define FAKE_CUDA_EXPORTED extern "C" __attribute__((visibility("default")))

namespace fake_cuda {

// A block's dynamic shared memory lies between two margins whose bytes must not change, and ends,
// but for less than 128 bytes, one margin before memory that nobody may touch.
struct DynamicMemory {
  enum : size_t { alignment = 128, margin = 128, capacity = 256 * 1024 };

  // As a float a very large number, so that reading it shows too.
  enum : unsigned char { margin_byte = 0xFB, fresh_byte = 0xFF };

  unsigned char *memory, *start;
  size_t bytes;

  void resize(size_t wanted) {
    if (!memory) {
      memory = map(capacity + getpagesize());
      if (!memory) fail(nullptr, "no memory for its shared memory");
      mprotect(memory + capacity, getpagesize(), no_access);
    }
    size_t rounded = (wanted + alignment - 1) & ~(alignment - 1);
    if (rounded > capacity - 2 * margin) fail(nullptr, "%zu bytes of shared memory", wanted);
    start = memory + capacity - margin - rounded;
    bytes = wanted;
    memset(start - margin, margin_byte, margin);
    memset(start + bytes, margin_byte, memory + capacity - (start + bytes));
  }

  void refresh() { memset(start, fresh_byte, bytes); }

  void check() const {
    for (const unsigned char *p = start - margin; p < memory + capacity; p++) {
      if (p == start) p += bytes;
      if (*p == margin_byte) continue;
      fail(nullptr, "wrote byte %td of %zu bytes of dynamic shared memory", p - start, bytes);
    }
  }

  void release() {
    if (memory) munmap(memory, capacity + getpagesize());
    memory = nullptr;
  }
};

DynamicMemory dynamic_memory;

__attribute__((destructor)) static void release_everything() {
  block.stacks.release();
  dynamic_memory.release();
  for (Thread &thread : block.threads) free(thread.copies);
}

}  // namespace fake_cuda

FAKE_CUDA_EXPORTED void fake_cuda_emulate(void (*kernel)(const void *params),
    const unsigned grid[3], const unsigned size[3], unsigned shared_bytes, const void *params) {
  using namespace fake_cuda;
  if (block.running) fail(nullptr, "two launches of a module at a time");
  block.running = true;
  block.kernel = kernel;
  block.params = params;
  block.kernel_name = nullptr;
  grid_size = dim3(grid[0], grid[1], grid[2]);
  block_size = dim3(size[0], size[1], size[2]);
  block.thread_count = size[0] * size[1] * size[2];
  block.number = 0;
  dynamic_memory.resize(shared_bytes);
  block.dynamic = dynamic_memory.start;
  for (unsigned z = 0; z < grid[2]; z++) {
    for (unsigned y = 0; y < grid[1]; y++) {
      for (unsigned x = 0; x < grid[0]; x++, block.number++) {
        block.index = {x, y, z};
        dynamic_memory.refresh();
        run_block();
        dynamic_memory.check();
      }
    }
  }
  block.running = false;
}

FAKE_CUDA_EXPORTED void fake_cuda_complain(const char *text) {
  fake_cuda::complain(fake_cuda::block.current, text);
}

#endif
