/* What finalizing checks, and makes of attributes. */

#include "cudnn.h"

static int element_of(int data_type) {
  switch (data_type) {
    case 0: return FLOAT32;
    case 2: return FLOAT16;
    case 9: return BFLOAT16;
    default: return -1;
  }
}

static int finalize_tensor(Descriptor *descriptor) {
  Tensor *tensor = &descriptor->tensor;
  tensor->number = integer_of(descriptor, 906, 0);
  tensor->alignment = integer_of(descriptor, 900, 0);
  tensor->element = element_of(enumeration_of(descriptor, 901));
  tensor->is_virtual = value_of(descriptor, 907)->values[0] & 1;
  if (tensor->element < 0) return fail(CUDNN_NOT_SUPPORTED, "data type");
  if (tensor->alignment < 1 || tensor->alignment % (int64_t)element_bytes(tensor->element)) {
    return fail(CUDNN_BAD_PARAM, "alignment");
  }
  for (int i = 0; i < 4; i++) {
    tensor->extents[i] = integer_of(descriptor, 902, i);
    tensor->strides[i] = integer_of(descriptor, 903, i);
    if (tensor->extents[i] < 1 || tensor->strides[i] < 1) {
      return fail(CUDNN_BAD_PARAM, "an extent or a stride is not positive");
    }
  }
  return CUDNN_SUCCESS;
}

static int finalize_pointwise(Descriptor *descriptor) {
  int mode = enumeration_of(descriptor, 0);
  if (mode != 0 && mode != 100) return fail(CUDNN_NOT_SUPPORTED, "mode");
  if (enumeration_of(descriptor, 1) != 0) return fail(CUDNN_NOT_SUPPORTED, "precision");
  return CUDNN_SUCCESS;
}

static int finalize_convolution(Descriptor *descriptor) {
  if (enumeration_of(descriptor, 100) != 0) return fail(CUDNN_NOT_SUPPORTED, "type");
  if (enumeration_of(descriptor, 101) != 1) return fail(CUDNN_NOT_SUPPORTED, "no correlation");
  if (integer_of(descriptor, 106, 0) != 2) return fail(CUDNN_BAD_PARAM, "axes");
  for (int i = 0; i < 2; i++) {
    bool valid = integer_of(descriptor, 102, i) >= 1 && integer_of(descriptor, 103, i) >= 1;
    valid = valid && integer_of(descriptor, 104, i) >= 0;
    valid = valid && integer_of(descriptor, 104, i) == integer_of(descriptor, 105, i);
    if (!valid) return fail(CUDNN_BAD_PARAM, "a dilation, stride or padding");
  }
  return CUDNN_SUCCESS;
}

bool is_pass(int kind) {
  return kind == FORWARD || kind == INPUT_GRADIENT || kind == WEIGHT_GRADIENT;
}

/* A pass of a convolution; all have the same attributes, under other numbers. */
static int finalize_pass(Descriptor *descriptor) {
  int first = descriptor->kind == FORWARD ? 700 : descriptor->kind == INPUT_GRADIENT ? 706 : 712;
  Descriptor *settings = descriptor_of(descriptor, first + 2, 0);
  Descriptor *w = descriptor_of(descriptor, first + 3, 0);
  Descriptor *x = descriptor_of(descriptor, first + 4, 0);
  Descriptor *y = descriptor_of(descriptor, first + 5, 0);
  if (!settings || !w || !x || !y) return fail(CUDNN_BAD_PARAM, "a part is gone");
  Problem *problem = &descriptor->problem;
  problem->pass = descriptor->kind;
  problem->weights = w->tensor;
  problem->input = x->tensor;
  problem->output = y->tensor;
  problem->factor = bits_to_float((uint32_t)enumeration_of(descriptor, first));
  if ((descriptor->kind == FORWARD && problem->factor != 1) ||
      bits_to_float((uint32_t)enumeration_of(descriptor, first + 1)) != 0) {
    return fail(CUDNN_NOT_SUPPORTED, "alpha or beta");
  }
  const int64_t *in = x->tensor.extents, *kernel = w->tensor.extents, *out = y->tensor.extents;
  if (w->tensor.strides[1] != 1 || w->tensor.strides[3] != kernel[1] ||
      w->tensor.strides[2] != kernel[1] * kernel[3] ||
      w->tensor.strides[0] != kernel[1] * kernel[2] * kernel[3]) {
    return fail(CUDNN_NOT_SUPPORTED, "layout of the weights");
  }
  problem->groups = in[1] / kernel[1];
  bool valid = in[0] == out[0] && problem->groups * kernel[1] == in[1] && kernel[0] == out[1] &&
               kernel[0] % problem->groups == 0;
  for (int i = 0; i < 2; i++) {
    problem->padding[i] = integer_of(settings, 105, i);
    problem->strides[i] = integer_of(settings, 103, i);
    problem->dilations[i] = integer_of(settings, 102, i);
    int64_t room =
        in[2 + i] + 2 * problem->padding[i] - (kernel[2 + i] - 1) * problem->dilations[i] - 1;
    valid = valid && room >= 0 && out[2 + i] == room / problem->strides[i] + 1;
  }
  return valid ? CUDNN_SUCCESS : fail(CUDNN_BAD_PARAM, "extents do not fit each other");
}

