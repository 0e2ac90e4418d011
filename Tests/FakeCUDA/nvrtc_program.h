/* What the fake NVRTC's files share. */

#ifndef FAKE_NVRTC_PROGRAM_H
#define FAKE_NVRTC_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  NVRTC_SUCCESS = 0,
  NVRTC_ERROR_OUT_OF_MEMORY = 1,
  NVRTC_ERROR_PROGRAM_CREATION_FAILURE = 2,
  NVRTC_ERROR_INVALID_INPUT = 3,
  NVRTC_ERROR_INVALID_PROGRAM = 4,
  NVRTC_ERROR_INVALID_OPTION = 5,
  NVRTC_ERROR_COMPILATION = 6,
  NVRTC_ERROR_BUILTIN_OPERATION_FAILURE = 7,
  NVRTC_ERROR_INTERNAL_ERROR = 11
} nvrtcResult;

typedef struct {
  char *name, *text;
} File;

/* An image (image.h) and how many bytes it has. */
typedef struct {
  void *bytes;
  size_t count;
} Blob;

enum { MOST_ARGUMENTS = 128 };

/* What a compilation's options ask for. */
typedef struct {
  unsigned architecture;
  /* compute_XX rather than sm_XX: PTX, but no code. */
  bool is_virtual;
  /* For clang, each in memory of its own. */
  char *arguments[MOST_ARGUMENTS];
  int argument_count;
} Options;

nvrtcResult read_options(Options *options, const char *const *texts, int count);
void clear_options(Options *options);

/* The folder that this library lies in; free it. Null where it cannot be told. */
char *own_folder(void);
/* printf into new memory; null where memory is wanting. */
char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The file's bytes and a zero after them; null bytes where it cannot be read. */
Blob read_file(const char *path);
bool write_file(const char *path, const void *bytes, size_t count);

/* Whether kernels are compiled for x86's wider registers and its fused multiplications: they round
   as a device's do, and the matrix units are several times faster. */
bool has_fused_vectors(void);

/* Compiles, whatever the caches hold. What clang says goes to *log, on success as well. */
nvrtcResult compile(const char *folder, const File *source, const File *headers, int header_count,
    const Options *options, Blob *library, char **log);

/* Names a compilation by all that it depends on. */
typedef struct {
  char text[33];
} Key;

bool make_key(Key *key, const char *folder, const File *source, const File *headers,
    int header_count, const Options *options);
/* A copy of the image that was kept under this name, null bytes if there is none. */
Blob find_image(const Key *key, const char *folder);
void keep_image(const Key *key, const char *folder, Blob image);

#endif
