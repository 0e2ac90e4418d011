/* What was compiled before: in this process, and in the folder of this library. */

#define _GNU_SOURCE
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "nvrtc_program.h"

/* MARK: Keys */

typedef unsigned __int128 Hash;

/* The length first: no two lists of texts are to become one text. */
static void mix(Hash *hash, const void *bytes, size_t count) {
  const unsigned char *next = bytes, *end = next + count;
  const Hash prime = (Hash)1 << 88 | 0x13B;
  for (size_t i = 0; i < sizeof count; i++) *hash = (*hash ^ (count >> 8 * i & 0xFF)) * prime;
  for (; next < end; next++) *hash = (*hash ^ *next) * prime;
}

static void mix_text(Hash *hash, const char *text) { mix(hash, text, strlen(text)); }

static bool mix_files(Hash *hash, const char *folder, const char *pattern) {
  glob_t found;
  char *whole = formatted("%s/%s", folder, pattern);
  bool done = whole && glob(whole, 0, NULL, &found) == 0;
  free(whole);
  if (!done) return false;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    Blob file = read_file(found.gl_pathv[i]);
    if (!file.bytes) done = false;
    if (file.bytes) mix(hash, file.bytes, file.count);
    free(file.bytes);
  }
  globfree(&found);
  return done;
}

/* Of clang's many files the one that is run; of the processor what clang is told. */
static bool mix_compiler(Hash *hash) {
  struct stat clang;
  if (stat(FAKE_CUDA_CLANG, &clang)) return false;
  mix_text(hash, FAKE_CUDA_CLANG);
  mix(hash, &clang.st_size, sizeof clang.st_size);
  mix(hash, &clang.st_mtim, sizeof clang.st_mtim);
  bool fused = has_fused_vectors();
  mix(hash, &fused, sizeof fused);
  return true;
}

bool make_key(Key *key, const char *folder, const File *source, const File *headers,
    int header_count, const Options *options) {
  Hash hash = (Hash)0x6C62272E07BB0142u << 64 | 0x62B821756295C58Du;
  if (!mix_compiler(&hash)) return false;
  /* This library's own: with another one come other arguments of clang. */
  if (!mix_files(&hash, folder, "libnvrtc.so.12")) return false;
  if (!mix_files(&hash, folder, "emulator*.h")) return false;
  if (!mix_files(&hash, folder, "ptx.cuh")) return false;
  mix_text(&hash, source->name);
  mix_text(&hash, source->text);
  for (int i = 0; i < header_count; i++) {
    mix_text(&hash, headers[i].name);
    mix_text(&hash, headers[i].text);
  }
  mix(&hash, &options->architecture, sizeof options->architecture);
  for (int i = 0; i < options->argument_count; i++) mix_text(&hash, options->arguments[i]);
  snprintf(key->text, sizeof key->text, "%016llx%016llx", (unsigned long long)(hash >> 64),
      (unsigned long long)hash);
  return true;
}

/* MARK: Images */

typedef struct Kept {
  struct Kept *next;
  Key key;
  Blob image;
} Kept;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static Kept *kept;

static Blob copied(Blob blob) {
  Blob copy = {malloc(blob.count ? blob.count : 1), blob.count};
  if (copy.bytes) memcpy(copy.bytes, blob.bytes, blob.count);
  return copy;
}

static bool is_whole(Blob blob) {
  Image image;
  if (!blob.bytes || blob.count < sizeof image) return false;
  memcpy(&image, blob.bytes, sizeof image);
  if (strncmp(image.magic, IMAGE_MAGIC, sizeof image.magic)) return false;
  if (image.library_bytes != blob.count - sizeof image) return false;
  return image_checksum((char *)blob.bytes + sizeof image, image.library_bytes) == image.checksum;
}

static Blob find_in_memory(const Key *key) {
  Blob found = {0};
  pthread_mutex_lock(&mutex);
  for (const Kept *k = kept; k && !found.bytes; k = k->next) {
    if (!strcmp(k->key.text, key->text)) found = copied(k->image);
  }
  pthread_mutex_unlock(&mutex);
  return found;
}

static void keep_in_memory(const Key *key, Blob image) {
  Kept *new = malloc(sizeof *new);
  Blob copy = copied(image);
  if (!new || !copy.bytes) {
    free(new);
    free(copy.bytes);
    return;
  }
  *new = (Kept){.key = *key, .image = copy};
  pthread_mutex_lock(&mutex);
  new->next = kept;
  kept = new;
  pthread_mutex_unlock(&mutex);
}

Blob find_image(const Key *key, const char *folder) {
  Blob image = find_in_memory(key);
  if (image.bytes) return image;
  char *path = formatted("%s/cache-%s", folder, key->text);
  if (path) image = read_file(path);
  free(path);
  if (!is_whole(image)) {
    free(image.bytes);
    return (Blob){0};
  }
  keep_in_memory(key, image);
  return image;
}

/* Readers see all of the file or none. A folder that cannot be written to is no fault. */
void keep_image(const Key *key, const char *folder, Blob image) {
  keep_in_memory(key, image);
  char *path = formatted("%s/cache-%s", folder, key->text);
  char *unfinished = formatted("%s/.unfinished-XXXXXX", folder);
  int file = path && unfinished ? mkstemp(unfinished) : -1;
  if (file >= 0) {
    close(file);
    bool written = write_file(unfinished, image.bytes, image.count);
    if (!written || rename(unfinished, path)) unlink(unfinished);
  }
  free(unfinished);
  free(path);
}
