/* Handles and descriptors: how they come, go, are set, finalized and asked. */

#include "cudnn.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Descriptor *descriptors;
static Handle *handles;
static __thread char last_error[256];

int fail(int status, const char *text) {
  snprintf(last_error, sizeof last_error, "%s", text);
  return status;
}

/* Every exported function begins with this, and ends with `leave` unless it says that it failed. */
static int enter(const char *call) {
  int status = library_failure(call);
  if (status) return fail(status, "told to fail");
  last_error[0] = 0;
  pthread_mutex_lock(&mutex);
  return CUDNN_SUCCESS;
}

static int leave(int status) {
  pthread_mutex_unlock(&mutex);
  return status;
}

bool is_handle(const Handle *handle) {
  const Handle *known = handles;
  while (known && known != handle) known = known->next;
  return known;
}

Descriptor *find_descriptor(const void *pointer) {
  Descriptor *known = descriptors;
  while (known && known != pointer) known = known->next;
  return known;
}

size_t fake_cudnn_live_objects(void) {
  size_t count = 0;
  pthread_mutex_lock(&mutex);
  for (const Descriptor *d = descriptors; d; d = d->next) count++;
  for (const Handle *h = handles; h; h = h->next) count++;
  pthread_mutex_unlock(&mutex);
  return count;
}

void fake_cudnn_fail(const char *call, int nth, int status) {
  order_library_failure(call, nth, status);
}

unsigned long fake_cudnn_call_count(const char *call) { return library_calls(call); }

/* MARK: The library */

size_t cudnnGetVersion(void) { return 90100; }

const char *cudnnGetErrorString(int status) {
  switch (status) {
    case CUDNN_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
    case CUDNN_MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
    case CUDNN_NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
    case CUDNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_UNSUPPORTED_PATTERN: return "CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN";
    case CUDNN_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
    case CUDNN_NO_HOST_MEMORY: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case CUDNN_NO_DEVICE_MEMORY: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case CUDNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_UNKNOWN_STATUS";
  }
}

void cudnnGetLastErrorString(char *message, size_t size) {
  if (message && size) snprintf(message, size, "%s", last_error);
}

/* MARK: Handles */

static bool is_current(CUcontext wanted) {
  CUcontext current = NULL;
  if (driver()->get_current(&current) != CUDA_SUCCESS || !current) return false;
  return !wanted || current == wanted;
}

int cudnnCreate(cudnnHandle_t *handle) {
  int status = enter(__func__);
  if (status) return status;
  if (!handle) return leave(fail(CUDNN_NULL_POINTER, "handle"));
  if (!is_current(NULL)) return leave(fail(CUDNN_NOT_INITIALIZED, "no context is current"));
  Handle *made = calloc(1, sizeof *made);
  if (!made) return leave(fail(CUDNN_NO_HOST_MEMORY, "handle"));
  driver()->get_current(&made->context);
  made->next = handles;
  *handle = handles = made;
  return leave(CUDNN_SUCCESS);
}

int cudnnDestroy(cudnnHandle_t handle) {
  int status = enter(__func__);
  if (status) return status;
  if (!is_handle(handle)) return leave(fail(CUDNN_BAD_PARAM, "no such handle"));
  if (!is_current(handle->context)) return leave(fail(CUDNN_BAD_PARAM, "not its context"));
  /* As the real one does. */
  driver()->synchronize();
  for (Handle **link = &handles; *link; link = &(*link)->next) {
    if (*link != handle) continue;
    *link = handle->next;
    break;
  }
  free(handle);
  return leave(CUDNN_SUCCESS);
}

int cudnnSetStream(cudnnHandle_t handle, CUstream stream) {
  CUstreamCaptureStatus capturing;
  int status = enter(__func__);
  if (status) return status;
  if (!is_handle(handle)) return leave(fail(CUDNN_BAD_PARAM, "no such handle"));
  if (!is_current(handle->context) || driver()->is_capturing(stream, &capturing) != CUDA_SUCCESS) {
    return leave(fail(CUDNN_BAD_PARAM, "no stream of the current context"));
  }
  handle->stream = stream;
  handle->has_stream = true;
  return leave(CUDNN_SUCCESS);
}

/* MARK: Descriptors */

int cudnnBackendCreateDescriptor(int kind, cudnnBackendDescriptor_t *descriptor) {
  int count, status = enter(__func__);
  if (status) return status;
  if (!descriptor) return leave(fail(CUDNN_NULL_POINTER, "descriptor"));
  if (!rules_of(kind, &count)) return leave(fail(CUDNN_NOT_SUPPORTED, "no such kind"));
  Descriptor *made = calloc(1, sizeof *made);
  if (!made) return leave(fail(CUDNN_NO_HOST_MEMORY, "descriptor"));
  made->kind = kind;
  made->next = descriptors;
  *descriptor = descriptors = made;
  return leave(CUDNN_SUCCESS);
}

int cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t pointer) {
  int status = enter(__func__);
  if (status) return status;
  Descriptor *descriptor = find_descriptor(pointer);
  if (!descriptor) return leave(fail(CUDNN_BAD_PARAM, "no such descriptor"));
  for (Descriptor **link = &descriptors; *link; link = &(*link)->next) {
    if (*link != descriptor) continue;
    *link = descriptor->next;
    break;
  }
  free(descriptor);
  return leave(CUDNN_SUCCESS);
}

