#define _GNU_SOURCE
#include "CSystem.h"

#include <sched.h>
#include <unistd.h>

int32_t fcn_available_cores(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int32_t)online : 1;
}
