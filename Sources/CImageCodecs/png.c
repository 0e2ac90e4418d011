#include <stdlib.h>
#include <string.h>

#include "png_call.h"

/* Decodes into `pixels` after the caller has set its transformations. */
static void read_rows(png_call *call, const fcncodec_header *header, int samples,
                      uint8_t *pixels) {
  int passes = png_set_interlace_handling(call->png);
  png_read_update_info(call->png, call->info);
  size_t stride = (size_t)header->width * (size_t)samples;
  if (png_get_rowbytes(call->png, call->info) != stride)
    fcncodec_png_fail(call, FCNCODEC_UNSUPPORTED,
                      "the samples are in an arrangement that is not known");
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < header->height; y++)
      png_read_row(call->png, pixels + y * stride, NULL);
  png_read_end(call->png, NULL);
}

static void read_rgb_rows(png_call *call, const fcncodec_header *header, uint8_t *rgb) {
  fcncodec_png_want_rgb(call);
  read_rows(call, header, 3, rgb);
}

static void read_index_rows(png_call *call, const fcncodec_header *header, uint8_t *indices) {
  if (header->bits > 8 || header->samples > 2)
    fcncodec_png_fail(call, FCNCODEC_UNSUPPORTED, "the PNG holds colours, not indices");
  png_set_packing(call->png);
  png_set_strip_alpha(call->png);
  read_rows(call, header, 1, indices);
}

/* Decompresses every row, one over the other: `row` has room for one. */
static void check_rows(png_call *call, const fcncodec_header *header, uint8_t *row) {
  int passes = png_set_interlace_handling(call->png);
  png_read_update_info(call->png, call->info);
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < header->height; y++) png_read_row(call->png, row, NULL);
  png_read_end(call->png, NULL);
}

typedef enum { READ_HEADER, READ_RGB, READ_INDICES, CHECK } what_to_read;

static void read_guarded(png_call *call, what_to_read what, fcncodec_header *header,
                         uint8_t *pixels) {
  if (setjmp(png_jmpbuf(call->png))) return;
  fcncodec_png_open_reader(call);
  fcncodec_header found = {0};
  fcncodec_png_describe(call, &found);
  if (what == READ_HEADER) {
    *header = found;
    return;
  }
  /* `pixels` was allocated by the header that the caller saw. */
  if (found.width != header->width || found.height != header->height)
    fcncodec_png_fail(call, FCNCODEC_CORRUPT, "the size differs from the header's");
  if (what == READ_RGB)
    read_rgb_rows(call, &found, pixels);
  else if (what == CHECK)
    check_rows(call, &found, pixels);
  else
    read_index_rows(call, &found, pixels);
}

static fcncodec_status read_png(const uint8_t *data, size_t size, what_to_read what,
                                fcncodec_header *header, uint8_t *pixels, char *message) {
  png_call call = {.data = data, .size = size, .status = FCNCODEC_OK, .message = message};
  fcncodec_png_create_reader(&call);
  if (!call.info) {
    png_destroy_read_struct(&call.png, NULL, NULL);
    fcncodec_say(message, "no memory for a PNG reader");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  read_guarded(&call, what, header, pixels);
  png_destroy_read_struct(&call.png, &call.info, NULL);
  return call.status;
}

fcncodec_status fcncodec_png_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                    char *message) {
  return read_png(data, size, READ_HEADER, header, NULL, message);
}

fcncodec_status fcncodec_png_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                 uint8_t *rgb, char *message) {
  fcncodec_header seen = *header;
  return read_png(data, size, READ_RGB, &seen, rgb, message);
}

fcncodec_status fcncodec_read_indices(const uint8_t *data, size_t size,
                                      const fcncodec_header *header, uint8_t *indices,
                                      char *message) {
  fcncodec_header seen = *header;
  return read_png(data, size, READ_INDICES, &seen, indices, message);
}

fcncodec_status fcncodec_png_check(const uint8_t *data, size_t size,
                                   const fcncodec_header *header, char *message) {
  fcncodec_header seen = *header;
  /* Eight bytes are the most that a pixel has. */
  uint8_t *row = malloc((size_t)seen.width * 8);
  if (!row) {
    fcncodec_say(message, "no memory for a row");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  fcncodec_status status = read_png(data, size, CHECK, &seen, row, message);
  free(row);
  return status;
}

/* Writing */

static void write_guarded(png_call *call, const uint8_t *pixels, uint32_t width, uint32_t height,
                          int colour, const uint8_t *palette) {
  if (setjmp(png_jmpbuf(call->png))) return;
  fcncodec_png_open_writer(call, width, height, colour, palette);
  size_t stride = png_get_rowbytes(call->png, call->info);
  for (size_t y = 0; y < height; y++) png_write_row(call->png, pixels + y * stride);
  png_write_end(call->png, call->info);
}

static fcncodec_status write_png(const uint8_t *pixels, uint32_t width, uint32_t height,
                                 int colour, const uint8_t *palette, fcncodec_output *output,
                                 char *message) {
  png_call call = {.output = output, .status = FCNCODEC_OK, .message = message};
  memset(output, 0, sizeof *output);
  fcncodec_png_create_writer(&call);
  if (!call.info) {
    png_destroy_write_struct(&call.png, NULL);
    fcncodec_say(message, "no memory for a PNG writer");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  write_guarded(&call, pixels, width, height, colour, palette);
  png_destroy_write_struct(&call.png, &call.info);
  if (call.status != FCNCODEC_OK) fcncodec_free(output);
  return call.status;
}

fcncodec_status fcncodec_write_png(const uint8_t *rgb, uint32_t width, uint32_t height,
                                   fcncodec_output *output, char *message) {
  return write_png(rgb, width, height, PNG_COLOR_TYPE_RGB, NULL, output, message);
}

fcncodec_status fcncodec_write_rgba_png(const uint8_t *rgba, uint32_t width, uint32_t height,
                                        fcncodec_output *output, char *message) {
  return write_png(rgba, width, height, PNG_COLOR_TYPE_RGB_ALPHA, NULL, output, message);
}

fcncodec_status fcncodec_write_indexed_png(const uint8_t *indices, uint32_t width, uint32_t height,
                                           const uint8_t *palette, fcncodec_output *output,
                                           char *message) {
  return write_png(indices, width, height, PNG_COLOR_TYPE_PALETTE, palette, output, message);
}

fcncodec_status fcncodec_write_grey_png(const uint8_t *greys, uint32_t width, uint32_t height,
                                        fcncodec_output *output, char *message) {
  return write_png(greys, width, height, PNG_COLOR_TYPE_GRAY, NULL, output, message);
}
