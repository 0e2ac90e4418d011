/* The fake NVRTC's functions. */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "nvrtc_program.h"

#define EXPORTED __attribute__((visibility("default")))

typedef struct Program {
  struct Program *next;
  /* A number that is never given out again. */
  uintptr_t handle;
  File source;
  File *headers;
  int header_count;
  char *log;
  Blob image;
  bool is_virtual;
} Program;

typedef struct fake_program *nvrtcProgram;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Program *programs;

static Program *find(nvrtcProgram handle) {
  pthread_mutex_lock(&mutex);
  Program *program = programs;
  while (program && program->handle != (uintptr_t)handle) program = program->next;
  pthread_mutex_unlock(&mutex);
  return program;
}

static void destroy(Program *program) {
  for (int i = 0; i < program->header_count; i++) {
    free(program->headers[i].name);
    free(program->headers[i].text);
  }
  free(program->headers);
  free(program->source.name);
  free(program->source.text);
  free(program->log);
  free(program->image.bytes);
  free(program);
}

static bool set_file(File *file, const char *name, const char *text) {
  file->name = strdup(name);
  file->text = strdup(text);
  return file->name && file->text;
}

EXPORTED nvrtcResult nvrtcVersion(int *major, int *minor) {
  if (!major || !minor) return NVRTC_ERROR_INVALID_INPUT;
  *major = 12;
  *minor = 4;
  return NVRTC_SUCCESS;
}

EXPORTED const char *nvrtcGetErrorString(nvrtcResult result) {
  switch (result) {
    case NVRTC_SUCCESS:
      return "NVRTC_SUCCESS";
    case NVRTC_ERROR_OUT_OF_MEMORY:
      return "NVRTC_ERROR_OUT_OF_MEMORY";
    case NVRTC_ERROR_PROGRAM_CREATION_FAILURE:
      return "NVRTC_ERROR_PROGRAM_CREATION_FAILURE";
    case NVRTC_ERROR_INVALID_INPUT:
      return "NVRTC_ERROR_INVALID_INPUT";
    case NVRTC_ERROR_INVALID_PROGRAM:
      return "NVRTC_ERROR_INVALID_PROGRAM";
    case NVRTC_ERROR_INVALID_OPTION:
      return "NVRTC_ERROR_INVALID_OPTION";
    case NVRTC_ERROR_COMPILATION:
      return "NVRTC_ERROR_COMPILATION";
    case NVRTC_ERROR_BUILTIN_OPERATION_FAILURE:
      return "NVRTC_ERROR_BUILTIN_OPERATION_FAILURE";
    case NVRTC_ERROR_INTERNAL_ERROR:
      return "NVRTC_ERROR_INTERNAL_ERROR";
  }
  return "NVRTC_ERROR unknown";
}

