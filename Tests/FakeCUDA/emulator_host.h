// What the emulator needs of the host's C library, declared by hand.

#ifndef FAKE_CUDA_EMULATOR_HOST_H
#define FAKE_CUDA_EMULATOR_HOST_H

#if !defined(__linux__) || !defined(__LP64__)
#error "The emulator knows Linux on 64-bit processors only."
#endif

typedef __SIZE_TYPE__ size_t;

extern "C" {
[[noreturn]] void abort() noexcept;
void *realloc(void *, size_t) noexcept;
void free(void *) noexcept;
void *memcpy(void *, const void *, size_t) noexcept;
void *memmove(void *, const void *, size_t) noexcept;
void *memset(void *, int, size_t) noexcept;
int printf(const char *, ...);
int dprintf(int, const char *, ...);
int vsnprintf(char *, size_t, const char *, __builtin_va_list) noexcept;
void *mmap(void *, size_t, int, int, int, long) noexcept;
int mprotect(void *, size_t, int) noexcept;
int munmap(void *, size_t) noexcept;
int madvise(void *, size_t, int) noexcept;
int getpagesize() noexcept;
}

namespace fake_cuda {

enum { no_access = 0, read_and_write = 3, private_and_anonymous = 0x22, no_huge_pages = 15 };

// Null where the system refuses.
inline unsigned char *map(size_t bytes) {
  void *memory = mmap(nullptr, bytes, read_and_write, private_and_anonymous, -1, 0);
  return memory == (void *)-1 ? nullptr : static_cast<unsigned char *>(memory);
}

}  // namespace fake_cuda

#endif
