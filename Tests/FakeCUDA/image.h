/* What the fake NVRTC writes and the fake driver reads: this, then a shared library. */

#ifndef FAKE_CUDA_IMAGE_H
#define FAKE_CUDA_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC "\177FakeCUDAImage1"

typedef struct {
  char magic[16];
  /* 86 for compute capability 8.6. */
  uint32_t architecture;
  /* Whether later architectures run it as well, as they do PTX. */
  uint32_t is_portable;
  uint64_t library_bytes;
  uint64_t checksum;
} Image;

static inline uint64_t image_checksum(const void *library, size_t bytes) {
  const unsigned char *p = library;
  uint64_t sum = 0xCBF29CE484222325u;
  for (size_t i = 0; i < bytes; i++) sum = (sum ^ p[i]) * 0x100000001B3u;
  return sum;
}

#endif
