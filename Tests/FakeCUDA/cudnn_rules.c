/* Which attributes there are. */

#include "cudnn.h"

static const Rule rules[] = {
    {POINTWISE, 0, POINTWISE_MODE_TYPE, 1, 1, -1, false},
    {POINTWISE, 1, DATA_TYPE, 1, 1, -1, false},
    {CONVOLUTION, 100, DATA_TYPE, 1, 1, -1, false},
    {CONVOLUTION, 101, CONVOLUTION_MODE_TYPE, 1, 1, -1, false},
    {CONVOLUTION, 102, INT64_TYPE, 2, 2, -1, false},
    {CONVOLUTION, 103, INT64_TYPE, 2, 2, -1, false},
    {CONVOLUTION, 104, INT64_TYPE, 2, 2, -1, false},
    {CONVOLUTION, 105, INT64_TYPE, 2, 2, -1, false},
    {CONVOLUTION, 106, INT64_TYPE, 1, 1, -1, false},
    {HEURISTICS, 200, HEURISTIC_MODE_TYPE, 1, 1, -1, false},
    {HEURISTICS, 201, DESCRIPTOR_TYPE, 1, 1, GRAPH_OF_OPERATIONS, false},
    {CONFIGURATION, 300, DESCRIPTOR_TYPE, 1, 1, ENGINE, false},
    {PLAN, 400, HANDLE_TYPE, 1, 1, -1, false},
    {PLAN, 401, DESCRIPTOR_TYPE, 1, 1, CONFIGURATION, false},
    {FORWARD, 700, FLOAT_TYPE, 1, 1, -1, false},
    {FORWARD, 701, FLOAT_TYPE, 1, 1, -1, false},
    {FORWARD, 702, DESCRIPTOR_TYPE, 1, 1, CONVOLUTION, false},
    {FORWARD, 703, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {FORWARD, 704, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {FORWARD, 705, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {INPUT_GRADIENT, 706, FLOAT_TYPE, 1, 1, -1, false},
    {INPUT_GRADIENT, 707, FLOAT_TYPE, 1, 1, -1, false},
    {INPUT_GRADIENT, 708, DESCRIPTOR_TYPE, 1, 1, CONVOLUTION, false},
    {INPUT_GRADIENT, 709, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {INPUT_GRADIENT, 710, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {INPUT_GRADIENT, 711, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {WEIGHT_GRADIENT, 712, FLOAT_TYPE, 1, 1, -1, false},
    {WEIGHT_GRADIENT, 713, FLOAT_TYPE, 1, 1, -1, false},
    {WEIGHT_GRADIENT, 714, DESCRIPTOR_TYPE, 1, 1, CONVOLUTION, false},
    {WEIGHT_GRADIENT, 715, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {WEIGHT_GRADIENT, 716, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {WEIGHT_GRADIENT, 717, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {POINTWISE_OPERATION, 750, DESCRIPTOR_TYPE, 1, 1, POINTWISE, false},
    {POINTWISE_OPERATION, 751, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {POINTWISE_OPERATION, 752, DESCRIPTOR_TYPE, 1, 1, TENSOR, true},
    {POINTWISE_OPERATION, 753, DESCRIPTOR_TYPE, 1, 1, TENSOR, false},
    {GRAPH_OF_OPERATIONS, 800, HANDLE_TYPE, 1, 1, -1, false},
    {GRAPH_OF_OPERATIONS, 801, DESCRIPTOR_TYPE, 1, 8, -1, false},
    {TENSOR, 900, INT64_TYPE, 1, 1, -1, false},
    {TENSOR, 901, DATA_TYPE, 1, 1, -1, false},
    {TENSOR, 902, INT64_TYPE, 4, 4, -1, false},
    {TENSOR, 903, INT64_TYPE, 4, 4, -1, false},
    {TENSOR, 906, INT64_TYPE, 1, 1, -1, false},
    {TENSOR, 907, BOOLEAN_TYPE, 1, 1, -1, true},
    {PACK, 1000, INT64_TYPE, 1, 16, -1, false},
    {PACK, 1001, ADDRESS_TYPE, 1, 16, -1, false},
    {PACK, 1003, ADDRESS_TYPE, 1, 1, -1, false},
    {ENGINE, 1300, DESCRIPTOR_TYPE, 1, 1, GRAPH_OF_OPERATIONS, false},
    {ENGINE, 1301, INT64_TYPE, 1, 1, -1, false},
};

const Rule *rules_of(int kind, int *count) {
  const Rule *first = NULL;
  *count = 0;
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    if (rules[i].kind != kind) continue;
    if (!first) first = &rules[i];
    ++*count;
  }
  return first;
}

Value *value_of(Descriptor *descriptor, int name) {
  int count;
  const Rule *first = rules_of(descriptor->kind, &count);
  for (int i = 0; i < count; i++) {
    if (first[i].name == name) return &descriptor->values[i];
  }
  abort();
}

Descriptor *descriptor_of(Descriptor *descriptor, int name, int index) {
  const Value *value = value_of(descriptor, name);
  return index < value->count ? find_descriptor((void *)(uintptr_t)value->values[index]) : NULL;
}

int64_t integer_of(Descriptor *descriptor, int name, int index) {
  return (int64_t)value_of(descriptor, name)->values[index];
}

int enumeration_of(Descriptor *descriptor, int name) {
  int value;
  memcpy(&value, &value_of(descriptor, name)->values[0], sizeof value);
  return value;
}
