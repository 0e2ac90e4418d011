/* What the engine hands to its CUDA kernels: one struct a kernel, the same for Swift, which imports
   this header, and for the device, whose compiler includes it. Addresses are the device's; strides
   count elements. */
#ifndef FCN_CALLS_H
#define FCN_CALLS_H

#ifdef __CUDACC_RTC__
typedef int int32_t;
typedef long long int64_t;
typedef unsigned char uint8_t;
typedef unsigned long long uint64_t;
#else
#include <stdint.h>
#endif

/* Channels of a pixel come in groups of this many; those after the last one are zero. */
#define FCN_CHANNEL_GROUP 8

/* What stands for a label where scores are not finite; no class has this number. */
#define FCN_NO_LABEL 255

/* A tensor on the device, N×H×W×C, or a window of one. */
typedef struct fcn_view {
  uint64_t address;
  int64_t picture_stride;
  int32_t row_stride, pixel_stride;
  int32_t pictures, height, width, channels;
} fcn_view;

/* A position between two lines of an axis that is resized: (1 - fraction) of `low` and the rest of
   `high`. */
typedef struct fcn_tick {
  int32_t low, high;
  float fraction;
} fcn_tick;

/* What is done to each value last: see Activation. */
#define FCN_IDENTITY 0
#define FCN_RELU 1
#define FCN_LEAKY_RELU 2
#define FCN_CLIPPED_RELU 3
#define FCN_SIGMOID 4
#define FCN_HARD_SIGMOID 5
#define FCN_HARD_SWISH 6
#define FCN_SILU 7
#define FCN_TANH 8
#define FCN_ELU 9
#define FCN_SOFTPLUS 10
#define FCN_MISH 11
#define FCN_CLIP 12
#define FCN_EXPONENTIAL 13
#define FCN_GELU 14

typedef struct fcn_activation {
  int32_t function;
  /* The slope or the limit of those that have one; the lower one of two. */
  float parameter;
  /* The higher one. */
  float second;
  int32_t reserved;
} fcn_activation;

/* Rows and columns. */
typedef struct fcn_extent {
  int32_t h, w;
} fcn_extent;

/* A picture among the bytes that were uploaded, or behind them where it was resized. */
typedef struct fcn_picture {
  int64_t offset;
  int32_t width, height, row_stride, pixel_bytes;
  int32_t red, green, blue, reserved;
} fcn_picture;

typedef struct fcn_preprocess_call {
  /* fcn_picture[N], which offsets count from. */
  uint64_t pictures;
  fcn_view output;
  float mean[3], scale[3];
  /* 0: red first, 1: blue first, 2: luma. */
  int32_t order;
  int32_t reserved;
} fcn_preprocess_call;

/* A picture to RGB that is new in one direction, without gaps between rows. */
typedef struct fcn_resize_call {
  uint64_t source, target;
  /* Of the target's columns, or of its rows: int32_t[lines], the first line of the source that each is
     made of, and int32_t[lines][taps], how much of that and of each after it, 2^fraction in all. */
  uint64_t firsts, weights;
  /* Of the source. */
  int32_t row_stride, pixel_bytes, red, green, blue;
  /* Of the target. */
  int32_t width, height;
  int32_t taps, fraction;
  /* Whether rows are new. */
  int32_t vertical;
} fcn_resize_call;

typedef struct fcn_convolution_call {
  fcn_view input, output;
  /* Address 0 where nothing is added. */
  fcn_view residual;
  /* [output channels][kernel rows][kernel columns][channels of a group], groups one after another. */
  uint64_t weights;
  /* float[output channels, rounded up to a whole group]. */
  uint64_t bias;
  fcn_extent kernel, stride, padding, dilation;
  /* Of each group of channels that do not see each other; of the input in whole channel groups. */
  int32_t input_channels, output_channels;
  fcn_activation activation;
  /* Where kernels are compiled with SPREAD. */
  fcn_extent spread;
} fcn_convolution_call;

typedef struct fcn_pool_call {
  fcn_view input, output;
  fcn_extent kernel, stride, padding;
} fcn_pool_call;

