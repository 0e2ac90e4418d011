/* That what is wrong in a kernel ends the process, with a word about it. */

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "selftest.h"

typedef struct {
  CUdeviceptr input, output;
  long count;
} Buffers;

typedef struct {
  const char *kernel, *message;
  long count;
  unsigned threads, shared_bytes;
} Fault;

static const Fault faults[] = {
    {"writes_beyond", "touches byte 1024 of an allocation of 1024 bytes", 256, 1, 0},
    {"writes_beyond", "touches byte -4000 of", -1000, 1, 0},
    {"ends_early", "thread (5,0,0) has ended", 0, 64, 0},
    {"parts", "which waits at __syncthreads", 0, 64, 0},
    {"leaves_itself_out", "leaves it out", 0, 64, 0},
    {"overruns_shared", "wrote byte 100 of 100 bytes of dynamic shared", 100, 1, 100},
    {"overruns_shared", "wrote byte -1 of 100 bytes of dynamic shared", -1, 1, 100},
    {"overruns_array", "an index lies beyond its array", 4, 1, 0},
    {"reads_misaligned", "misaligned address", 0, 1, 0},
    {"writes_misaligned", "misaligned address", 0, 1, 0},
    {"misaligned_matrix", "no multiple of 32", 0, 32, 0},
    {"wrong_stride", "8 bytes apart, which is no multiple of 16", 0, 32, 0},
    {"lonely_lane", "other matrix operations", 0, 32, 0},
    {"lonely_lane", "a warp of less than 32 threads", 0, 1, 0},
    {"divides", "a division by zero", 0, 1, 0},
};

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

static void run(const Fault *fault) {
  Setting setting = set_up();
  Buffers buffers = {.count = fault->count};
  buffers.input = device_memory(1024, NULL);
  buffers.output = device_memory(1024, NULL);
  CUfunction function = function_of(&setting, fault->kernel);
  launch(function, 1, fault->threads, fault->shared_bytes, setting.stream, &buffers);
}

/* Less than 256 bytes beyond, where no guard page is. */
static void run_margin(const Fault *unused) {
  (void)unused;
  Setting setting = set_up();
  Buffers buffers = {.count = 25, .output = device_memory(100, NULL)};
  launch(function_of(&setting, "writes_beyond"), 1, 1, 0, setting.stream, &buffers);
}

static void run_on_freed(const Fault *unused) {
  (void)unused;
  Setting setting = set_up();
  Buffers buffers = {.input = device_memory(1024, NULL), .output = device_memory(1024, NULL)};
  DONE(cuda.cuMemFree_v2(buffers.input));
  launch(function_of(&setting, "reads"), 1, 1, 0, setting.stream, &buffers);
}

/* That a process of its own does not come to the end of this, and says so. */
static void expect_crash(void (*body)(const Fault *), const Fault *fault, const char *message) {
  int ends[2], status = 0;
  char text[65536];
  size_t length = 0;
  ssize_t got;
  if (pipe(ends)) exit(1);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    body(fault);
    _exit(0);
  }
  close(ends[1]);
  while ((got = read(ends[0], text + length, sizeof text - 1 - length)) > 0) length += (size_t)got;
  text[length] = 0;
  close(ends[0]);
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (ended_well || !strstr(text, message)) {
    report(__FILE__, __LINE__, message);
    fprintf(stderr, "but: %s\n", text);
  }
}

void test_crashes(void) {
  for (int i = 0; i < FAULT_COUNT; i++) expect_crash(run, &faults[i], faults[i].message);
  expect_crash(run_margin, NULL, "writes_beyond wrote beyond an allocation of 100 bytes");
  expect_crash(run_on_freed, NULL, "memory that was freed");
}
