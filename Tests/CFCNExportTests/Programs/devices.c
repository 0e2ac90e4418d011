// CUDA devices through the C door, on libraries that a folder names.
// usage: devices MODEL LIBRARIES CACHE

#define _POSIX_C_SOURCE 200809L
#include <dlfcn.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static void (*fake_cuda_fail)(const char *call, int nth, int result);

static fcn_session_params params_for(int32_t backend, int32_t device, int32_t precision) {
  fcn_session_params params;
  MUST(fcn_session_params_init(&params, sizeof params));
  CHECK(params.backend == FCN_BACKEND_CPU && params.device == 0);
  params.backend = backend;
  params.device = device;
  params.precision = precision;
  return params;
}

static void folders(const char *libraries, const char *cache) {
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_cuda_set_folders("\xff", NULL));
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_cuda_set_folders(NULL, "\xff"));
  OK(fcn_cuda_set_folders("/no/such/folder", NULL));
  OK(fcn_cuda_set_folders(NULL, NULL));
  OK(fcn_cuda_set_folders(libraries, cache));
  CHECK(fcn_backend_count() == 2);
  // What does not ask for the backend leaves that open.
  fcn_backend_info info = {.struct_size = sizeof info};
  OK(fcn_backend_get_info(&info, FCN_BACKEND_CPU));
  CHECK(strcmp(info.name, "cpu") == 0 && info.available == 1 && info.device_count == 1);
  OK(fcn_cuda_set_folders(libraries, cache));
}

static void backend(const char *libraries) {
  fcn_backend_info info = {.struct_size = sizeof info};
  OK(fcn_backend_get_info(&info, FCN_BACKEND_CUDA));
  CHECK(strcmp(info.name, "cuda") == 0);
  CHECK(info.available == 1 && info.device_count == 1 && info.reserved == 0);
  CHECK(strstr(info.description, libraries) != NULL);
  CHECK(strstr(info.description, "Fake CUDA device 0") != NULL);
  EXPECT(FCN_E_INVALID_STATE, fcn_cuda_set_folders(libraries, NULL));

  // A host whose header has no devices yet.
  unsigned char old[sizeof info + 8];
  uint32_t size = (uint32_t)offsetof(fcn_backend_info, device_count);
  memset(old, 0xEE, sizeof old);
  memcpy(old, &size, sizeof size);
  OK(fcn_backend_get_info((fcn_backend_info *)(void *)old, FCN_BACKEND_CUDA));
  memcpy(&info, old, size);
  CHECK(info.struct_size == size && info.available == 1 && strcmp(info.name, "cuda") == 0);
  for (size_t i = size; i < sizeof old; i++) CHECK(old[i] == 0xEE);
  size -= 1;
  memcpy(old, &size, sizeof size);
  EXPECT(FCN_E_INVALID_ARGUMENT,
         fcn_backend_get_info((fcn_backend_info *)(void *)old, FCN_BACKEND_CUDA));
}

