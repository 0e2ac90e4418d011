// Checks that count failures and go on, so that one run tells all that is wrong.
#ifndef CHECK_H
#define CHECK_H

#include <fcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);           \
      failures++;                                                              \
    }                                                                          \
  } while (0)

#define EXPECT(wanted, call)                                                   \
  do {                                                                         \
    fcn_status got_ = (call);                                                  \
    if (got_ != (wanted)) {                                                    \
      printf("%s:%d: %s\n    gave %d, wanted %d; the last message is: %s\n",   \
             __FILE__, __LINE__, #call, (int)got_, (int)(wanted),              \
             fcn_last_error_message());                                        \
      failures++;                                                              \
    } else if (got_ != FCN_OK && fcn_last_error_message()[0] == '\0') {        \
      printf("%s:%d: %s failed without a message\n", __FILE__, __LINE__,       \
             #call);                                                           \
      failures++;                                                              \
    }                                                                          \
  } while (0)

#define OK(call) EXPECT(FCN_OK, call)

/** As OK, but ends the program where the call fails, since the rest would make no sense. */
#define MUST(call)                                                             \
  do {                                                                         \
    int before_ = failures;                                                    \
    OK(call);                                                                  \
    if (failures != before_) exit(EXIT_FAILURE);                               \
  } while (0)

static inline int report(void) {
  if (failures == 0) puts("all well");
  return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

/** The whole of a file, for the caller to free. */
static inline unsigned char *contents(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(EXIT_FAILURE);
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  unsigned char *bytes = malloc(*size);
  if (!bytes || fread(bytes, 1, *size, file) != *size) exit(EXIT_FAILURE);
  fclose(file);
  return bytes;
}

/** A small picture that stays, different for every `seed`. */
static inline fcn_pixels some_pixels(int32_t width, int32_t height, unsigned seed) {
  size_t count = (size_t)width * (size_t)height * 3;
  unsigned char *bytes = malloc(count);
  if (!bytes) exit(EXIT_FAILURE);
  for (size_t i = 0; i < count; i++) {
    seed = seed * 1103515245u + 12345u;
    bytes[i] = (unsigned char)(seed >> 16);
  }
  fcn_pixels pixels = {bytes, width, height, 0, FCN_PIXELS_RGB8, 0};
  return pixels;
}

/** Segments one picture; returns its scores, which tell more than its labels do, for the caller to
 *  free, and their number. */
static inline float *scores_of(fcn_session *session, const fcn_pixels *pixels, size_t *count) {
  MUST(fcn_segment(session, pixels, 1));
  MUST(fcn_result_scores(NULL, 0, count, session, 0));
  float *scores = malloc(*count * sizeof(float));
  if (!scores) exit(EXIT_FAILURE);
  MUST(fcn_result_scores(scores, *count, NULL, session, 0));
  return scores;
}

/** Whether segmenting `pixels` gives exactly `wanted`. */
static inline int gives(fcn_session *session, const fcn_pixels *pixels, const float *wanted,
                        size_t wanted_count) {
  size_t count;
  float *scores = scores_of(session, pixels, &count);
  int same = count == wanted_count && memcmp(scores, wanted, count * sizeof(float)) == 0;
  free(scores);
  return same;
}

#endif
