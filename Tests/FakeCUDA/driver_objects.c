/* The lists of what is alive. */

#include <stdlib.h>

#include "driver.h"

static Object *lists[KINDS];

uintptr_t next_serial(void) {
  static uintptr_t serial = (uintptr_t)0xFA << 40;
  return serial += 16;
}

void *make_object(Kind kind, size_t size, Context *context) {
  Object *object = calloc(1, size);
  if (!object) return NULL;
  object->next = lists[kind];
  object->kind = kind;
  object->handle = next_serial();
  object->context = context;
  lists[kind] = object;
  return object;
}

void *find_object(Kind kind, const void *handle, const Context *context) {
  for (Object *object = lists[kind]; object; object = object->next) {
    if (object->handle != (uintptr_t)handle) continue;
    return !context || object->context == context ? object : NULL;
  }
  return NULL;
}

void *next_object(Kind kind, const Context *context, const void *after) {
  Object *object = after ? ((const Object *)after)->next : lists[kind];
  while (object && context && object->context != context) object = object->next;
  return object;
}

void forget_object(void *forgotten) {
  Object *object = forgotten;
  for (Object **link = &lists[object->kind]; *link; link = &(*link)->next) {
    if (*link != object) continue;
    *link = object->next;
    break;
  }
  free(object);
}

size_t fake_cuda_live_objects(void) {
  lock_driver();
  size_t count = 0;
  for (Kind kind = 0; kind < KINDS; kind++) {
    /* A function is a part of its module. */
    if (kind == FUNCTION) continue;
    for (const Object *object = lists[kind]; object; object = object->next) count++;
  }
  unlock_driver();
  return count;
}