static void refusals(const fcn_model *model) {
  static const struct {
    int32_t backend, device, precision;
    fcn_status wanted;
  } cases[] = {
    {FCN_BACKEND_CUDA, 0, FCN_PRECISION_FLOAT32, FCN_OK},
    {FCN_BACKEND_CUDA, 0, FCN_PRECISION_TF32, FCN_OK},
    {FCN_BACKEND_CUDA, 0, FCN_PRECISION_FLOAT16, FCN_OK},
    {FCN_BACKEND_CUDA, 0, FCN_PRECISION_BFLOAT16, FCN_OK},
    {FCN_BACKEND_CUDA, 0, FCN_PRECISION_INT16, FCN_E_INVALID_ARGUMENT},
    {FCN_BACKEND_CUDA, 0, 5, FCN_E_INVALID_ARGUMENT},
    {FCN_BACKEND_CUDA, 1, FCN_PRECISION_FLOAT32, FCN_E_NOT_FOUND},
    {FCN_BACKEND_CUDA, 99, FCN_PRECISION_FLOAT32, FCN_E_NOT_FOUND},
    {FCN_BACKEND_CUDA, -1, FCN_PRECISION_FLOAT32, FCN_E_NOT_FOUND},
    {FCN_BACKEND_CPU, 0, FCN_PRECISION_TF32, FCN_E_INVALID_ARGUMENT},
    {FCN_BACKEND_CPU, 0, FCN_PRECISION_FLOAT16, FCN_E_INVALID_ARGUMENT},
    {2, 0, FCN_PRECISION_FLOAT32, FCN_E_INVALID_ARGUMENT},
    {-1, 0, FCN_PRECISION_FLOAT32, FCN_E_INVALID_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fcn_session_params params =
        params_for(cases[i].backend, cases[i].device, cases[i].precision);
    fcn_session *session = NULL;
    EXPECT(cases[i].wanted, fcn_session_create(&session, model, &params));
    CHECK((session != NULL) == (cases[i].wanted == FCN_OK));
    fcn_session_free(session);
  }
}

// The scores of the two are the same but for the order in which sums are added.
static void results(const fcn_model *model, const fcn_pixels *pixels) {
  fcn_session *processor = NULL, *device = NULL;
  fcn_session_params params = params_for(FCN_BACKEND_CUDA, 0, FCN_PRECISION_FLOAT32);
  MUST(fcn_session_create(&processor, model, NULL));
  MUST(fcn_session_create(&device, model, &params));
  for (int run = 0; run < 3; run++) {
    size_t wanted_count, count;
    float *wanted = scores_of(processor, pixels, &wanted_count);
    float *scores = scores_of(device, pixels, &count);
    CHECK(count == wanted_count);
    float low = wanted[0], high = wanted[0], furthest = 0;
    for (size_t i = 0; i < count; i++) {
      float difference = scores[i] - wanted[i];
      if (difference < 0) difference = -difference;
      if (!(difference <= furthest)) furthest = difference;
      if (wanted[i] < low) low = wanted[i];
      if (wanted[i] > high) high = wanted[i];
    }
    CHECK(furthest <= 1e-4f * (high - low));
    free(wanted);
    free(scores);
  }
  fcn_session_free(device);
  fcn_session_free(processor);
}

// The struct as it was before it had a backend.
static void an_old_host(const fcn_model *model, const fcn_pixels *pixels) {
  const uint32_t size = (uint32_t)offsetof(fcn_session_params, backend);
  CHECK(size == 32 || sizeof(void *) != 8);
  union {
    fcn_session_params params;
    unsigned char bytes[sizeof(fcn_session_params)];
  } old;
  memset(&old, 0xEE, sizeof old);
  OK(fcn_session_params_init(&old.params, size));
  for (size_t i = size; i < sizeof old; i++) CHECK(old.bytes[i] == 0xEE);
  EXPECT(FCN_E_INVALID_ARGUMENT, fcn_session_params_init(&old.params, size - 1));
  fcn_session *session = NULL;
  MUST(fcn_session_create(&session, model, &old.params));
  OK(fcn_segment(session, pixels, 1));
  // It runs on the processor, where a launch that fails is nobody's business.
  fake_cuda_fail("cuLaunchKernel", 1, 999);
  OK(fcn_segment(session, pixels, 1));
  fake_cuda_fail(NULL, 0, 0);
  fcn_session_free(session);
}

static int32_t stop(const fcn_segment_progress *progress, void *user_data) {
  (void)user_data;
  return progress->fraction > 0.5f;
}

static void failures_of_a_device(const fcn_model *model, const fcn_pixels *pixels) {
  fcn_session_params params = params_for(FCN_BACKEND_CUDA, 0, FCN_PRECISION_FLOAT32);
  fcn_session *first = NULL, *second = NULL;
  int32_t count = -1;
  MUST(fcn_session_create(&first, model, &params));
  MUST(fcn_session_create(&second, model, &params));
  MUST(fcn_session_set_progress(first, stop, NULL));
  EXPECT(FCN_E_ABORTED, fcn_segment(first, pixels, 1));
  MUST(fcn_session_set_progress(first, NULL, NULL));
  OK(fcn_segment(first, pixels, 1));
  OK(fcn_segment(second, pixels, 1));

  fake_cuda_fail("cuMemcpyHtoDAsync_v2", 1, 2);
  EXPECT(FCN_E_OUT_OF_MEMORY, fcn_segment(first, pixels, 1));
  OK(fcn_segment(first, pixels, 1));
  fake_cuda_fail("cuStreamSynchronize", 1, 700);
  EXPECT(FCN_E_DEVICE, fcn_segment(first, pixels, 1));
  CHECK(strstr(fcn_last_error_message(), "CUDA_ERROR_ILLEGAL_ADDRESS") != NULL);
  OK(fcn_result_count(&count, first));
  CHECK(count == 0);
  EXPECT(FCN_E_INVALID_STATE, fcn_segment(first, pixels, 1));
  OK(fcn_segment(second, pixels, 1));
  fcn_session_free(first);
  OK(fcn_segment(second, pixels, 1));
  fcn_session_free(second);
}

// The driver does not survive a fork; what runs on the processor does.
static void a_fork(const fcn_model *model, const fcn_pixels *pixels) {
  fcn_session_params params = params_for(FCN_BACKEND_CUDA, 0, FCN_PRECISION_FLOAT32);
  fcn_session *device = NULL, *processor = NULL;
  MUST(fcn_session_create(&device, model, &params));
  MUST(fcn_session_create(&processor, model, NULL));
  OK(fcn_segment(device, pixels, 1));
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    fcn_session *fresh = NULL;
    EXPECT(FCN_E_INVALID_STATE, fcn_segment(device, pixels, 1));
    CHECK(strstr(fcn_last_error_message(), "fork") != NULL);
    EXPECT(FCN_E_UNAVAILABLE, fcn_session_create(&fresh, model, &params));
    CHECK(strstr(fcn_last_error_message(), "fork") != NULL);
    fcn_session_free(device);
    OK(fcn_segment(processor, pixels, 1));
    fcn_session_free(processor);
    fflush(stdout);
    _exit(failures ? 1 : 0);
  }
  int status = -1;
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  OK(fcn_segment(device, pixels, 1));
  fcn_session_free(device);
  fcn_session_free(processor);
}

int main(int argc, char **argv) {
  if (argc != 4) return EXIT_FAILURE;
  fcn_model *model = NULL;
  fcn_pixels pixels = some_pixels(40, 30, 1);
  MUST(fcn_model_open(&model, argv[1]));
  folders(argv[2], argv[3]);
  backend(argv[2]);
  // The library has it open already.
  void *driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (!driver) return EXIT_FAILURE;
  // ISO C has no conversion from an object pointer to a function pointer.
  *(void **)(&fake_cuda_fail) = dlsym(driver, "fake_cuda_fail");
  if (!fake_cuda_fail) return EXIT_FAILURE;
  refusals(model);
  results(model, &pixels);
  an_old_host(model, &pixels);
  failures_of_a_device(model, &pixels);
  a_fork(model, &pixels);
  fcn_model_free(model);
  free((void *)pixels.data);
  return report();
}
