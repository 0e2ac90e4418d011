/* Convolution in plain loops. */

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

static int64_t place(const Tensor *tensor, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t *strides = tensor->strides;
  return n * strides[0] + c * strides[1] + y * strides[2] + x * strides[3];
}

/* Matrix units take inputs with ten bits of their mantissa. */
static float factor(const void *base, const Tensor *tensor, int64_t index, Quality quality) {
  float value = element_at(base, tensor->element, index);
  return quality == COARSE && tensor->element == FLOAT32 ? rounded_to(value, 10) : value;
}

static float sum(const Run *run, int64_t n, int64_t o, int64_t y, int64_t x) {
  const Problem *p = &run->problem;
  const void *input = (const void *)run->input, *weights = (const void *)run->weights;
  const int64_t *kernel = p->weights.extents;
  int64_t first = o / (kernel[0] / p->groups) * kernel[1];
  Quality quality = engines[run->engine].quality;
  float total = 0;
  for (int64_t i = 0; i < kernel[2]; i++) {
    int64_t row = y * p->strides[0] + i * p->dilations[0] - p->padding[0];
    if (row < 0 || row >= p->input.extents[2]) continue;
    for (int64_t j = 0; j < kernel[3]; j++) {
      int64_t column = x * p->strides[1] + j * p->dilations[1] - p->padding[1];
      if (column < 0 || column >= p->input.extents[3]) continue;
      int64_t from = place(&p->input, n, first, row, column);
      int64_t with = place(&p->weights, o, 0, i, j);
      for (int64_t c = 0; c < kernel[1]; c++) {
        total += factor(input, &p->input, from + c * p->input.strides[1], quality) *
                 factor(weights, &p->weights, with + c * p->weights.strides[1], quality);
      }
    }
  }
  return quality == WRONG ? total + 1 : total;
}

static void check_memory(const Run *run) {
  const Problem *p = &run->problem;
  const char *who = "cudnnBackendExecute";
  require_device_memory(who, run->input, span_of(&p->input));
  require_device_memory(who, run->weights, span_of(&p->weights));
  require_device_memory(who, run->bias, span_of(&p->bias));
  if (p->adds_residual) require_device_memory(who, run->residual, span_of(&p->residual));
  require_device_memory(who, run->output, span_of(&p->output));
  require_device_memory(who, run->workspace, (size_t)engines[run->engine].workspace);
}

void run_engine(const void *parameters) {
  const Run *run = parameters;
  const Problem *p = &run->problem;
  const int64_t *extents = p->output.extents;
  check_memory(run);
  /* Whoever has something else there will notice. */
  if (run->workspace) memset((void *)run->workspace, 0xFF, (size_t)engines[run->engine].workspace);
  for (int64_t n = 0; n < extents[0]; n++) {
    for (int64_t y = 0; y < extents[2]; y++) {
      for (int64_t x = 0; x < extents[3]; x++) {
        for (int64_t o = 0; o < extents[1]; o++) {
          float value = sum(run, n, o, y, x);
          if (p->adds_residual) {
            value += element_at((const void *)run->residual, p->residual.element,
                place(&p->residual, n, o, y, x));
          }
          value += element_at(
              (const void *)run->bias, p->bias.element, o * p->bias.strides[1]);
          if (p->rectifies && value < 0) value = 0;
          set_element(
              (void *)run->output, p->output.element, place(&p->output, n, o, y, x), value);
        }
      }
    }
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
      {&p->bias, &run.bias},
      {&p->output, &run.output},
      {&p->residual, &run.residual},
  };
  int count = p->adds_residual ? 5 : 4;
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