EXPORTED nvrtcResult nvrtcCreateProgram(nvrtcProgram *handle, const char *source,
    const char *name, int header_count, const char *const *headers,
    const char *const *header_names) {
  static uintptr_t serial = (uintptr_t)0xFB << 40;
  if (!handle || !source || header_count < 0) return NVRTC_ERROR_INVALID_INPUT;
  if (header_count && (!headers || !header_names)) return NVRTC_ERROR_INVALID_INPUT;
  for (int i = 0; i < header_count; i++) {
    if (!headers[i] || !header_names[i]) return NVRTC_ERROR_INVALID_INPUT;
  }
  Program *program = calloc(1, sizeof *program);
  if (!program) return NVRTC_ERROR_OUT_OF_MEMORY;
  program->headers = calloc((size_t)header_count + 1, sizeof *program->headers);
  bool done = program->headers;
  done = done && set_file(&program->source, name && *name ? name : "default_program", source);
  for (; done && program->header_count < header_count; program->header_count++) {
    int i = program->header_count;
    done = set_file(&program->headers[i], header_names[i], headers[i]);
  }
  if (!done) {
    destroy(program);
    return NVRTC_ERROR_OUT_OF_MEMORY;
  }
  pthread_mutex_lock(&mutex);
  program->handle = serial += 16;
  program->next = programs;
  programs = program;
  pthread_mutex_unlock(&mutex);
  *handle = (nvrtcProgram)program->handle;
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcDestroyProgram(nvrtcProgram *handle) {
  if (!handle) return NVRTC_ERROR_INVALID_PROGRAM;
  pthread_mutex_lock(&mutex);
  Program **link = &programs;
  while (*link && (*link)->handle != (uintptr_t)*handle) link = &(*link)->next;
  Program *program = *link;
  if (program) *link = program->next;
  pthread_mutex_unlock(&mutex);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  destroy(program);
  *handle = NULL;
  return NVRTC_SUCCESS;
}

/* Of programs that were not destroyed: for tests. */
EXPORTED size_t fake_nvrtc_live_programs(void) {
  size_t count = 0;
  pthread_mutex_lock(&mutex);
  for (const Program *program = programs; program; program = program->next) count++;
  pthread_mutex_unlock(&mutex);
  return count;
}

/* MARK: Compilation */

/* Takes the library's memory. */
static Blob image_of(Blob library, unsigned architecture) {
  Image image = {.architecture = architecture, .library_bytes = library.count};
  Blob blob = {malloc(sizeof image + library.count), sizeof image + library.count};
  memcpy(image.magic, IMAGE_MAGIC, sizeof IMAGE_MAGIC);
  image.checksum = image_checksum(library.bytes, library.count);
  if (blob.bytes) {
    memcpy(blob.bytes, &image, sizeof image);
    memcpy((char *)blob.bytes + sizeof image, library.bytes, library.count);
  }
  free(library.bytes);
  return blob;
}

static nvrtcResult compile_program(Program *program, const char *folder, const Options *options) {
  Key key;
  Blob library = {0};
  const File *source = &program->source, *headers = program->headers;
  int count = program->header_count;
  if (!make_key(&key, folder, source, headers, count, options)) return NVRTC_ERROR_INTERNAL_ERROR;
  program->image = find_image(&key, folder);
  if (program->image.bytes) return NVRTC_SUCCESS;
  nvrtcResult result =
      compile(folder, source, headers, count, options, &library, &program->log);
  if (result) return result;
  program->image = image_of(library, options->architecture);
  if (!program->image.bytes) return NVRTC_ERROR_OUT_OF_MEMORY;
  keep_image(&key, folder, program->image);
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcCompileProgram(
    nvrtcProgram handle, int option_count, const char *const *option_texts) {
  Options options;
  Program *program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  if (option_count < 0 || (option_count && !option_texts)) return NVRTC_ERROR_INVALID_INPUT;
  free(program->log);
  free(program->image.bytes);
  program->log = NULL;
  program->image = (Blob){0};
  nvrtcResult result = read_options(&options, option_texts, option_count);
  const char *fails = getenv("FAKE_NVRTC_FAIL");
  if (!result && fails && !strcmp(fails, "1")) {
    program->log = formatted("%s: error: FAKE_NVRTC_FAIL is 1\n", program->source.name);
    result = NVRTC_ERROR_COMPILATION;
  }
  char *folder = result ? NULL : own_folder();
  if (!result) {
    program->is_virtual = options.is_virtual;
    result = folder ? compile_program(program, folder, &options) : NVRTC_ERROR_INTERNAL_ERROR;
  }
  free(folder);
  clear_options(&options);
  return result;
}

/* MARK: Results */

static const char *log_of(const Program *program) { return program->log ? program->log : ""; }

EXPORTED nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram handle, size_t *size) {
  const Program *program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  *size = strlen(log_of(program)) + 1;
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcGetProgramLog(nvrtcProgram handle, char *log) {
  const Program *program = find(handle);
  if (!program) return NVRTC_ERROR_INVALID_PROGRAM;
  if (!log) return NVRTC_ERROR_INVALID_INPUT;
  strcpy(log, log_of(program));
  return NVRTC_SUCCESS;
}

static nvrtcResult get_size(nvrtcProgram handle, size_t *size, bool is_portable) {
  const Program *program = find(handle);
  if (!program || !program->image.bytes) return NVRTC_ERROR_INVALID_PROGRAM;
  if (!size) return NVRTC_ERROR_INVALID_INPUT;
  *size = program->is_virtual && !is_portable ? 0 : program->image.count;
  return NVRTC_SUCCESS;
}

/* PTX and code differ in where they run. */
static nvrtcResult get_image(nvrtcProgram handle, char *bytes, bool is_portable) {
  Image image;
  const Program *program = find(handle);
  if (!program || !program->image.bytes) return NVRTC_ERROR_INVALID_PROGRAM;
  if (program->is_virtual && !is_portable) return NVRTC_ERROR_INVALID_PROGRAM;
  if (!bytes) return NVRTC_ERROR_INVALID_INPUT;
  memcpy(bytes, program->image.bytes, program->image.count);
  memcpy(&image, bytes, sizeof image);
  image.is_portable = is_portable;
  memcpy(bytes, &image, sizeof image);
  return NVRTC_SUCCESS;
}

EXPORTED nvrtcResult nvrtcGetCUBINSize(nvrtcProgram program, size_t *size) {
  return get_size(program, size, false);
}

EXPORTED nvrtcResult nvrtcGetCUBIN(nvrtcProgram program, char *code) {
  return get_image(program, code, false);
}

EXPORTED nvrtcResult nvrtcGetPTXSize(nvrtcProgram program, size_t *size) {
  return get_size(program, size, true);
}

EXPORTED nvrtcResult nvrtcGetPTX(nvrtcProgram program, char *code) {
  return get_image(program, code, true);
}
