/* Launches, and what is said when a kernel crashes. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "driver.h"

/* MARK: Crashes */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

enum { CRASH_COUNT = sizeof crashes / sizeof *crashes };

static struct sigaction earlier[CRASH_COUNT];

/* Of the kernel that this thread runs. */
static __thread Complain *complain;

/* Says which thread of which kernel it was, then lets the crash take its course: with the earlier
   action back in place, the instruction faults again. */
static void handle_crash(int signal, siginfo_t *info, void *unused) {
  (void)unused;
  if (complain) {
    char text[256] = "crashes";
    /* The kernel of the system knows no address where the processor told none. */
    if ((signal == SIGSEGV || signal == SIGBUS) && info->si_code != SI_KERNEL) {
      describe_address((uintptr_t)info->si_addr, text, sizeof text);
    }
    complain(text);
    complain = NULL;
  }
  for (int i = 0; i < CRASH_COUNT; i++) {
    if (crashes[i] == signal) sigaction(signal, &earlier[i], NULL);
  }
  if (info->si_code <= 0) raise(signal);
}

static void watch_for_crashes(void) {
  struct sigaction action = {.sa_sigaction = handle_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < CRASH_COUNT; i++) sigaction(crashes[i], &action, &earlier[i]);
}

/* MARK: Launches */

void run_kernel(Context *context, const Function *function, const Operation *launch) {
  static bool watching;
  const Module *module = function->module;
  if (!watching) watch_for_crashes();
  watching = true;
  set_busy(context, true);
  unlock_driver();
  complain = module->complain;
  module->emulate(
      function->entry, launch->grid, launch->block, launch->shared_bytes, launch->parameters);
  complain = NULL;
  lock_driver();
  check_margins(context, function->name);
  set_busy(context, false);
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
    unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream,
    void **parameters, void **extra) {
  Context *context;
  Operation launch = {
      .action = LAUNCH,
      .function = function,
      .grid = {grid_x, grid_y, grid_z},
      .block = {block_x, block_y, block_z},
      .shared_bytes = shared_bytes,
  };
  CUresult result = enter_context(__func__, &context);
  if (result) return result;
  const Function *found = find_object(FUNCTION, function, context);
  if (!found) return leave(CUDA_ERROR_INVALID_HANDLE);
  if (extra || !parameters || !parameters[0]) return leave(CUDA_ERROR_INVALID_VALUE);
  launch.parameter_bytes = found->parameter_bytes;
  launch.parameters = copy_parameters(parameters[0], found->parameter_bytes);
  if (!launch.parameters) return leave(CUDA_ERROR_OUT_OF_MEMORY);
  result = submit(context, stream, &launch);
  free(launch.parameters);
  return leave(result);
}
