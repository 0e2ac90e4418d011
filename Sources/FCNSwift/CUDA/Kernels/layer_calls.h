/* What kernels of further layers are called with, in use and in training: as calls.h. */
#ifndef FCN_LAYER_CALLS_H
#define FCN_LAYER_CALLS_H

#include "calls.h"

/* Functions of single values that are no activations: see ErrorFunction and Power. */
#define FCN_ERROR_FUNCTION 0
#define FCN_POWER 1

typedef struct fcn_value_call {
  fcn_view input, output;
  /* Going back, what comes; `output` is the gradient by the input then. */
  fcn_view gradient;
  int32_t function;
  float exponent;
} fcn_value_call;

/* Channel i of group g becomes the g-th of the i-th `groups` channels: see ChannelShuffle. */
typedef struct fcn_regroup_call {
  fcn_view input, output;
  int32_t groups, reserved;
} fcn_regroup_call;

/* Each value goes to that pixel of its window, of `kernel` pixels, which `places` names: see MaxUnpool.
   Going back, `output` is the gradient by the output and `values` that by the values. */
typedef struct fcn_unpool_call {
  fcn_view values, places, output;
  fcn_extent kernel;
} fcn_unpool_call;

/* A line of an axis that is resized by a cubic kernel: the lines it is made of, of which some may be the
   same, and how much each counts. */
typedef struct fcn_taps {
  int32_t lines[4];
  float weights[4];
} fcn_taps;

/* `output` has one line for all of the input's along some of channels, rows and columns: see ReducedMean. */
typedef struct fcn_reduce_call {
  fcn_view input, output;
  /* Going back, by the output and by the input. */
  fcn_view gradient, input_gradient;
  /* Threads that make a pixel's eight channels together: a power of two, FCN_THREADS at most. */
  int32_t team;
  /* Values that each of the output's is made of. */
  float count;
} fcn_reduce_call;

#endif
