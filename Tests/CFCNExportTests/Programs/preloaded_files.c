// To be preloaded: calls that make or write files are counted, logged, and one of them fails.
//
//   FILES_FOLDER   calls count for what lies within this folder
//   FILES_CALLS    which calls count, "write,fsync" for one; all where it is not set
//   FILES_FAILED   the number of the call that fails
//   FILES_ERROR    how: the number of an error, or "short" for a write that takes half of its bytes
//   FILES_FOREVER  where set, all calls of that kind after it fail too, as on a full disk
//   FILES_COUNT    gets how many calls there were
//   FILES_LOG      gets a line for each call: its name, the file's, and what else there is to say

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { largest = 1024 };
static char *names[largest];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counted;
static const char *folder, *calls, *error_text;
static long failed;
static int forever, log_file = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void tell(void) {
  const char *path = getenv("FILES_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file) return;
  fprintf(file, "%ld\n", counted);
  fclose(file);
}

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FILES_LOG"), *number = getenv("FILES_FAILED");
  char *start = getenv("FILES_FOLDER");
  folder = start ? realpath(start, NULL) : NULL;
  calls = getenv("FILES_CALLS");
  error_text = getenv("FILES_ERROR");
  failed = number ? atol(number) : 0;
  forever = getenv("FILES_FOREVER") != NULL;
  if (path) log_file = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (getenv("FILES_COUNT")) atexit(tell);
}

/** The whole name of `path` from the folder `at`; "" for what does not count. */
static void whole(char *into, int at, const char *path) {
  *into = 0;
  if (!folder || !path) return;
  char text[2 * PATH_MAX];
  if (*path == '/') {
    snprintf(text, sizeof text, "%s", path);
  } else if (at == AT_FDCWD) {
    if (!getcwd(text, PATH_MAX)) return;
    snprintf(text + strlen(text), PATH_MAX, "/%s", path);
  } else {
    if (at < 0 || at >= largest || !names[at]) return;
    snprintf(text, sizeof text, "%s/%s", names[at], path);
  }
  const size_t length = strlen(folder);
  if (strncmp(text, folder, length) == 0 && (text[length] == '/' || !text[length]) &&
      strlen(text) < PATH_MAX)
    memcpy(into, text, strlen(text) + 1);
}

static int matches(const char *call) {
  if (!calls) return 1;
  const size_t length = strlen(call);
  for (const char *at = calls; (at = strstr(at, call)); at += length)
    if ((at == calls || at[-1] == ',') && (at[length] == ',' || !at[length])) return 1;
  return 0;
}

/** Whether this call is to fail; 2 for a short one. */
static int fails(const char *call, const char *name, const char *more) {
  if (!*name) return 0;
  pthread_mutex_lock(&lock);
  long number = 0;
  if (matches(call)) number = ++counted;
  const int is_it = failed && number && (number == failed || (forever && number > failed));
  if (log_file >= 0) {
    char line[3 * PATH_MAX];
    const int length = snprintf(line, sizeof line, "%s\t%s\t%s%s\n", call, name, more,
                                is_it ? "\tfailed" : "");
    if (REAL(write)(log_file, line, (size_t)length) < 0) log_file = -1;
  }
  pthread_mutex_unlock(&lock);
  if (!is_it) return 0;
  if (error_text && strcmp(error_text, "short") == 0) return 2;
  errno = error_text ? atoi(error_text) : EIO;
  return 1;
}

static int named(int file, const char *name) {
  if (file >= 0 && file < largest) {
    free(names[file]);
    names[file] = *name ? strdup(name) : NULL;
  }
  return file;
}

static const char *name_of(int file) {
  return file >= 0 && file < largest && names[file] ? names[file] : "";
}

static int opened(int at, const char *path, int flags, mode_t mode) {
  char name[PATH_MAX];
  whole(name, at, path);
  // Of what is only read no call counts.
  const int writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
  if (writes && fails("open", name, "") == 1) return -1;
  return named(REAL(openat)(at, path, flags, mode), name);
}

int open(const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return opened(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
  va_end(list);
  return opened(at, path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t count) {
  char more[32];
  snprintf(more, sizeof more, "%zu", count);
  const int how = fails("write", name_of(file), more);
  if (how == 1) return -1;
  return REAL(write)(file, bytes, how == 2 && count > 1 ? count / 2 : count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  const int how = fails("pwrite", name_of(file), "");
  if (how == 1) return -1;
  return REAL(pwrite)(file, bytes, how == 2 && count > 1 ? count / 2 : count, offset);
}

int fsync(int file) { return fails("fsync", name_of(file), "") == 1 ? -1 : REAL(fsync)(file); }

int ftruncate(int file, off_t size) {
  return fails("ftruncate", name_of(file), "") == 1 ? -1 : REAL(ftruncate)(file, size);
}

int close(int file) {
  const int is_bad = fails("close", name_of(file), "") == 1, why = errno;
  named(file, "");
  const int result = REAL(close)(file);
  if (!is_bad) return result;
  errno = why;
  return -1;
}

int renameat(int from, const char *old, int to, const char *path) {
  char first[PATH_MAX], second[PATH_MAX];
  whole(first, from, old);
  whole(second, to, path);
  if (fails("rename", first, second) == 1) return -1;
  return REAL(renameat)(from, old, to, path);
}

int rename(const char *old, const char *path) { return renameat(AT_FDCWD, old, AT_FDCWD, path); }

int linkat(int from, const char *old, int to, const char *path, int flags) {
  char name[PATH_MAX];
  whole(name, to, path);
  return fails("link", name, "") == 1 ? -1 : REAL(linkat)(from, old, to, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  char name[PATH_MAX];
  whole(name, AT_FDCWD, path);
  return fails("mkdir", name, "") == 1 ? -1 : REAL(mkdir)(path, mode);
}
