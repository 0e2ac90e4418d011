/* A run of clang. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nvrtc_program.h"

extern char **environ;

/* What the emulator's headers are written for. Of the checks, emulator_checks.h has the ends. */
static const char *const always[] = {
    "-x", "c++", "-std=c++17", "-nostdinc", "-fno-exceptions", "-fno-rtti", "-O2", "-w",
    "-fPIC", "-fvisibility=hidden", "-fno-strict-aliasing", "-fno-math-errno",
    "-fsanitize=alignment,array-bounds,integer-divide-by-zero,shift-exponent",
    "-fsanitize=signed-integer-overflow", "-fno-sanitize-recover=all",
    "-fsanitize-minimal-runtime", "-fno-sanitize-link-runtime",
    "-D__CUDACC__=1", "-D__CUDACC_RTC__=1", "-Iheaders",
    "-shared", "-Wl,-Bsymbolic", "-Wl,-z,defs", "-o", "library.so",
};

/* MARK: The folder of a compilation */

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *place) {
  (void)s, (void)type, (void)place;
  remove(path);
  return 0;
}

static char *make_scratch_folder(void) {
  const char *base = getenv("TMPDIR");
  char *path = formatted("%s/fake-nvrtc-XXXXXX", base && *base ? base : "/tmp");
  if (path && !mkdtemp(path)) {
    free(path);
    return NULL;
  }
  return path;
}

/* Makes the folders in the middle of the name as well; a name must stay inside. */
static bool put(const char *scratch, const char *folder, const char *name, const char *text) {
  if (!*name || *name == '/' || strstr(name, "..")) return false;
  char *path = formatted("%s/%s/%s", scratch, folder, name);
  if (!path) return false;
  for (char *slash = path + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
    *slash = 0;
    mkdir(path, 0700);
    *slash = '/';
  }
  bool done = write_file(path, text, strlen(text));
  free(path);
  return done;
}

static const char *last_part(const char *name) {
  const char *slash = strrchr(name, '/');
  return slash ? slash + 1 : name;
}

static bool put_all(const char *scratch, const char *folder, const File *source,
    const File *headers, int header_count) {
  char *own_path = formatted("%s/ptx.cuh", folder);
  Blob own_header = own_path ? read_file(own_path) : (Blob){0};
  bool done = own_header.bytes && put(scratch, ".", last_part(source->name), source->text);
  for (int i = 0; done && i < header_count; i++) {
    bool is_ours = !strcmp(last_part(headers[i].name), "ptx.cuh");
    const char *text = is_ours ? own_header.bytes : headers[i].text;
    done = put(scratch, "headers", headers[i].name, text);
  }
  free(own_header.bytes);
  free(own_path);
  return done;
}

/* MARK: Clang */

bool has_fused_vectors(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
  return false;
#endif
}

/* Its exit status, -1 where it did not run. It runs in the folder, so that its messages name the
   files as the caller does. */
static int run(const char *folder, char *const *arguments) {
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status = -1;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "log", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  int failed = posix_spawn(&child, arguments[0], &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return -1;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int run_clang(const char *folder, const char *scratch, const File *source,
    const Options *options) {
  enum { ALWAYS = sizeof always / sizeof *always };
  const char *arguments[ALWAYS + MOST_ARGUMENTS + 16];
  int count = 0;
  char *emulator = formatted("%s/emulator.h", folder);
  if (!emulator) return -1;
  arguments[count++] = FAKE_CUDA_CLANG;
  for (int i = 0; i < ALWAYS; i++) arguments[count++] = always[i];
  if (has_fused_vectors()) {
    arguments[count++] = "-mavx2";
    arguments[count++] = "-mfma";
  }
  for (int i = 0; i < options->argument_count; i++) arguments[count++] = options->arguments[i];
  arguments[count++] = "-include";
  arguments[count++] = emulator;
  arguments[count++] = last_part(source->name);
  /* After the source, and no longer as C++. */
  arguments[count++] = "-lm";
  arguments[count] = NULL;
  int status = run(scratch, (char *const *)arguments);
  free(emulator);
  return status;
}

nvrtcResult compile(const char *folder, const File *source, const File *headers, int header_count,
    const Options *options, Blob *library, char **log) {
  nvrtcResult result = NVRTC_ERROR_INTERNAL_ERROR;
  char *scratch = make_scratch_folder();
  char *library_path = scratch ? formatted("%s/library.so", scratch) : NULL;
  char *log_path = scratch ? formatted("%s/log", scratch) : NULL;
  if (library_path && log_path && put_all(scratch, folder, source, headers, header_count)) {
    int status = run_clang(folder, scratch, source, options);
    *log = read_file(log_path).bytes;
    if (status == 0) *library = read_file(library_path);
    if (library->bytes) {
      result = NVRTC_SUCCESS;
    } else if (status > 0) {
      result = NVRTC_ERROR_COMPILATION;
    }
  }
  if (scratch) nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
  free(log_path);
  free(library_path);
  free(scratch);
  return result;
}