static size_t bytes_of(int type) {
  switch (type) {
    case HANDLE_TYPE:
    case INT64_TYPE:
    case ADDRESS_TYPE:
    case DESCRIPTOR_TYPE:
      return 8;
    case BOOLEAN_TYPE:
      return 1;
    default:
      return 4;
  }
}

/* What is referred to must be there, of the right kind, and final. */
static int check_values(const Rule *rule, const Value *value) {
  for (int i = 0; i < value->count; i++) {
    void *pointer = (void *)(uintptr_t)value->values[i];
    if (rule->type == HANDLE_TYPE && !is_handle(pointer)) return fail(CUDNN_BAD_PARAM, "handle");
    if (rule->type != DESCRIPTOR_TYPE) continue;
    const Descriptor *other = find_descriptor(pointer);
    if (!other) return fail(CUDNN_BAD_PARAM, "no such descriptor");
    bool is_operation = is_pass(other->kind) || other->kind == POINTWISE_OPERATION;
    if (rule->refers_to < 0 ? !is_operation : other->kind != rule->refers_to) {
      return fail(CUDNN_BAD_PARAM, "a descriptor of another kind");
    }
    if (!other->finalized) return fail(CUDNN_NOT_FINALIZED, "a part is not final");
  }
  return CUDNN_SUCCESS;
}

static int set(
    Descriptor *descriptor, int name, int type, int64_t count, const unsigned char *values) {
  int rule_count;
  const Rule *first = rules_of(descriptor->kind, &rule_count);
  for (int i = 0; i < rule_count; i++) {
    const Rule *rule = &first[i];
    if (rule->name != name) continue;
    if (type != rule->type) return fail(CUDNN_BAD_PARAM, "another type is wanted");
    if (count < rule->least || count > rule->most) return fail(CUDNN_BAD_PARAM, "count");
    Value value = {.count = count};
    for (int64_t k = 0; k < count; k++) {
      memcpy(&value.values[k], values + k * (int64_t)bytes_of(type), bytes_of(type));
    }
    int status = check_values(rule, &value);
    if (!status) descriptor->values[i] = value;
    return status;
  }
  return fail(CUDNN_BAD_PARAM, "no such attribute of this kind");
}

int cudnnBackendSetAttribute(cudnnBackendDescriptor_t pointer, int name, int type, int64_t count,
    const void *values) {
  int status = enter(__func__);
  if (status) return status;
  Descriptor *descriptor = find_descriptor(pointer);
  if (!descriptor || !values) return leave(fail(CUDNN_NULL_POINTER, "descriptor or values"));
  if (descriptor->finalized) return leave(fail(CUDNN_BAD_PARAM, "it is final"));
  return leave(set(descriptor, name, type, count, values));
}

int cudnnBackendFinalize(cudnnBackendDescriptor_t pointer) {
  int count, status = enter(__func__);
  if (status) return status;
  Descriptor *descriptor = find_descriptor(pointer);
  if (!descriptor) return leave(fail(CUDNN_NULL_POINTER, "descriptor"));
  if (descriptor->finalized) return leave(fail(CUDNN_BAD_PARAM, "it is final already"));
  const Rule *first = rules_of(descriptor->kind, &count);
  for (int i = 0; i < count; i++) {
    if (first[i].is_optional || descriptor->values[i].count) continue;
    return leave(fail(CUDNN_BAD_PARAM, "an attribute is wanting"));
  }
  status = finalize(descriptor);
  descriptor->finalized = !status;
  return leave(status);
}

int cudnnBackendGetAttribute(cudnnBackendDescriptor_t pointer, int name, int type, int64_t room,
    int64_t *count, void *values) {
  int status = enter(__func__);
  if (status) return status;
  Descriptor *descriptor = find_descriptor(pointer);
  if (!descriptor || !count || (room && !values)) {
    return leave(fail(CUDNN_NULL_POINTER, "descriptor, count or values"));
  }
  if (!descriptor->finalized) return leave(fail(CUDNN_NOT_FINALIZED, "it is not final"));
  static const struct {
    int kind, name, type;
  } readable[] = {
      {HEURISTICS, 202, DESCRIPTOR_TYPE},
      {CONFIGURATION, 300, DESCRIPTOR_TYPE},
      {PLAN, 402, INT64_TYPE},
      {GRAPH_OF_OPERATIONS, 802, INT64_TYPE},
      {ENGINE, 1303, NUMERICAL_NOTE_TYPE},
      {ENGINE, 1305, BEHAVIOR_NOTE_TYPE},
  };
  for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
    if (readable[i].kind != descriptor->kind || readable[i].name != name) continue;
    if (readable[i].type != type) return leave(fail(CUDNN_BAD_PARAM, "another type is wanted"));
    return leave(get_from_engine(descriptor, name, room, count, values));
  }
  return leave(fail(CUDNN_BAD_PARAM, "no such attribute to get"));
}

int cudnnBackendExecute(
    cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
  int status = enter(__func__);
  if (status) return status;
  Descriptor *found = find_descriptor(plan), *addresses = find_descriptor(pack);
  if (!is_handle(handle) || !found || !addresses) return leave(fail(CUDNN_BAD_PARAM, "argument"));
  if (found->kind != PLAN || addresses->kind != PACK) return leave(fail(CUDNN_BAD_PARAM, "kind"));
  if (!found->finalized || !addresses->finalized) return leave(fail(CUDNN_NOT_FINALIZED, "part"));
  if (!is_current(handle->context)) return leave(fail(CUDNN_BAD_PARAM, "not its context"));
  return leave(execute(handle, found, addresses));
}
