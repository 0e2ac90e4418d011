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
  /* Of averages: whether zeros of the padding count. */
  int32_t counts_padding, reserved;
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

/* What two numbers make. */
#define FCN_PRODUCT 0
#define FCN_DIFFERENCE 1
#define FCN_QUOTIENT 2
#define FCN_MAXIMUM 3
#define FCN_MINIMUM 4

/* output = first ∘ second, element by element; `second` has the first's extents or, along some of
   channels, rows and columns, one line for all. */
typedef struct fcn_pair_call {
  fcn_view first, second, output;
  int32_t function, reserved;
} fcn_pair_call;

/* What lines that are added to a picture hold: see Pad. */
#define FCN_PAD_CONSTANT 0
#define FCN_PAD_REFLECT 1
#define FCN_PAD_EDGE 2

/* Going back, `output` is the gradient by the output and `input` that by the input. */
typedef struct fcn_pad_call {
  fcn_view input, output;
  /* Lines of the input cut off before the first, lines left of it, lines added before them. */
  fcn_extent cut, kept, before;
  int32_t filling;
  float value;
} fcn_pad_call;

/* A value of many channels and the one of many pixels that is made of it, or that it is made of. */
typedef struct fcn_shuffle_call {
  fcn_view deep, wide;
  int32_t block;
  /* Whether the pixels of a channel follow each other among the deep one's channels. */
  int32_t channels_first;
  /* Whether the wide one is made. */
  int32_t spreads, reserved;
} fcn_shuffle_call;

/* Where a value is below 0 it is multiplied by a slope: float[channels, whole groups], or one for all. */
typedef struct fcn_slope_call {
  fcn_view input, output;
  /* Going back, what comes; `output` is the gradient by the input then. */
  fcn_view gradient;
  uint64_t slopes;
  int32_t is_shared, reserved;
} fcn_slope_call;

/* output = input · factors[channel] + offsets[channel]; both whole channel groups long, the latter 0
   where there are none. */
typedef struct fcn_affine_call {
  fcn_view input, output;
  uint64_t factors, offsets;
} fcn_affine_call;

typedef struct fcn_normalization_call {
  fcn_view input, output;
  int32_t size;
  float alpha, beta, bias;
} fcn_normalization_call;

/* target[picture][channel] = the mean of sums[picture] over the channel's group of channels; both
   float[pictures][channels, whole channel groups]. */
typedef struct fcn_share_call {
  uint64_t sums, target;
  int32_t pictures, channels;
  /* Of a group. */
  int32_t group_channels, reserved;
} fcn_share_call;

/* output = (input − mean) / √(variance + epsilon) · weight + bias. */
typedef struct fcn_group_norm_call {
  fcn_view input, output;
  /* float[channels, whole channel groups]. */
  uint64_t weight, bias;
  /* A channel's pixels times the mean and the variance of its group, float[pictures][channels, whole
     channel groups]; not of normalisations of pixels. */
  uint64_t sums, squares;
  float epsilon;
  int32_t reserved;
} fcn_group_norm_call;

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
  /* Of a resize: fcn_tick[output rows], fcn_tick[output columns]; of a cubic one, fcn_taps of each. */
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

/* Sums over the pixels of chunks: float[chunks][pictures][channels, whole groups], and for MODE 3 and 5 as
   much again behind it. */
typedef struct fcn_channel_sums_call {
  fcn_view input, gradient;
  /* The first sums, for means, or 0 for means of 0; for MODE 5 the statistics of pixels. */
  uint64_t sums;
  uint64_t partials;
  int32_t chunks, chunk_pixels;
  /* Whether each picture has sums of its own; else all have those of one. */
  int32_t apart, reserved;
} fcn_channel_sums_call;

/* target[i] = scale · Σ partials[chunk][i], in order. */
typedef struct fcn_sum_chunks_call {
  uint64_t partials, target;
  int32_t chunks, count;
  float scale;
  int32_t reserved;
} fcn_sum_chunks_call;

/* Every pixel of a picture of output = Σ partials[chunk][picture] / divisor, in order. */
typedef struct fcn_store_sums_call {
  uint64_t partials;
  fcn_view output;
  int32_t chunks;
  float divisor;
} fcn_store_sums_call;

#endif
