#include "jpeg_call.h"

#include <string.h>

static void header_guarded(j_decompress_ptr jpeg, const uint8_t *data, size_t size,
                           fcncodec_header *header) {
  if (setjmp(((jpeg_errors *)jpeg->err)->jump)) return;
  fcncodec_jpeg_read_start(jpeg, data, size);
  header->format = FCNCODEC_JPEG;
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->samples = jpeg->num_components;
  header->bits = jpeg->data_precision;
}

/* Where `rgb` is NULL, the picture is made at an eighth of its size and thrown away row by row: all
 * that was compressed is read, hardly anything is computed. */
static void rgb_guarded(j_decompress_ptr jpeg, const uint8_t *data, size_t size,
                        const fcncodec_header *header, uint8_t *rgb) {
  jpeg_errors *errors = (jpeg_errors *)jpeg->err;
  if (setjmp(errors->jump)) return;
  struct jpeg_progress_mgr progress = {.progress_monitor = fcncodec_jpeg_count_scans};
  fcncodec_jpeg_read_start(jpeg, data, size);
  jpeg->progress = &progress;
  /* `rgb` was allocated by the header that the caller saw. */
  if (jpeg->image_width != header->width || jpeg->image_height != header->height)
    fcncodec_jpeg_fail(errors, FCNCODEC_CORRUPT, "the size differs from the header's");
  int is_cmyk = fcncodec_jpeg_choose_colours(jpeg);
  if (!rgb) {
    jpeg->scale_num = 1;
    jpeg->scale_denom = 8;
    jpeg->do_fancy_upsampling = FALSE;
  }
  jpeg_start_decompress(jpeg);
  size_t width = header->width;
  /* Rows that are not made where they are wanted. */
  JSAMPARRAY spare = NULL;
  if (is_cmyk || !rgb) {
    JDIMENSION samples = jpeg->output_width * (JDIMENSION)jpeg->output_components;
    spare = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, samples, 1);
  }
  while (jpeg->output_scanline < jpeg->output_height) {
    JSAMPROW row = rgb ? rgb + (size_t)jpeg->output_scanline * width * 3 : NULL;
    jpeg_read_scanlines(jpeg, spare ? spare : &row, 1);
    if (rgb && is_cmyk) fcncodec_rgb_of_cmyk(spare[0], width, row);
  }
  jpeg_finish_decompress(jpeg);
}

fcncodec_status fcncodec_jpeg_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message) {
  struct jpeg_decompress_struct jpeg = {0};
  jpeg_errors errors;
  fcncodec_jpeg_set_up(&errors, message);
  jpeg.err = &errors.library;
  header_guarded(&jpeg, data, size, header);
  jpeg_destroy_decompress(&jpeg);
  return errors.status;
}

fcncodec_status fcncodec_jpeg_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message) {
  struct jpeg_decompress_struct jpeg = {0};
  jpeg_errors errors;
  fcncodec_jpeg_set_up(&errors, message);
  jpeg.err = &errors.library;
  rgb_guarded(&jpeg, data, size, header, rgb);
  jpeg_destroy_decompress(&jpeg);
  return errors.status;
}

/* Writing */

/* libjpeg's own memory destination leaks on an error; the library's struct comes first here too. */
typedef struct {
  struct jpeg_destination_mgr library;
  fcncodec_output *output;
} jpeg_sink;

static boolean make_room(j_compress_ptr jpeg) {
  jpeg_sink *sink = (jpeg_sink *)jpeg->dest;
  /* Called only when the room is used up, all of it. */
  sink->output->size = sink->output->capacity;
  if (!fcncodec_reserve(sink->output, 1))
    fcncodec_jpeg_fail((jpeg_errors *)jpeg->err, FCNCODEC_OUT_OF_MEMORY,
                       "no memory for the encoded picture");
  sink->library.next_output_byte = sink->output->bytes + sink->output->size;
  sink->library.free_in_buffer = sink->output->capacity - sink->output->size;
  return TRUE;
}

static void start_output(j_compress_ptr jpeg) { make_room(jpeg); }

static void end_output(j_compress_ptr jpeg) {
  jpeg_sink *sink = (jpeg_sink *)jpeg->dest;
  sink->output->size = sink->output->capacity - sink->library.free_in_buffer;
}

static void write_guarded(j_compress_ptr jpeg, jpeg_sink *sink, const uint8_t *rgb, uint32_t width,
                          uint32_t height, int quality) {
  if (setjmp(((jpeg_errors *)jpeg->err)->jump)) return;
  jpeg_create_compress(jpeg);
  jpeg->dest = &sink->library;
  jpeg->image_width = width;
  jpeg->image_height = height;
  jpeg->input_components = 3;
  jpeg->in_color_space = JCS_RGB;
  jpeg_set_defaults(jpeg);
  jpeg_set_quality(jpeg, quality, TRUE);
  jpeg_start_compress(jpeg, TRUE);
  while (jpeg->next_scanline < height) {
    JSAMPROW row = (JSAMPROW)rgb + (size_t)jpeg->next_scanline * width * 3;
    jpeg_write_scanlines(jpeg, &row, 1);
  }
  jpeg_finish_compress(jpeg);
}

fcncodec_status fcncodec_write_jpeg(const uint8_t *rgb, uint32_t width, uint32_t height,
                                    int quality, fcncodec_output *output, char *message) {
  memset(output, 0, sizeof *output);
  struct jpeg_compress_struct jpeg = {0};
  jpeg_errors errors;
  fcncodec_jpeg_set_up(&errors, message);
  jpeg.err = &errors.library;
  jpeg_sink sink = {.library = {.init_destination = start_output,
                                .empty_output_buffer = make_room,
                                .term_destination = end_output},
                    .output = output};
  write_guarded(&jpeg, &sink, rgb, width, height, quality);
  jpeg_destroy_compress(&jpeg);
  if (errors.status != FCNCODEC_OK) fcncodec_free(output);
  return errors.status;
}