/* output = activation(scale · Σ inputs). */
typedef struct fcn_combine_call {
  fcn_view inputs[4];
  fcn_view output;
  int32_t count;
  float scale;
  fcn_activation activation;
} fcn_combine_call;

/* Channels [to, to + count) of output = [from, from + count) of input; those after output's last are
   zero, others stay as they are. */
typedef struct fcn_channels_call {
  fcn_view input, output;
  int32_t from, to, count, reserved;
} fcn_channels_call;

/* output = input · factors[channel] + offsets[channel]; both whole channel groups long. */
typedef struct fcn_affine_call {
  fcn_view input, output;
  uint64_t factors, offsets;
} fcn_affine_call;

typedef struct fcn_normalization_call {
  fcn_view input, output;
  int32_t size;
  float alpha, beta, bias;
} fcn_normalization_call;

typedef struct fcn_softmax_call {
  fcn_view input, output;
} fcn_softmax_call;

/* Two lines of each axis are repeated: see RepeatLines. */
typedef struct fcn_repeat_call {
  fcn_view input, output;
  fcn_extent first, second, copies;
} fcn_repeat_call;

/* Where scores at the output's size come from. */
typedef struct fcn_score_source {
  /* What is upsampled, or the scores themselves. */
  fcn_view input;
  /* Of a transposed convolution, float: [rows][columns][channels, whole groups] where every channel
     has a kernel of its own, [rows][columns][input channels][channels, whole groups] otherwise. */
  uint64_t weights, bias;
  /* `margin` is the padding and what is cropped before the first row and column. */
  fcn_extent kernel, stride, margin;
  /* Of a resize: fcn_tick[output rows], fcn_tick[output columns]. */
  uint64_t rows, columns;
  /* Of the scores. */
  int32_t channels, reserved;
} fcn_score_source;

typedef struct fcn_scores_call {
  fcn_score_source source;
  /* For `upsample`. For the other kernels only its extents count, pictures times height times width
     being what is written to `results`. */
  fcn_view output;
  /* For `label`: uint8_t[N][H][W]; for `export_scores`: float[N][C][H][W]. */
  uint64_t results;
  /* The first picture of the source that is read. */
  int32_t first_picture, reserved;
} fcn_scores_call;

/* Weights as convolutions read them, [rows][positions][padded], or, where `by_position`,
   [positions][rows][padded]. Row r and inner channel c are the source's element at
   r / rows_per_group * group_stride + r % rows_per_group * row_stride
   + c % inner_per_group * inner_stride + position; zero beyond `filled_rows` and `inner`, and where
   `joined` and the two are of different groups. */
typedef struct fcn_pack_call {
  uint64_t source, target;
  int64_t group_stride;
  int32_t rows, inner, padded, positions;
  int32_t rows_per_group, inner_per_group, row_stride, inner_stride;
  /* `turned`: the last position first. */
  int32_t joined, turned, by_position, filled_rows;
} fcn_pack_call;

/* ---- Training ---- */

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

/* Sums over the pixels of chunks: float[chunks][channels, whole groups], and for MODE 3 as much again
   behind it. */
typedef struct fcn_channel_sums_call {
  fcn_view input, gradient;
  /* The first sums, for means. */
  uint64_t sums;
  uint64_t partials;
  int32_t chunks, chunk_pixels;
} fcn_channel_sums_call;

/* target[i] = scale · Σ partials[chunk][i], in order. */
typedef struct fcn_sum_chunks_call {
  uint64_t partials, target;
  int32_t chunks, count;
  float scale;
  int32_t reserved;
} fcn_sum_chunks_call;

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
  /* fcn_tick of the output's lines, then first and end of those that read each of the input's. */
  uint64_t rows, columns, row_ranges, column_ranges;
  /* Of a channelwise transposed convolution, [positions][channels, whole groups]. */
  uint64_t weights;
  uint64_t seed;
  int32_t size;
  float alpha, beta, bias, rate;
  fcn_activation activation;
  int32_t reserved;
} fcn_gradient_call;

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
