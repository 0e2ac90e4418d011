// To be preloaded: memory that is refused when a program says so, and counted.
//
// Programs find memory_refuse and memory_live with dlsym; for others, such as the command, the environment
// variable MEMORY_REFUSED says `NUMBER` or `NUMBER+`, MEMORY_LEAST from how many bytes on requests count, and
// MEMORY_COUNT names a file that gets their number.
//
// The library asks before it makes an array whose size others decide: a mapping that is taken and given back
// at once. What it was given leave for so is not refused afterwards, unless `strict`: then every request is
// one that may be refused, Swift's own among them, which cannot say so.

#define _GNU_SOURCE
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static _Atomic long counted, refused_at, live;
static _Atomic int forever, is_strict;
static _Atomic size_t least = 1;
static __thread size_t leave;
static __thread struct { void *start; size_t size; } asked;

/** From now on request `number` of `size` bytes or more fails, and with `on` all after it; 0 for none. */
void memory_refuse(long number, int on, size_t size, int strict) {
  leave = 0;
  asked.start = NULL;
  forever = on;
  least = size;
  is_strict = strict;
  counted = 0;
  refused_at = number;
}

/** Requests since then. */
long memory_counted(void) { return counted; }

/** Bytes that are taken and not given back. */
long memory_live(void) { return live; }

static void tell(void) {
  const char *path = getenv("MEMORY_COUNT");
  if (!path) return;
  char text[32];
  int length = snprintf(text, sizeof text, "%ld\n", (long)counted);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) return;
  if (write(file, text, (size_t)length) < 0) return;
  close(file);
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("MEMORY_REFUSED"), *size = getenv("MEMORY_LEAST");
  if (!text) return;
  char *end = NULL;
  const long number = strtol(text, &end, 10);
  atexit(tell);
  memory_refuse(number, *end == '+', size ? (size_t)atol(size) : 1,
                getenv("MEMORY_STRICT") != NULL);
}

/** Whether this request is to fail. */
static int is_refused(size_t size, int may_have_leave) {
  if (size < least) return 0;
  if (may_have_leave && !is_strict && size <= leave) {
    leave -= size;
    return 0;
  }
  const long number = ++counted;
  if (refused_at == 0 || number < refused_at || (number > refused_at && !forever)) return 0;
  if (getenv("MEMORY_TRACE")) {
    void *frames[24];
    char text[64];
    refused_at = 0;
    int length = snprintf(text, sizeof text, "refused: request %ld, %zu bytes\n", number, size);
    if (write(2, text, (size_t)length) < 0) return 1;
    backtrace_symbols_fd(frames, backtrace(frames, 24), 2);
  }
  errno = ENOMEM;
  return 1;
}

static void *taken(void *block) {
  if (block) live += (long)malloc_usable_size(block);
  return block;
}

void *malloc(size_t size) { return is_refused(size, 1) ? NULL : taken(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) {
  if (size && count > (size_t)-1 / size) return __libc_calloc(count, size);
  return is_refused(count * size, 1) ? NULL : taken(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
  if (is_refused(size, 1)) return NULL;
  const long before = block ? (long)malloc_usable_size(block) : 0;
  void *grown = __libc_realloc(block, size);
  if (grown || size == 0) live -= before;
  return taken(grown);
}

void *memalign(size_t alignment, size_t size) {
  return is_refused(size, 1) ? NULL : taken(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
  if (is_refused(size, 1)) return ENOMEM;
  void *block = taken(__libc_memalign(alignment, size));
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}

void free(void *block) {
  if (block) live -= (long)malloc_usable_size(block);
  __libc_free(block);
}

void *mmap(void *wanted, size_t size, int protection, int flags, int file, off_t offset) {
  asked.start = NULL;
  if (is_refused(size, 0)) return MAP_FAILED;
  void *start = (void *)syscall(SYS_mmap, wanted, size, protection, flags, file, offset);
  if (start != MAP_FAILED && file < 0) asked.start = start, asked.size = size;
  return start;
}

void *mmap64(void *wanted, size_t size, int protection, int flags, int file, off_t offset) {
  return mmap(wanted, size, protection, flags, file, offset);
}

int munmap(void *start, size_t size) {
  // Taken and given back at once: that was a question.
  if (start && start == asked.start && size == asked.size) leave = size;
  asked.start = NULL;
  return (int)syscall(SYS_munmap, start, size);
}
