// What ThreadSanitizer has to be told of Swift's libraries, which are not compiled for it: that who waited
// for a Mutex sees what its last owner did. (Where nobody has to wait, the lock is taken in our own code.)
//
// Linked into programs that are checked: their calls come here before they go to the library.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void seen_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void seen_unlock(SELF) __asm__(UNLOCK);

/** The library's function of that name. */
static void *own(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

SWIFT void seen_lock(uint32_t thread, SELF) {
  ((SWIFT void (*)(uint32_t, SELF))own(LOCK))(thread, self);
  __tsan_acquire(self);
}

SWIFT void seen_unlock(SELF) {
  __tsan_release(self);
  ((SWIFT void (*)(SELF))own(UNLOCK))(self);
}
