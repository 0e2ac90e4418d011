#define _GNU_SOURCE
#include "CSystem.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

int32_t fcn_open_as_place(void) { return O_PATH; }

int32_t fcn_available_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}

char *fcn_code_path(void) { return fcn_path_of_code((void *)fcn_code_path); }

char *fcn_path_of_code(void *address) {
  Dl_info info;
  struct link_map *map = NULL;
  if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP)) return NULL;
  /* Of the program itself the loader knows no more than argv[0], which may be anything. */
  int is_program = map == NULL || map->l_name == NULL || map->l_name[0] == '\0';
  return realpath(is_program ? "/proc/self/exe" : info.dli_fname, NULL);
}

int32_t fcn_x86_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2"))
    return 1;
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return 4;
  return 3;
#else
  return 1;
#endif
}

bool fcn_x86_has_vnni(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return fcn_x86_level() >= 4 && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

bool fcn_x86_has_bfloats(void) {
#if defined(__x86_64__)
  return fcn_x86_has_vnni() && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

bool fcn_x86_may_use_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
  if (!fcn_x86_has_bfloats()) return false;
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const unsigned wanted = 1u << 22 | 1u << 24 | 1u << 25; /* bfloat16, tiles, int8 */
  if ((d & wanted) != wanted) return false;
  /* Linux 5.16 and later; older ones do not know the request. */
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

/* A build may link an object that defines this: so another commit means no new compilation. */
extern const char fcn_commit_text[] __attribute__((weak));

const char *fcn_commit(void) { return fcn_commit_text; }

const char *fcn_c_library_version(void) { return gnu_get_libc_version(); }

uint64_t fcn_begin_arithmetic(void) {
#if defined(__x86_64__)
  /* All exceptions masked, flush to zero, denormals are zeros. */
  unsigned int before = __builtin_ia32_stmxcsr();
  __builtin_ia32_ldmxcsr(0x1F80 | 0x8000 | 0x0040);
  return before;
#elif defined(__aarch64__)
  uint64_t before, flushing = UINT64_C(1) << 24;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(flushing));
  return before;
#else
  return 0;
#endif
}

void fcn_end_arithmetic(uint64_t before) {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr((unsigned int)before);
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
  (void)before;
#endif
}

int64_t fcn_second_level_cache(void) {
#ifdef _SC_LEVEL2_CACHE_SIZE
  long size = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return size > 0 ? size : 0;
#else
  return 0;
#endif
}
