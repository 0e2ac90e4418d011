/* How plans are carried out. */

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "cudnn.h"

static atomic_ulong runs[ENGINE_COUNT];

unsigned long fake_cudnn_runs(int index) {
  return index >= 0 && index < ENGINE_COUNT ? atomic_load(&runs[index]) : 0;
}

size_t span_of(const Tensor *tensor) {
  int64_t last = 0;
  for (int i = 0; i < 4; i++) last += (tensor->extents[i] - 1) * tensor->strides[i];
  return (size_t)(last + 1) * element_bytes(tensor->element);
}

static void check_memory(const Run *run) {
  const Problem *p = &run->problem;
  const char *who = "cudnnBackendExecute";
  require_device_memory(who, run->input, span_of(&p->input));
  require_device_memory(who, run->weights, span_of(&p->weights));
  if (run->bias) require_device_memory(who, run->bias, span_of(&p->bias));
  if (p->adds_residual) require_device_memory(who, run->residual, span_of(&p->residual));
  require_device_memory(who, run->output, span_of(&p->output));
  require_device_memory(who, run->workspace, (size_t)engines[run->engine].workspace);
}

void run_engine(const void *parameters) {
  const Run *run = parameters;
  check_memory(run);
  /* Whoever has something else there will notice. */
  if (run->workspace) memset((void *)run->workspace, 0xFF, (size_t)engines[run->engine].workspace);
  if (run->problem.pass == FORWARD) {
    run_forward(run);
  } else {
    run_gradient(run);
  }
  atomic_fetch_add(&runs[run->engine], 1);
  if (engines[run->engine].microseconds) usleep(engines[run->engine].microseconds);
}

/* The address that the pack has for a tensor, 0 if none. */
static uint64_t address_of(Descriptor *pack, const Tensor *tensor) {
  const Value *numbers = value_of(pack, 1000), *addresses = value_of(pack, 1001);
  for (int i = 0; i < numbers->count; i++) {
    if ((int64_t)numbers->values[i] == tensor->number) return addresses->values[i];
  }
  return 0;
}

int execute(Handle *handle, Descriptor *plan, Descriptor *pack) {
  const Problem *p = &plan->problem;
  const Engine *engine = &engines[plan->engine];
  Run run = {.problem = *p, .engine = plan->engine};
  const struct {
    const Tensor *tensor;
    uint64_t *address;
  } tensors[] = {
      {&p->input, &run.input},
      {&p->weights, &run.weights},
      {&p->output, &run.output},
      {&p->bias, &run.bias},
      {&p->residual, &run.residual},
  };
  int count = p->pass != FORWARD ? 3 : p->adds_residual ? 5 : 4;
  if (value_of(pack, 1000)->count != count) return fail(CUDNN_BAD_PARAM, "count of tensors");
  for (int i = 0; i < count; i++) {
    uint64_t address = address_of(pack, tensors[i].tensor);
    if (!address) return fail(CUDNN_NULL_POINTER, "a tensor has no address");
    if (address % (uint64_t)tensors[i].tensor->alignment) {
      return fail(CUDNN_MISALIGNED_POINTER, "a tensor");
    }
    *tensors[i].address = address;
  }
  run.workspace = value_of(pack, 1003)->values[0];
  if (engine->workspace && (!run.workspace || run.workspace % 256)) {
    return fail(CUDNN_MISALIGNED_POINTER, "workspace");
  }
  if (engine->fails_to_run) return fail(CUDNN_EXECUTION_FAILED, "launch");
  return driver()->enqueue(handle->stream, run_engine, &run, sizeof run) == CUDA_SUCCESS
             ? CUDNN_SUCCESS
             : fail(CUDNN_EXECUTION_FAILED, "the driver refuses");
}
