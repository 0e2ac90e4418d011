#include "codec.h"

#include <stdlib.h>
#include <string.h>

void fcncodec_say(char *message, const char *words) {
  size_t length = strnlen(words, FCNCODEC_MESSAGE_SIZE - 1);
  memcpy(message, words, length);
  message[length] = 0;
}

int fcncodec_reserve(fcncodec_output *output, size_t extra) {
  if (extra <= output->capacity - output->size) return 1;
  if (extra > SIZE_MAX / 4 || output->size > SIZE_MAX / 4) return 0;
  size_t capacity = (output->size + extra) * 2;
  if (capacity < 4096) capacity = 4096;
  uint8_t *bytes = realloc(output->bytes, capacity);
  if (!bytes) return 0;
  output->bytes = bytes;
  output->capacity = capacity;
  return 1;
}

void fcncodec_free(fcncodec_output *output) {
  free(output->bytes);
  memset(output, 0, sizeof *output);
}

fcncodec_status fcncodec_read_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message) {
  static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static const uint8_t jpeg[3] = {0xff, 0xd8, 0xff};
  /* Little endian and big, and the same of BigTIFF. */
  static const uint8_t tiff[4][4] = {
      {'I', 'I', 42, 0}, {'M', 'M', 0, 42}, {'I', 'I', 43, 0}, {'M', 'M', 0, 43}};
  memset(header, 0, sizeof *header);
  if (size >= sizeof png && memcmp(data, png, sizeof png) == 0)
    return fcncodec_png_header(data, size, header, message);
  if (size >= sizeof jpeg && memcmp(data, jpeg, sizeof jpeg) == 0)
    return fcncodec_jpeg_header(data, size, header, message);
  for (int i = 0; i < 4; i++)
    if (size >= sizeof tiff[i] && memcmp(data, tiff[i], sizeof tiff[i]) == 0)
      return fcncodec_tiff_header(data, size, header, message);
  fcncodec_say(message, "the data begins as neither PNG, JPEG nor TIFF");
  return FCNCODEC_UNSUPPORTED;
}

fcncodec_status fcncodec_read_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message) {
  switch (header->format) {
  case FCNCODEC_PNG: return fcncodec_png_rgb(data, size, header, rgb, message);
  case FCNCODEC_JPEG: return fcncodec_jpeg_rgb(data, size, header, rgb, message);
  default: return fcncodec_tiff_rgb(data, size, header, rgb, message);
  }
}

fcncodec_status fcncodec_check(const uint8_t *data, size_t size, const fcncodec_header *header,
                               char *message) {
  switch (header->format) {
  case FCNCODEC_PNG: return fcncodec_png_check(data, size, header, message);
  case FCNCODEC_JPEG: return fcncodec_jpeg_rgb(data, size, header, NULL, message);
  default: return fcncodec_tiff_rgb(data, size, header, NULL, message);
  }
}
