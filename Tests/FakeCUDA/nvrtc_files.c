/* Files, whole. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nvrtc_program.h"

char *formatted(const char *format, ...) {
  char *text;
  va_list arguments;
  va_start(arguments, format);
  int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  return length < 0 ? NULL : text;
}

char *own_folder(void) {
  Dl_info info;
  if (!dladdr((void *)own_folder, &info)) return NULL;
  char *path = realpath(info.dli_fname, NULL);
  char *folder = path ? formatted("%s", dirname(path)) : NULL;
  free(path);
  return folder;
}

Blob read_file(const char *path) {
  Blob blob = {0};
  FILE *file = fopen(path, "rbe");
  if (!file) return blob;
  long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
  rewind(file);
  char *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
  if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
    bytes[size] = 0;
    blob = (Blob){bytes, (size_t)size};
  } else {
    free(bytes);
  }
  fclose(file);
  return blob;
}

bool write_file(const char *path, const void *bytes, size_t count) {
  FILE *file = fopen(path, "wbe");
  if (!file) return false;
  bool written = fwrite(bytes, 1, count, file) == count;
  return fclose(file) == 0 && written;
}
