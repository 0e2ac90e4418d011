#include <stdlib.h>

#include "png_call.h"
#include "rows.h"

/* Reading */

typedef struct {
  fcncodec_reader reader;
  png_call call;
  size_t stride;
} png_reader;

static void begin_guarded(png_reader *own, const fcncodec_header *header) {
  png_call *call = &own->call;
  if (setjmp(png_jmpbuf(call->png))) return;
  fcncodec_png_open_reader(call);
  fcncodec_header found = {0};
  fcncodec_png_describe(call, &found);
  if (found.width != header->width || found.height != header->height)
    fcncodec_png_fail(call, FCNCODEC_CORRUPT, "the size differs from the header's");
  if (png_get_interlace_type(call->png, call->info) != PNG_INTERLACE_NONE)
    fcncodec_png_fail(call, FCNCODEC_UNSUPPORTED,
                      "it is interlaced, and so has no row whole before its end");
  fcncodec_png_want_rgb(call);
  png_read_update_info(call->png, call->info);
  own->stride = (size_t)header->width * 3;
  if (png_get_rowbytes(call->png, call->info) != own->stride)
    fcncodec_png_fail(call, FCNCODEC_UNSUPPORTED,
                      "the samples are in an arrangement that is not known");
}

static void read_guarded(png_reader *own, uint32_t count, uint8_t *rgb) {
  png_call *call = &own->call;
  if (setjmp(png_jmpbuf(call->png))) return;
  for (size_t y = 0; y < count; y++) png_read_row(call->png, rgb + y * own->stride, NULL);
  if (own->reader.rows_left == 0) png_read_end(call->png, NULL);
}

static fcncodec_status read_rows(fcncodec_reader *reader, uint32_t count, uint8_t *rgb,
                                 char *message) {
  png_reader *own = (png_reader *)reader;
  own->call.message = message;
  if (own->call.status == FCNCODEC_OK) read_guarded(own, count, rgb);
  return own->call.status;
}

static size_t position(const fcncodec_reader *reader) {
  return ((const png_reader *)reader)->call.position;
}

static void close_reader(fcncodec_reader *reader) {
  png_reader *own = (png_reader *)reader;
  png_destroy_read_struct(&own->call.png, &own->call.info, NULL);
  free(own);
}

fcncodec_status fcncodec_open_png_reader(const uint8_t *data, size_t size,
                                         const fcncodec_header *header, fcncodec_reader **reader,
                                         char *message) {
  png_reader *own = calloc(1, sizeof *own);
  if (own) {
    own->reader = (fcncodec_reader){header->height, read_rows, position, close_reader, NULL};
    *reader = &own->reader;
    own->call.data = data;
    own->call.size = size;
    own->call.message = message;
    fcncodec_png_create_reader(&own->call);
  }
  if (!own || !own->call.info) {
    fcncodec_say(message, "no memory for a PNG reader");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  begin_guarded(own, header);
  return own->call.status;
}

/* Writing */

struct fcncodec_writer {
  png_call call;
  size_t stride;
  uint32_t rows_left;
};

static void start_guarded(fcncodec_writer *writer, uint32_t width, uint32_t height, int colour,
                          const uint8_t *palette) {
  if (setjmp(png_jmpbuf(writer->call.png))) return;
  fcncodec_png_open_writer(&writer->call, width, height, colour, palette);
}

static void write_guarded(fcncodec_writer *writer, uint32_t count, const uint8_t *values) {
  png_call *call = &writer->call;
  if (setjmp(png_jmpbuf(call->png))) return;
  for (size_t y = 0; y < count; y++) png_write_row(call->png, values + y * writer->stride);
  if (writer->rows_left == 0) png_write_end(call->png, call->info);
}

fcncodec_status fcncodec_open_writer(uint32_t width, uint32_t height, int samples,
                                     const uint8_t *palette, fcncodec_output *output,
                                     fcncodec_writer **writer, char *message) {
  *writer = NULL;
  fcncodec_writer *own = calloc(1, sizeof *own);
  if (own) {
    own->stride = (size_t)width * samples;
    own->rows_left = height;
    own->call.output = output;
    own->call.message = message;
    fcncodec_png_create_writer(&own->call);
  }
  if (!own || !own->call.info) {
    fcncodec_close_writer(own);
    fcncodec_say(message, "no memory for a PNG writer");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  int single = palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY;
  int colour = samples == 3 ? PNG_COLOR_TYPE_RGB : single;
  start_guarded(own, width, height, colour, palette);
  fcncodec_status status = own->call.status;
  if (status == FCNCODEC_OK)
    *writer = own;
  else
    fcncodec_close_writer(own);
  return status;
}

fcncodec_status fcncodec_write_rows(fcncodec_writer *writer, uint32_t count,
                                    const uint8_t *values, char *message) {
  writer->call.message = message;
  if (count > writer->rows_left) {
    fcncodec_say(message, "the picture has no more rows");
    return FCNCODEC_CORRUPT;
  }
  writer->rows_left -= count;
  if (writer->call.status == FCNCODEC_OK) write_guarded(writer, count, values);
  return writer->call.status;
}

void fcncodec_close_writer(fcncodec_writer *writer) {
  if (!writer) return;
  png_destroy_write_struct(&writer->call.png, &writer->call.info);
  free(writer);
}
