/* Device memory and pinned memory: host memory whose end, but for less than 256 bytes, meets a page
   that nobody may touch. */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"

/* Every byte of fresh memory, and of the margins beside it: as floating point not a number. */
enum { FRESH = 0xFF, ALIGNMENT = 256, FRONT_MARGIN = 64 };

size_t total_bytes(void) {
  long long bytes = setting("FAKE_CUDA_MEMORY", 1LL << 32);
  return bytes < 0 ? 0 : (size_t)bytes;
}

enum { ALL_DEVICES = -1 };

static size_t used_bytes(CUdevice device) {
  size_t sum = 0;
  for (Memory *m = next_object(DEVICE_MEMORY, NULL, NULL); m;
       m = next_object(DEVICE_MEMORY, NULL, m)) {
    if (device == ALL_DEVICES || m->object.context->device == device) sum += m->bytes;
  }
  return sum;
}

size_t fake_cuda_allocated_bytes(void) {
  lock_driver();
  size_t sum = used_bytes(ALL_DEVICES);
  unlock_driver();
  return sum;
}

/* MARK: Freed memory */

/* Nobody may touch freed memory, and its addresses are not given out again for long. */
static struct {
  unsigned char *start;
  size_t bytes;
} freed[256];
static unsigned freed_next;

static void retire(unsigned char *start, size_t bytes) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(start, bytes, PROT_NONE, flags, -1, 0) == MAP_FAILED) {
    munmap(start, bytes);
    return;
  }
  if (freed[freed_next].start) munmap(freed[freed_next].start, freed[freed_next].bytes);
  freed[freed_next].start = start;
  freed[freed_next].bytes = bytes;
  freed_next = (freed_next + 1) % (sizeof freed / sizeof *freed);
}

/* MARK: Allocations */

static size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

CUresult make_memory(Kind kind, Context *context, size_t bytes, unsigned flags, Memory **memory) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (bytes > SIZE_MAX / 4) return CUDA_ERROR_OUT_OF_MEMORY;
  size_t inner = rounded(bytes, ALIGNMENT > page ? ALIGNMENT : page), mapped = inner + 2 * page;
  unsigned char *mapping = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  Memory *made = NULL;
  if (mprotect(mapping + page, inner, PROT_READ | PROT_WRITE) == 0) {
    made = make_object(kind, sizeof *made, context);
  }
  if (!made) {
    munmap(mapping, mapped);
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  memset(mapping + page, FRESH, inner);
  made->object.handle = (uintptr_t)(mapping + page + inner - rounded(bytes, ALIGNMENT));
  made->bytes = bytes;
  made->flags = flags;
  made->mapping = mapping;
  made->mapped_bytes = mapped;
  *memory = made;
  return CUDA_SUCCESS;
}

void destroy_memory(Memory *memory) {
  retire(memory->mapping, memory->mapped_bytes);
  forget_object(memory);
}

static bool holds(const Memory *memory, uintptr_t start, size_t bytes) {
  uintptr_t first = memory->object.handle;
  if (start < first || start - first > memory->bytes) return false;
  return bytes <= memory->bytes - (start - first);
}

Memory *find_device_memory(const Context *context, uintptr_t start, size_t bytes) {
  for (Memory *m = next_object(DEVICE_MEMORY, context, NULL); m;
       m = next_object(DEVICE_MEMORY, context, m)) {
    if (holds(m, start, bytes)) return m;
  }
  return NULL;
}

Memory *find_pinned_memory(const Context *context, uintptr_t start, size_t bytes) {
  for (Memory *m = next_object(PINNED_MEMORY, NULL, NULL); m;
       m = next_object(PINNED_MEMORY, NULL, m)) {
    bool usable = m->object.context == context || m->flags & CU_MEMHOSTALLOC_PORTABLE;
    if (usable && holds(m, start, bytes)) return m;
  }
  return NULL;
}

/* MARK: Overruns */

static bool is_fresh(const unsigned char *start, const unsigned char *end) {
  while (start < end && *start == FRESH) start++;
  return start == end;
}

