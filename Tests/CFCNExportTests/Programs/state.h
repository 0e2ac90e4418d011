// What the system says of this process: memory, descriptors, threads, time.
#ifndef STATE_H
#define STATE_H

#include <dirent.h>
#include <malloc.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/* ThreadSanitizer has a thread of its own. */
#define OTHER_THREADS 0
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#undef OTHER_THREADS
#define OTHER_THREADS 1
#endif
/* AddressSanitizer keeps what is freed; it looks for leaks in its own way. */
#if __has_feature(address_sanitizer)
#define MEMORY_IS_KEPT
#endif
#endif

/** A number of /proc/self/status. */
static inline long status_of(const char *name) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[256];
  long value = -1;
  if (!file) exit(EXIT_FAILURE);
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, name, strlen(name)) == 0) value = strtol(line + strlen(name), NULL, 10);
  }
  fclose(file);
  return value;
}

/** Memory that the process holds, in kB, without what has been freed: the system's allocator keeps tens of
    megabytes of that for itself after a storm, more or less as threads happened to meet. */
static inline long resident(void) {
#ifdef MEMORY_IS_KEPT
  return 0;
#else
  malloc_trim(0);
  return status_of("VmRSS:");
#endif
}

/** Its threads; one that has been joined may be there a moment longer. */
static inline long thread_count(long wanted) {
  long found = status_of("Threads:") - OTHER_THREADS;
  for (int i = 0; i < 100 && found != wanted; i++) {
    const struct timespec moment = {0, 10000000};
    nanosleep(&moment, NULL);
    found = status_of("Threads:") - OTHER_THREADS;
  }
  return found;
}

/** Its open files. */
static inline int descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  if (!folder) exit(EXIT_FAILURE);
  while (readdir(folder)) count++;
  closedir(folder);
  return count;
}

/** Seconds on a clock that only goes forward. */
static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/** Seconds of all processors that the process has had. */
static inline double processor_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

#endif