static int finalize_pointwise_operation(Descriptor *descriptor) {
  Descriptor *settings = descriptor_of(descriptor, 750, 0), *x = descriptor_of(descriptor, 751, 0);
  Descriptor *b = descriptor_of(descriptor, 752, 0), *y = descriptor_of(descriptor, 753, 0);
  if (!settings || !x || !y) return fail(CUDNN_BAD_PARAM, "a part is gone");
  bool adds = enumeration_of(settings, 0) == 0;
  if (adds != (b != NULL)) return fail(CUDNN_BAD_PARAM, "one operand too many or too few");
  for (int i = 0; i < 4; i++) {
    int64_t extent = y->tensor.extents[i];
    if (x->tensor.extents[i] != extent) return fail(CUDNN_BAD_PARAM, "extents");
    if (b && b->tensor.extents[i] != extent && b->tensor.extents[i] != 1) {
      return fail(CUDNN_BAD_PARAM, "extents of the addend");
    }
  }
  return CUDNN_SUCCESS;
}

/* A pass back, alone. */
static int finalize_gradient(Descriptor *graph, const Problem *problem) {
  if (value_of(graph, 801)->count != 1) {
    return fail(CUDNN_UNSUPPORTED_PATTERN, "something follows a gradient");
  }
  if (problem->input.is_virtual || problem->weights.is_virtual || problem->output.is_virtual) {
    return fail(CUDNN_BAD_PARAM, "a tensor is virtual");
  }
  graph->problem = *problem;
  return CUDNN_SUCCESS;
}

/* Convolution, + residual, + bias, rectified; the second and the last may be wanting. Or a gradient. */
int finalize_graph(Descriptor *graph) {
  const Value *operations = value_of(graph, 801);
  Descriptor *first = descriptor_of(graph, 801, 0);
  if (!first || !is_pass(first->kind)) return fail(CUDNN_UNSUPPORTED_PATTERN, "no convolution");
  if (first->kind != FORWARD) return finalize_gradient(graph, &first->problem);
  Problem problem = first->problem;
  Tensor last = problem.output;
  bool has_bias = false;
  for (int i = 1; i < operations->count; i++) {
    Descriptor *operation = descriptor_of(graph, 801, i);
    if (!operation || operation->kind != POINTWISE_OPERATION || problem.rectifies) {
      return fail(CUDNN_UNSUPPORTED_PATTERN, "an operation out of place");
    }
    Descriptor *x = descriptor_of(operation, 751, 0), *b = descriptor_of(operation, 752, 0);
    Descriptor *y = descriptor_of(operation, 753, 0);
    if (!x || !y) return fail(CUDNN_BAD_PARAM, "a part is gone");
    if (x->tensor.number != last.number || !last.is_virtual || last.element != FLOAT32) {
      return fail(CUDNN_BAD_PARAM, "operations do not follow from each other");
    }
    last = y->tensor;
    if (!b) {
      problem.rectifies = true;
    } else if (b->tensor.extents[2] * b->tensor.extents[3] == 1 && b->tensor.extents[0] == 1) {
      if (has_bias) return fail(CUDNN_UNSUPPORTED_PATTERN, "two biases");
      has_bias = true;
      problem.bias = b->tensor;
    } else {
      if (has_bias || problem.adds_residual) return fail(CUDNN_UNSUPPORTED_PATTERN, "residual");
      problem.adds_residual = true;
      problem.residual = b->tensor;
    }
  }
  if (!has_bias) return fail(CUDNN_UNSUPPORTED_PATTERN, "no bias");
  problem.output = last;
  if (last.is_virtual) return fail(CUDNN_BAD_PARAM, "the output is virtual");
  /* As the real one's ready-made engines want it. */
  if (problem.bias.element != last.element) return fail(CUDNN_NOT_SUPPORTED, "type of the bias");
  graph->problem = problem;
  return CUDNN_SUCCESS;
}

static int finalize_pack(Descriptor *pack) {
  const Value *numbers = value_of(pack, 1000), *addresses = value_of(pack, 1001);
  if (numbers->count != addresses->count) return fail(CUDNN_BAD_PARAM, "count");
  for (int i = 0; i < numbers->count; i++) {
    for (int j = 0; j < i; j++) {
      if (numbers->values[i] == numbers->values[j]) return fail(CUDNN_BAD_PARAM, "the same twice");
    }
  }
  return CUDNN_SUCCESS;
}

/* Takes the problem, and the engine, over from the descriptor that it is made of. */
static int inherit(Descriptor *descriptor, int name) {
  Descriptor *parent = descriptor_of(descriptor, name, 0);
  if (!parent) return fail(CUDNN_BAD_PARAM, "a part is gone");
  descriptor->problem = parent->problem;
  descriptor->engine = parent->engine;
  return CUDNN_SUCCESS;
}

int finalize(Descriptor *descriptor) {
  int status;
  switch (descriptor->kind) {
    case TENSOR: return finalize_tensor(descriptor);
    case POINTWISE: return finalize_pointwise(descriptor);
    case CONVOLUTION: return finalize_convolution(descriptor);
    case FORWARD:
    case INPUT_GRADIENT:
    case WEIGHT_GRADIENT: return finalize_pass(descriptor);
    case POINTWISE_OPERATION: return finalize_pointwise_operation(descriptor);
    case GRAPH_OF_OPERATIONS: return finalize_graph(descriptor);
    case PACK: return finalize_pack(descriptor);
    case HEURISTICS: return inherit(descriptor, 201);
    case CONFIGURATION: return inherit(descriptor, 300);
    case ENGINE:
      status = inherit(descriptor, 1300);
      descriptor->engine = (int)integer_of(descriptor, 1301, 0);
      if (!status && (descriptor->engine < 0 || descriptor->engine >= ENGINE_COUNT)) {
        return fail(CUDNN_BAD_PARAM, "no such engine");
      }
      return status;
    case PLAN:
      status = inherit(descriptor, 401);
      return status ? status : finalize_plan(descriptor);
    default: return fail(CUDNN_NOT_SUPPORTED, "kind");
  }
}