static void check_margins_of(const Memory *memory, const char *who) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const unsigned char *first = (const unsigned char *)memory->object.handle;
  const unsigned char *inner = memory->mapping + page;
  const unsigned char *front = first - inner > FRONT_MARGIN ? first - FRONT_MARGIN : inner;
  const unsigned char *end = memory->mapping + memory->mapped_bytes - page;
  bool before = !is_fresh(front, first);
  if (!before && is_fresh(first + memory->bytes, end)) return;
  const char *others = memory->object.kind == PINNED_MEMORY ? "the host or " : "";
  fprintf(stderr, "fake CUDA: %s%s wrote %s an allocation of %zu bytes at %p\n", others, who,
      before ? "before" : "beyond", memory->bytes, (const void *)first);
  abort();
}

void check_margins(const Context *context, const char *who) {
  for (Kind kind = DEVICE_MEMORY; kind <= PINNED_MEMORY; kind++) {
    for (Memory *m = next_object(kind, context, NULL); m; m = next_object(kind, context, m)) {
      check_margins_of(m, who);
    }
  }
}

/* Called where a kernel crashed, so without the mutex. */
void describe_address(uintptr_t address, char *text, size_t size) {
  for (Kind kind = DEVICE_MEMORY; kind <= PINNED_MEMORY; kind++) {
    for (Memory *m = next_object(kind, NULL, NULL); m; m = next_object(kind, NULL, m)) {
      if (address - (uintptr_t)m->mapping >= m->mapped_bytes) continue;
      snprintf(text, size, "touches byte %td of an allocation of %zu bytes",
          (ptrdiff_t)(address - m->object.handle), m->bytes);
      return;
    }
  }
  const char *what = "no memory of the device's";
  for (size_t i = 0; i < sizeof freed / sizeof *freed; i++) {
    if (address - (uintptr_t)freed[i].start < freed[i].bytes) what = "memory that was freed";
  }
  snprintf(text, size, "touches %#zx, %s", (size_t)address, what);
}

/* MARK: The driver's functions */

CUresult cuMemGetInfo_v2(size_t *unused, size_t *total) {
  Context *context;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!unused || !total) return leave(CUDA_ERROR_INVALID_VALUE);
  size_t used = used_bytes(context->device);
  *total = total_bytes();
  *unused = used < *total ? *total - used : 0;
  return leave(CUDA_SUCCESS);
}

CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes) {
  Context *context;
  Memory *memory;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  if (!pointer || !bytes) return leave(CUDA_ERROR_INVALID_VALUE);
  result = check_no_capture(context);
  if (result) return leave(result);
  size_t used = used_bytes(context->device), total = total_bytes();
  if (used > total || bytes > total - used) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  result = make_memory(DEVICE_MEMORY, context, bytes, 0, &memory);
  if (result) return leave(result);
  *pointer = memory->object.handle;
  return leave(CUDA_SUCCESS);
}

CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  Context *context;
  Memory *memory;
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  unsigned known =
      CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
  if (!pointer || !bytes || flags & ~known) return leave(CUDA_ERROR_INVALID_VALUE);
  result = check_no_capture(context);
  if (result) return leave(result);
  result = make_memory(PINNED_MEMORY, context, bytes, flags, &memory);
  if (result) return leave(result);
  *pointer = (void *)memory->object.handle;
  return leave(CUDA_SUCCESS);
}

static CUresult free_memory(Kind kind, Context *context, uintptr_t address) {
  Memory *memory = find_object(kind, (const void *)address, context);
  if (!memory) return CUDA_ERROR_INVALID_VALUE;
  CUresult result = context->fatal ? CUDA_SUCCESS : check_no_capture(context);
  if (result) return result;
  check_margins_of(memory, "somebody");
  destroy_memory(memory);
  return context->fatal;
}

CUresult cuMemFree_v2(CUdeviceptr address) {
  Context *context;
  CUresult result = enter_to_clear(__func__, &context);
  if (result) return result;
  return leave(free_memory(DEVICE_MEMORY, context, (uintptr_t)address));
}

CUresult cuMemFreeHost(void *address) {
  Context *context;
  CUresult result = enter_to_clear(__func__, &context);
  if (result) return result;
  return leave(free_memory(PINNED_MEMORY, context, (uintptr_t)address));
}
