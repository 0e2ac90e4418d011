/* What tests tell the driver: which calls fail, and what the environment says of the machine. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"

typedef struct {
  char name[48];
  unsigned long count;
  /* How many calls until the one that fails, 0: none does. */
  int left;
  CUresult result;
} Call;

enum { MOST_CALLS = 256 };

static Call calls[MOST_CALLS];

static Call *find_call(const char *name) {
  for (int i = 0; i < MOST_CALLS; i++) {
    if (!calls[i].name[0]) snprintf(calls[i].name, sizeof calls[i].name, "%s", name);
    if (strcmp(calls[i].name, name) == 0) return &calls[i];
  }
  fprintf(stderr, "fake CUDA: no room for the name of %s\n", name);
  abort();
}

CUresult ordered_failure(const char *name) {
  Call *call = find_call(name);
  call->count++;
  if (!call->left || --call->left) return CUDA_SUCCESS;
  return call->result;
}

static void order_failure(const char *name, int nth, CUresult result) {
  Call *call = find_call(name);
  call->left = nth > 0 ? nth : 0;
  call->result = result;
}

/* FAKE_CUDA_FAIL is a list of function:nth:result with commas between. */
void read_ordered_failures(void) {
  static bool is_read;
  const char *text = getenv("FAKE_CUDA_FAIL");
  if (is_read) return;
  is_read = true;
  while (text && *text) {
    char name[sizeof calls->name];
    int nth, result, length = 0;
    if (sscanf(text, "%47[^:]:%d:%d%n", name, &nth, &result, &length) < 3 || !length) {
      fprintf(stderr, "fake CUDA: FAKE_CUDA_FAIL is not function:nth:result at \"%s\"\n", text);
      abort();
    }
    order_failure(name, nth, result);
    text += length;
    if (*text == ',') text++;
  }
}

bool is_fatal(CUresult result) {
  switch (result) {
    case CUDA_ERROR_ECC_UNCORRECTABLE:
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_LAUNCH_FAILED:
      return true;
    default:
      return false;
  }
}

long long setting(const char *name, long long otherwise) {
  const char *text = getenv(name);
  return text && *text ? strtoll(text, NULL, 0) : otherwise;
}

void fake_cuda_fail(const char *name, int nth, int result) {
  lock_driver();
  if (name) {
    order_failure(name, nth, result);
  } else {
    for (int i = 0; i < MOST_CALLS; i++) calls[i].left = 0;
  }
  unlock_driver();
}

unsigned long fake_cuda_call_count(const char *name) {
  lock_driver();
  unsigned long count = find_call(name)->count;
  unlock_driver();
  return count;
}

void fake_cuda_reset_counts(void) {
  lock_driver();
  for (int i = 0; i < MOST_CALLS; i++) calls[i].count = 0;
  unlock_driver();
}
