// Finds the numbers of a model file, to spoil them.
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "check.h"

/** Calls `body` for every tensor of float32 in a safetensors file: its name, its first number and how many
 *  there are. */
static inline void each_tensor(unsigned char *file, size_t size,
                               void (*body)(const char *name, unsigned char *floats, size_t count,
                                            void *user_data),
                               void *user_data) {
  size_t header = 0;
  for (int i = 7; i >= 0; i--) header = header << 8 | file[i];
  if (size < 8 || header > size - 8) exit(EXIT_FAILURE);
  char *text = malloc(header + 1);
  if (!text) exit(EXIT_FAILURE);
  memcpy(text, file + 8, header);
  text[header] = '\0';
  // "NAME":{"dtype":"F32","shape":[...],"data_offsets":[BEGIN,END]}
  for (char *at = strstr(text, "{\"dtype\""); at; at = strstr(at + 1, "{\"dtype\"")) {
    if (strncmp(at, "{\"dtype\":\"F32\"", 14) != 0) continue;
    char *end = at - 2, *begin = end;
    while (begin > text && begin[-1] != '"') begin--;
    char *offsets = strstr(at, "\"data_offsets\":["), *rest;
    if (!offsets) exit(EXIT_FAILURE);
    const size_t first = strtoull(offsets + 16, &rest, 10), last = strtoull(rest + 1, NULL, 10);
    if (last < first || last > size - 8 - header) exit(EXIT_FAILURE);
    *end = '\0';
    if (last > first) body(begin, file + 8 + header + first, (last - first) / 4, user_data);
  }
  free(text);
}

#endif
