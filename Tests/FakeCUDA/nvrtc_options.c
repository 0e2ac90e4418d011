/* The options of a compilation. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "nvrtc_program.h"

static const unsigned known_architectures[] = {70, 75, 80, 86, 89, 90};

enum { ARCHITECTURE_COUNT = sizeof known_architectures / sizeof *known_architectures };

__attribute__((visibility("default"))) nvrtcResult nvrtcGetNumSupportedArchs(int *count) {
  if (!count) return NVRTC_ERROR_INVALID_INPUT;
  *count = ARCHITECTURE_COUNT;
  return NVRTC_SUCCESS;
}

__attribute__((visibility("default"))) nvrtcResult nvrtcGetSupportedArchs(int *architectures) {
  if (!architectures) return NVRTC_ERROR_INVALID_INPUT;
  for (int i = 0; i < ARCHITECTURE_COUNT; i++) architectures[i] = (int)known_architectures[i];
  return NVRTC_SUCCESS;
}

/* The rest of the text, if it begins so. */
static const char *after(const char *text, const char *beginning) {
  size_t length = strlen(beginning);
  return strncmp(text, beginning, length) == 0 ? text + length : NULL;
}

static bool read_architecture(Options *options, const char *text) {
  const char *number = after(text, "sm_");
  options->is_virtual = !number;
  if (!number) number = after(text, "compute_");
  if (!number) return false;
  for (int i = 0; i < ARCHITECTURE_COUNT; i++) {
    char *end;
    options->architecture = known_architectures[i];
    if (strtoul(number, &end, 10) == known_architectures[i] && !*end) return true;
  }
  return false;
}

static nvrtcResult add(Options *options, char *argument) {
  if (!argument || options->argument_count == MOST_ARGUMENTS) {
    free(argument);
    return NVRTC_ERROR_OUT_OF_MEMORY;
  }
  options->arguments[options->argument_count++] = argument;
  return NVRTC_SUCCESS;
}

static nvrtcResult read_option(Options *options, const char *text) {
  const char *value;
  if (!text) return NVRTC_ERROR_INVALID_INPUT;
  if ((value = after(text, "--gpu-architecture="))) {
    return read_architecture(options, value) ? NVRTC_SUCCESS : NVRTC_ERROR_INVALID_OPTION;
  }
  if ((value = after(text, "-D")) || (value = after(text, "--define-macro="))) {
    return *value ? add(options, formatted("-D%s", value)) : NVRTC_ERROR_INVALID_OPTION;
  }
  if (!strcmp(text, "--fmad=true")) return add(options, strdup("-ffp-contract=fast"));
  if (!strcmp(text, "--fmad=false")) return add(options, strdup("-ffp-contract=off"));
  /* The emulator has C++17 and the C library's mathematics, whatever is asked for. */
  if (!strcmp(text, "--std=c++17") || !strcmp(text, "--use_fast_math")) return NVRTC_SUCCESS;
  return NVRTC_ERROR_INVALID_OPTION;
}

nvrtcResult read_options(Options *options, const char *const *texts, int count) {
  *options = (Options){.architecture = 75, .is_virtual = true};
  nvrtcResult result = add(options, strdup("-ffp-contract=fast"));
  for (int i = 0; !result && i < count; i++) result = read_option(options, texts[i]);
  if (!result) result = add(options, formatted("-D__CUDA_ARCH__=%u0", options->architecture));
  return result;
}

void clear_options(Options *options) {
  for (int i = 0; i < options->argument_count; i++) free(options->arguments[i]);
  options->argument_count = 0;
}
