/* What the kernels that train are called with: as calls.h. */
#ifndef FCN_TRAINING_CALLS_H
#define FCN_TRAINING_CALLS_H

#include "calls.h"

/* Partial gradients of weights: float[splits][outputs][positions][padded inputs of a group]. */
typedef struct fcn_weight_gradient_call {
  fcn_view input, gradient;
  uint64_t partials;
  fcn_extent kernel, stride, padding, dilation;
  /* Of each group. */
  int32_t input_channels, output_channels;
  int32_t groups;
  /* Output pixels that each split sums over. */
  int32_t split_pixels;
} fcn_weight_gradient_call;

/* target[output][input of its group][position] = scale · Σ partials, which are of type PARTIAL, in
   order. */
typedef struct fcn_reduce_weights_call {
  uint64_t partials, target;
  int32_t splits, outputs, inputs, positions, padded;
  /* Inputs of groups that were joined follow each other; 0 where none were. */
  int32_t outputs_per_group;
  float scale;
  int32_t reserved;
} fcn_reduce_weights_call;

/* Batch normalisation by a minibatch's statistics, and its gradient. */
typedef struct fcn_batch_norm_call {
  fcn_view input, output, gradient, input_gradient;
  uint64_t weight, bias, running_mean, running_variance;
  /* Σ input and Σ (input − mean)², float[channels, whole groups]. */
  uint64_t sums, squares;
  /* Σ gradient and Σ gradient · (input − mean). */
  uint64_t gradient_sums, gradient_products;
  uint64_t weight_gradient, bias_gradient;
  float epsilon, momentum, scale;
  int32_t reserved;
} fcn_batch_norm_call;

/* What is passed back through an operation that has no parameters. */
typedef struct fcn_gradient_call {
  fcn_view input, output, gradient, input_gradient;
  fcn_extent kernel, stride, padding;
  /* fcn_tick, or fcn_taps, of the output's lines, then first and end of those that read each of the
     input's. */
  uint64_t rows, columns, row_ranges, column_ranges;
  /* Of a channelwise transposed convolution, [positions][channels, whole groups]. */
  uint64_t weights;
  uint64_t seed;
  int32_t size;
  float alpha, beta, bias, rate;
  fcn_activation activation;
  /* Of averages. */
  int32_t counts_padding;
} fcn_gradient_call;

/* What is passed back to the second of two values. */
typedef struct fcn_pair_gradient_call {
  fcn_view first, second, gradient, second_gradient;
  int32_t function, reserved;
} fcn_pair_gradient_call;

/* Gradients of normalisations by statistics of groups of channels of each picture. */
typedef struct fcn_group_norm_gradient_call {
  fcn_view input, gradient, input_gradient;
  uint64_t weight;
  /* As in fcn_group_norm_call. */
  uint64_t sums, squares;
  /* Σ gradient and Σ gradient · (input − mean) of each channel's pixels, as long as `sums`. */
  uint64_t gradient_sums, gradient_products;
  /* What each group's gradients have in common, as long as `sums`, twice. */
  uint64_t shares;
  uint64_t weight_gradient, bias_gradient;
  float epsilon, scale;
  /* Of a group. */
  int32_t group_channels, reserved;
} fcn_group_norm_gradient_call;

/* Gradients of normalisations by statistics of each pixel's channels. */
typedef struct fcn_pixel_norm_gradient_call {
  fcn_view input, gradient, input_gradient;
  uint64_t weight;
  /* float[pixels][4]: mean, 1 / √(variance + epsilon), and the means over the channels of the gradient by
     the normalised value, by itself and times that. */
  uint64_t statistics;
  float epsilon;
  int32_t reserved;
} fcn_pixel_norm_gradient_call;

typedef struct fcn_loss_call {
  fcn_view scores, gradient;
  /* uint8_t[N][H][W]; labels from the number of classes on do not count. */
  uint64_t labels, predictions;
  /* float[classes]. */
  uint64_t weights;
  /* double[blocks]: each block's sum of weighted losses. */
  uint64_t losses;
  float scale;
  int32_t reserved;
} fcn_loss_call;

typedef struct fcn_update_call {
  uint64_t weight, gradient, first, second;
  int64_t count;
  float rate, decay, scale;
  float momentum, beta1, beta2, correction1, correction2;
} fcn_update_call;

/* squares[block] = Σ over the block's elements of values², double[FCN_SQUARE_BLOCKS]. */
#define FCN_SQUARE_BLOCKS 64
typedef struct fcn_squares_call {
  uint64_t values, squares;
  int64_t count;
} fcn_squares_call;

/* total = keep · total + share · values. */
typedef struct fcn_accumulate_call {
  uint64_t values, total;
  int64_t count;
  float keep, share;
} fcn_accumulate_call;

#endif
