/* The fake cuDNN's objects, and what its files share. Everything is under one mutex. */

#ifndef FAKE_CUDNN_H
#define FAKE_CUDNN_H

#include "cudnn_api.h"
#include "library.h"

typedef struct CudnnHandle {
  struct CudnnHandle *next;
  CUcontext context;
  CUstream stream;
  bool has_stream;
} Handle;

typedef struct {
  int64_t number, extents[4], strides[4], alignment;
  int element;
  bool is_virtual;
} Tensor;

/* A whole problem, resolved, so that descriptors may go. Of the passes back, one of input, weights and
   output is the gradient that is made, another the one that it is made of. */
typedef struct {
  /* The kind of the operation that it begins with. */
  int pass;
  Tensor input, weights, bias, residual, output;
  bool adds_residual, rectifies;
  int64_t padding[2], strides[2], dilations[2], groups;
  float factor;
} Problem;

/* Of one attribute. */
typedef struct {
  int64_t count;
  /* Eight bytes each at most. */
  uint64_t values[16];
} Value;

enum { MOST_ATTRIBUTES = 8 };

typedef struct Descriptor {
  struct Descriptor *next;
  int kind;
  bool finalized;
  /* In the order of the kind's rules. */
  Value values[MOST_ATTRIBUTES];
  /* What finalizing makes of them. */
  Tensor tensor;
  Problem problem;
  int engine;
  Handle *handle;
} Descriptor;

/* What may be set or got. */
typedef struct {
  int kind, name, type;
  int least, most;
  /* Of descriptors, their kind. */
  int refers_to;
  bool is_optional;
} Rule;

/* The rules of a kind and how many there are. */
const Rule *rules_of(int kind, int *count);
/* The value of an attribute; never null for one that has a rule. */
Value *value_of(Descriptor *descriptor, int name);
Descriptor *descriptor_of(Descriptor *descriptor, int name, int index);
int64_t integer_of(Descriptor *descriptor, int name, int index);
int enumeration_of(Descriptor *descriptor, int name);

/* All of these return a status, and say what is wrong. */
int fail(int status, const char *text);
int finalize(Descriptor *descriptor);
int finalize_graph(Descriptor *graph);
int finalize_plan(Descriptor *plan);
int get_from_engine(
    Descriptor *descriptor, int name, int64_t room, int64_t *count, void *values);
int execute(Handle *handle, Descriptor *plan, Descriptor *pack);

bool is_handle(const Handle *handle);
Descriptor *find_descriptor(const void *pointer);

/* MARK: Engines */

typedef enum { EXACT, COARSE, WRONG } Quality;

typedef struct {
  /* Ending with -1. */
  int numerical_notes[3], behavior_notes[2];
  int64_t workspace;
  Quality quality;
  unsigned microseconds;
  bool is_never_final, fails_to_run;
} Engine;

enum { ENGINE_COUNT = 9 };

extern const Engine engines[ENGINE_COUNT];

/* What an engine is handed for its run. */
typedef struct {
  Problem problem;
  int engine;
  uint64_t input, weights, bias, residual, output, workspace;
} Run;

void run_engine(const void *run);
/* What all engines make of it. */
void run_forward(const Run *run);
void run_gradient(const Run *run);
size_t span_of(const Tensor *tensor);
int64_t place(const Tensor *tensor, int64_t n, int64_t c, int64_t y, int64_t x);
/* An element as an engine's factor. */
float factor(const void *base, const Tensor *tensor, int64_t index, Quality quality);
bool is_pass(int kind);

#endif
