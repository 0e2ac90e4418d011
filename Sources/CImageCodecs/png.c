#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"

/* One call's state. It lives in the caller of the function that calls setjmp: locals of the latter
 * that change after setjmp are lost by a longjmp. */
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t size;
  size_t position;
  fcncodec_output *output;
  fcncodec_status status;
  char *message;
} png_call;

static PNG_NORETURN void on_error(png_structp png, png_const_charp words) {
  png_call *call = png_get_error_ptr(png);
  if (call->status == FCNCODEC_OK) call->status = FCNCODEC_CORRUPT;
  fcncodec_say(call->message, words);
  png_longjmp(png, 1);
}

/* Warnings are of ancillary chunks and of slips that do not change the picture. */
static void on_warning(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static void fail(png_call *call, fcncodec_status status, const char *words) {
  call->status = status;
  png_error(call->png, words);
}

/* Reading */

static void take(png_structp png, png_bytep bytes, size_t count) {
  png_call *call = png_get_io_ptr(png);
  if (count > call->size - call->position) png_error(png, "the data ends early");
  memcpy(bytes, call->data + call->position, count);
  call->position += count;
}

static void open_reader(png_call *call) {
  png_set_read_fn(call->png, call, take);
  /* The caller limits width × height; libpng's own limits would only differ. */
  png_set_user_limits(call->png, 0x7fffffff, 0x7fffffff);
  /* All but IHDR, PLTE, tRNS, IDAT and IEND: gamma, profiles and texts have no part in the result, and
   * passing over them leaves nothing to decompress. */
  png_set_keep_unknown_chunks(call->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(call->png, call->info);
}

static void describe(png_call *call, fcncodec_header *header) {
  header->format = FCNCODEC_PNG;
  header->width = png_get_image_width(call->png, call->info);
  header->height = png_get_image_height(call->png, call->info);
  header->samples = png_get_channels(call->png, call->info);
  header->bits = png_get_bit_depth(call->png, call->info);
  header->has_palette = png_get_color_type(call->png, call->info) == PNG_COLOR_TYPE_PALETTE;
}

/* Decodes into `pixels` after the caller has set its transformations. */
static void read_rows(png_call *call, const fcncodec_header *header, int samples,
                      uint8_t *pixels) {
  int passes = png_set_interlace_handling(call->png);
  png_read_update_info(call->png, call->info);
  size_t stride = (size_t)header->width * (size_t)samples;
  if (png_get_rowbytes(call->png, call->info) != stride)
    fail(call, FCNCODEC_UNSUPPORTED, "the samples are in an arrangement that is not known");
  for (int pass = 0; pass < passes; pass++)
    for (size_t y = 0; y < header->height; y++)
      png_read_row(call->png, pixels + y * stride, NULL);
  png_read_end(call->png, NULL);
}

static void read_rgb_rows(png_call *call, const fcncodec_header *header, uint8_t *rgb) {
  png_set_palette_to_rgb(call->png);
  png_set_expand_gray_1_2_4_to_8(call->png);
  png_set_scale_16(call->png);
  png_set_strip_alpha(call->png);
  png_set_gray_to_rgb(call->png);
  read_rows(call, header, 3, rgb);
}

static void read_index_rows(png_call *call, const fcncodec_header *header, uint8_t *indices) {
  if (header->bits > 8 || header->samples > 2)
    fail(call, FCNCODEC_UNSUPPORTED, "the PNG holds colours, not indices");
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
  open_reader(call);
  fcncodec_header found = {0};
  describe(call, &found);
  if (what == READ_HEADER) {
    *header = found;
    return;
  }
  /* `pixels` was allocated by the header that the caller saw. */
  if (found.width != header->width || found.height != header->height)
    fail(call, FCNCODEC_CORRUPT, "the size differs from the header's");
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
  call.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &call, on_error, on_warning);
  if (call.png) call.info = png_create_info_struct(call.png);
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

static void put(png_structp png, png_bytep bytes, size_t count) {
  png_call *call = png_get_io_ptr(png);
  if (!fcncodec_reserve(call->output, count))
    fail(call, FCNCODEC_OUT_OF_MEMORY, "no memory for the encoded picture");
  memcpy(call->output->bytes + call->output->size, bytes, count);
  call->output->size += count;
}

static void flush(png_structp png) { (void)png; }

/* `colour` is libpng's PNG_COLOR_TYPE_…; `palette` belongs to PNG_COLOR_TYPE_PALETTE. */
static void write_guarded(png_call *call, const uint8_t *pixels, uint32_t width, uint32_t height,
                          int colour, const uint8_t *palette) {
  if (setjmp(png_jmpbuf(call->png))) return;
  png_set_write_fn(call->png, call, put, flush);
  png_set_user_limits(call->png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(call->png, call->info, width, height, 8, colour, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (palette) {
    png_color colours[256];
    for (int i = 0; i < 256; i++)
      colours[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(call->png, call->info, colours, 256);
  }
  png_write_info(call->png, call->info);
  size_t stride = png_get_rowbytes(call->png, call->info);
  for (size_t y = 0; y < height; y++) png_write_row(call->png, pixels + y * stride);
  png_write_end(call->png, call->info);
}

static fcncodec_status write_png(const uint8_t *pixels, uint32_t width, uint32_t height,
                                 int colour, const uint8_t *palette, fcncodec_output *output,
                                 char *message) {
  png_call call = {.output = output, .status = FCNCODEC_OK, .message = message};
  memset(output, 0, sizeof *output);
  call.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &call, on_error, on_warning);
  if (call.png) call.info = png_create_info_struct(call.png);
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
