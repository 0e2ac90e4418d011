/* The fake driver's objects, and what its files share. All of it is under one mutex, which is let
   go only while a kernel runs. */

#ifndef FAKE_CUDA_DRIVER_H
#define FAKE_CUDA_DRIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cuda_api.h"

/* MARK: Objects */

typedef enum {
  CONTEXT,
  DEVICE_MEMORY,
  PINNED_MEMORY,
  STREAM,
  EVENT,
  MODULE,
  FUNCTION,
  GRAPH,
  GRAPH_EXEC,
  KINDS
} Kind;

typedef struct Context Context;

/* The first member of every object. `handle` is a number that is never given out again, so that a
   handle which outlived its object is always found out; of memory it is the address. */
typedef struct Object {
  struct Object *next;
  Kind kind;
  uintptr_t handle;
  Context *context;
} Object;

struct Context {
  Object object;
  CUdevice device;
  /* A kernel is running: other threads' calls wait. */
  bool busy;
  /* What ended this context, or CUDA_SUCCESS. */
  CUresult fatal;
};

typedef struct {
  Object object;
  size_t bytes;
  unsigned flags;
  unsigned char *mapping;
  size_t mapped_bytes;
} Memory;

typedef struct Operation Operation;

typedef struct {
  Operation *first, *last;
} Operations;

typedef struct {
  Object object;
  unsigned flags;
  CUstreamCaptureStatus capturing;
  CUstreamCaptureMode mode;
  pthread_t capturing_thread;
  /* Which capture this is, or was. */
  uintptr_t capture;
  Operations captured;
} Stream;

typedef struct {
  Object object;
  unsigned flags;
  bool recorded;
  double milliseconds;
  /* The capture that recorded it last, 0 if it was recorded otherwise. */
  uintptr_t capture;
} Event;

/* What a module exports of emulator.h. */
typedef void Emulate(void (*kernel)(const void *parameters), const unsigned grid[3],
    const unsigned block[3], unsigned shared_bytes, const void *parameters);
typedef void Complain(const char *text);

typedef struct {
  Object object;
  int file;
  void *library;
  unsigned architecture;
  Emulate *emulate;
  Complain *complain;
} Module;

typedef struct {
  Object object;
  Module *module;
  char *name;
  void (*entry)(const void *parameters);
  unsigned parameter_bytes, most_threads, most_shared_bytes;
} Function;

/* Of both GRAPH and GRAPH_EXEC. */
typedef struct {
  Object object;
  Operations operations;
} Graph;

/* A new object of this kind in the list of its kind; null where memory is wanting. */
void *make_object(Kind kind, size_t size, Context *context);
/* Null unless there is such an object and it belongs to this context (null: to whichever). */
void *find_object(Kind kind, const void *handle, const Context *context);
/* The first of the kind in the context, or the one that follows `after`. */
void *next_object(Kind kind, const Context *context, const void *after);
/* Takes the object from its list and frees it, but not what belongs to it. */
void forget_object(void *object);
uintptr_t next_serial(void);

/* MARK: Calls */

/* Every exported function begins with one of these. CUDA_SUCCESS: the mutex is held, and `leave`
   gives it back. Any other: it is not held, and the result is the function's. */
CUresult enter(const char *call);
CUresult enter_uninitialized(const char *call);
CUresult enter_context(const char *call, Context **context);
/* For what destroys: goes on in a context that has failed. The caller leaves with its `fatal`. */
CUresult enter_to_clear(const char *call, Context **context);
CUresult leave(CUresult result);

/* Waits until no kernel runs in the context, which may be destroyed meanwhile: then null. */
Context *wait_until_idle(CUcontext handle);
void set_busy(Context *context, bool busy);
void set_initialized(void);
void lock_driver(void);
void unlock_driver(void);

/* The top of this thread's stack of contexts, 0 if it is empty. */
CUcontext current_context(void);
bool push_context(CUcontext context);
bool pop_context(CUcontext *context);

/* MARK: Steering */

/* Counts the call; what it was told to fail with. */
CUresult ordered_failure(const char *call);
void read_ordered_failures(void);
bool is_fatal(CUresult result);
long long setting(const char *name, long long otherwise);

/* MARK: Devices */

bool is_device(CUdevice device);
int device_architecture(void);
unsigned most_shared_bytes(void);

enum { USUAL_SHARED_BYTES = 48 * 1024, MOST_THREADS = 1024 };

/* MARK: Memory */

CUresult make_memory(Kind kind, Context *context, size_t bytes, unsigned flags, Memory **memory);
void destroy_memory(Memory *memory);
/* The allocation that the range lies in, whole. */
Memory *find_device_memory(const Context *context, uintptr_t start, size_t bytes);
Memory *find_pinned_memory(const Context *context, uintptr_t start, size_t bytes);
/* Aborts if `who` wrote beside an allocation of this context. */
void check_margins(const Context *context, const char *who);
/* What there is at an address at which a kernel crashed. */
void describe_address(uintptr_t address, char *text, size_t size);
/* Of each device. */
size_t total_bytes(void);

/* MARK: Operations */

typedef enum { COPY_IN, COPY_OUT, COPY_WITHIN, SET_BYTES, SET_WORDS, RECORD, LAUNCH, CALL } Action;

struct Operation {
  Operation *next;
  Action action;
  uintptr_t to, from;
  size_t bytes;
  unsigned value;
  /* Whether the host's side of a copy must be pinned. */
  bool pinned;
  CUevent event;
  CUfunction function;
  unsigned grid[3], block[3], shared_bytes;
  void (*call)(const void *parameters);
  /* Aligned as any structure wants it, and this operation's own. */
  void *parameters;
  unsigned parameter_bytes;
};

void clear_operations(Operations *operations);
bool append_copy(Operations *operations, const Operation *operation);
bool copy_operations(Operations *to, const Operations *from);
void *copy_parameters(const void *parameters, unsigned bytes);

CUresult check_operation(const Context *context, const Operation *operation);
void perform(Context *context, const Operation *operation);
/* Checks the operation, then performs or captures it. */
CUresult submit(Context *context, CUstream stream, const Operation *operation);

/* MARK: Streams */

/* Fails where the call must not be made while a stream of the context captures, and spoils the
   capture. */
CUresult check_no_capture(const Context *context);
CUresult find_stream(const Context *context, CUstream handle, Stream **stream);
void destroy_stream(Stream *stream);

/* MARK: Modules */

void destroy_module(Module *module);
void run_kernel(Context *context, const Function *function, const Operation *launch);
/* Another library's work on the device. */
void run_call(Context *context, const Operation *call);
void destroy_graph(Graph *graph);

#endif
