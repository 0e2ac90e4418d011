// The library is loaded at run time, used on a thread, and closed before that thread ends; then once
// more. (Its threads and thread-local messages must not be left without their code.)
// usage: unloading LIBRARY MODEL

#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <pthread.h>

#include "check.h"

static const char *library_path, *model_path;
static pthread_barrier_t used, closed;
static void *library;

// ISO C has no conversion from an object pointer to a function pointer.
#define FIND(name)                                                             \
  do {                                                                         \
    *(void **)(&p_##name) = dlsym(library, #name);                             \
    if (!p_##name) exit(EXIT_FAILURE);                                         \
  } while (0)

static int32_t (*p_fcn_abi_version)(void);
static const char *(*p_fcn_last_error_message)(void);
static fcn_status (*p_fcn_model_open)(fcn_model **, const char *);
static fcn_status (*p_fcn_session_create)(fcn_session **, const fcn_model *,
                                          const fcn_session_params *);
static fcn_status (*p_fcn_segment)(fcn_session *, const fcn_pixels *, int32_t);
static void (*p_fcn_session_free)(fcn_session *);
static void (*p_fcn_model_free)(fcn_model *);

static void *use(void *argument) {
  fcn_model *model = NULL;
  fcn_session *session = NULL;
  fcn_pixels pixels = some_pixels(40, 30, 1);
  (void)argument;
  CHECK(p_fcn_model_open(&model, "/no/such/model") == FCN_E_NOT_FOUND);
  CHECK(strstr(p_fcn_last_error_message(), "/no/such/model") != NULL);
  CHECK(p_fcn_model_open(&model, model_path) == FCN_OK);
  CHECK(p_fcn_session_create(&session, model, NULL) == FCN_OK);
  CHECK(p_fcn_segment(session, &pixels, 1) == FCN_OK);
  p_fcn_session_free(session);
  p_fcn_model_free(model);
  free((void *)pixels.data);
  pthread_barrier_wait(&used);
  pthread_barrier_wait(&closed);
  return NULL;
}

static void load_and_unload(void) {
  pthread_t thread;
  library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    puts(dlerror());
    exit(EXIT_FAILURE);
  }
  FIND(fcn_abi_version);
  FIND(fcn_last_error_message);
  FIND(fcn_model_open);
  FIND(fcn_session_create);
  FIND(fcn_segment);
  FIND(fcn_session_free);
  FIND(fcn_model_free);
  CHECK(p_fcn_abi_version() == FCN_ABI_VERSION);
  if (pthread_create(&thread, NULL, use, NULL)) exit(EXIT_FAILURE);
  pthread_barrier_wait(&used);
  dlclose(library);
  pthread_barrier_wait(&closed);
  pthread_join(thread, NULL);
}

int main(int argc, char **argv) {
  if (argc != 3) return EXIT_FAILURE;
  library_path = argv[1];
  model_path = argv[2];
  pthread_barrier_init(&used, NULL, 2);
  pthread_barrier_init(&closed, NULL, 2);
  load_and_unload();
  load_and_unload();
  return failures ? EXIT_FAILURE : (puts("all well"), EXIT_SUCCESS);
}
