/* Passes of a convolution in plain loops. */

#include "cudnn.h"

int64_t place(const Tensor *tensor, int64_t n, int64_t c, int64_t y, int64_t x) {
  const int64_t *strides = tensor->strides;
  return n * strides[0] + c * strides[1] + y * strides[2] + x * strides[3];
}

/* Matrix units take inputs with ten bits of their mantissa. */
float factor(const void *base, const Tensor *tensor, int64_t index, Quality quality) {
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

void run_forward(const Run *run) {
  const Problem *p = &run->problem;
  const int64_t *extents = p->output.extents;
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
}

/* Adds the terms of one output's gradient to what they are terms of. */
static void add_terms(
    const Run *run, float *sums, const Tensor *made, int64_t n, int64_t o, int64_t y, int64_t x) {
  const Problem *p = &run->problem;
  const int64_t *kernel = p->weights.extents;
  int64_t first = o / (kernel[0] / p->groups) * kernel[1];
  Quality quality = engines[run->engine].quality;
  float gradient =
      factor((const void *)run->output, &p->output, place(&p->output, n, o, y, x), quality);
  for (int64_t i = 0; i < kernel[2]; i++) {
    int64_t row = y * p->strides[0] + i * p->dilations[0] - p->padding[0];
    if (row < 0 || row >= p->input.extents[2]) continue;
    for (int64_t j = 0; j < kernel[3]; j++) {
      int64_t column = x * p->strides[1] + j * p->dilations[1] - p->padding[1];
      if (column < 0 || column >= p->input.extents[3]) continue;
      for (int64_t c = 0; c < kernel[1]; c++) {
        if (p->pass == INPUT_GRADIENT) {
          int64_t with = place(&p->weights, o, c, i, j);
          sums[place(made, n, first + c, row, column)] +=
              gradient * factor((const void *)run->weights, &p->weights, with, quality);
        } else {
          int64_t with = place(&p->input, n, first + c, row, column);
          sums[place(made, o, c, i, j)] +=
              gradient * factor((const void *)run->input, &p->input, with, quality);
        }
      }
    }
  }
}

void run_gradient(const Run *run) {
  const Problem *p = &run->problem;
  const Tensor *made = p->pass == INPUT_GRADIENT ? &p->input : &p->weights;
  void *target = (void *)(p->pass == INPUT_GRADIENT ? run->input : run->weights);
  const int64_t *extents = p->output.extents, *all = made->extents;
  float *sums = calloc(span_of(made) / element_bytes(made->element), sizeof *sums);
  if (!sums) abort();
  for (int64_t n = 0; n < extents[0]; n++) {
    for (int64_t y = 0; y < extents[2]; y++) {
      for (int64_t x = 0; x < extents[3]; x++) {
        for (int64_t o = 0; o < extents[1]; o++) add_terms(run, sums, made, n, o, y, x);
      }
    }
  }
  float error = engines[run->engine].quality == WRONG;
  for (int64_t n = 0; n < all[0]; n++) {
    for (int64_t y = 0; y < all[2]; y++) {
      for (int64_t x = 0; x < all[3]; x++) {
        for (int64_t c = 0; c < all[1]; c++) {
          int64_t at = place(made, n, c, y, x);
          set_element(target, made->element, at, p->factor * sums[at] + error);
        }
      }
    }
  }
  free(sums);
}
