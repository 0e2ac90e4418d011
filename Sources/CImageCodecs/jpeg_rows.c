#include "jpeg_call.h"

#include <stdlib.h>

#include "rows.h"

typedef struct {
  fcncodec_reader reader;
  struct jpeg_decompress_struct jpeg;
  struct jpeg_progress_mgr progress;
  jpeg_errors errors;
  /* A row of C, M, Y, K; NULL where R, G, B come. */
  JSAMPARRAY cmyk;
  size_t size;
} jpeg_reader;

static void begin_guarded(jpeg_reader *own, const uint8_t *data, size_t size,
                          const fcncodec_header *header) {
  if (setjmp(own->errors.jump)) return;
  j_decompress_ptr jpeg = &own->jpeg;
  fcncodec_jpeg_read_start(jpeg, data, size);
  jpeg->progress = &own->progress;
  if (jpeg->image_width != header->width || jpeg->image_height != header->height)
    fcncodec_jpeg_fail(&own->errors, FCNCODEC_CORRUPT, "the size differs from the header's");
  int is_cmyk = fcncodec_jpeg_choose_colours(jpeg);
  jpeg_start_decompress(jpeg);
  if (is_cmyk)
    own->cmyk = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, header->width * 4, 1);
}

static void read_guarded(jpeg_reader *own, uint32_t count, uint8_t *rgb) {
  if (setjmp(own->errors.jump)) return;
  j_decompress_ptr jpeg = &own->jpeg;
  size_t width = jpeg->output_width;
  for (size_t y = 0; y < count; y++) {
    JSAMPROW row = rgb + y * width * 3;
    jpeg_read_scanlines(jpeg, own->cmyk ? own->cmyk : &row, 1);
    if (own->cmyk) fcncodec_rgb_of_cmyk(own->cmyk[0], width, row);
  }
  if (own->reader.rows_left == 0) jpeg_finish_decompress(jpeg);
}

static fcncodec_status read_rows(fcncodec_reader *reader, uint32_t count, uint8_t *rgb,
                                 char *message) {
  jpeg_reader *own = (jpeg_reader *)reader;
  own->errors.message = message;
  if (own->errors.status == FCNCODEC_OK) read_guarded(own, count, rgb);
  return own->errors.status;
}

static size_t position(const fcncodec_reader *reader) {
  const jpeg_reader *own = (const jpeg_reader *)reader;
  return own->jpeg.src ? own->size - own->jpeg.src->bytes_in_buffer : 0;
}

static void close_reader(fcncodec_reader *reader) {
  jpeg_reader *own = (jpeg_reader *)reader;
  jpeg_destroy_decompress(&own->jpeg);
  free(own);
}

fcncodec_status fcncodec_open_jpeg_reader(const uint8_t *data, size_t size,
                                          const fcncodec_header *header,
                                          fcncodec_reader **reader, char *message) {
  jpeg_reader *own = calloc(1, sizeof *own);
  if (!own) {
    fcncodec_say(message, "no memory for a JPEG reader");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  own->reader = (fcncodec_reader){header->height, read_rows, position, close_reader, NULL};
  *reader = &own->reader;
  own->size = size;
  own->progress.progress_monitor = fcncodec_jpeg_count_scans;
  fcncodec_jpeg_set_up(&own->errors, message);
  own->jpeg.err = &own->errors.library;
  begin_guarded(own, data, size, header);
  return own->errors.status;
}
