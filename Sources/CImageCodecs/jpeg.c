#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "codec.h"

/* More scans than any encoder writes. Each may make the decoder pass over the whole picture for a few
 * bytes of file, so without a limit a small file could occupy it for hours. */
#define MOST_SCANS 64

/* One call's error state; the library's struct comes first, so that a pointer to it is one to this. */
typedef struct {
  struct jpeg_error_mgr library;
  jmp_buf jump;
  fcncodec_status status;
  char *message;
} jpeg_errors;

static void fail(jpeg_errors *errors, fcncodec_status status, const char *words) {
  errors->status = status;
  fcncodec_say(errors->message, words);
  longjmp(errors->jump, 1);
}

static fcncodec_status status_of(int code) {
  switch (code) {
    case JERR_OUT_OF_MEMORY:
      return FCNCODEC_OUT_OF_MEMORY;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
      return FCNCODEC_UNSUPPORTED;
    default:
      return FCNCODEC_CORRUPT;
  }
}

static void on_error(j_common_ptr codec) {
  jpeg_errors *errors = (jpeg_errors *)codec->err;
  char words[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, words);
  fail(errors, status_of(codec->err->msg_code), words);
}

/* libjpeg invents pixels where the data is cut or damaged and only warns; here that is an error. What
 * leaves every pixel intact (bytes between segments, an odd JFIF version) passes. */
static void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;
  switch (codec->err->msg_code) {
    case JWRN_ARITH_BAD_CODE:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_JPEG_EOF:
    case JWRN_MUST_RESYNC:
    case JWRN_NOT_SEQUENTIAL:
      on_error(codec);
      break;
    default:
      break;
  }
}

static void no_output(j_common_ptr codec) { (void)codec; }

static void set_up(jpeg_errors *errors, char *message) {
  memset(errors, 0, sizeof *errors);
  jpeg_std_error(&errors->library);
  errors->library.error_exit = on_error;
  errors->library.emit_message = on_message;
  errors->library.output_message = no_output;
  errors->message = message;
}

/* Reading */

static void count_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > MOST_SCANS)
    fail((jpeg_errors *)codec->err, FCNCODEC_UNSUPPORTED, "it has more than 64 scans");
}

static void read_start(j_decompress_ptr jpeg, const uint8_t *data, size_t size) {
  jpeg_create_decompress(jpeg);
  jpeg_mem_src(jpeg, (unsigned char *)data, size);
  jpeg_read_header(jpeg, TRUE);
}

static void header_guarded(j_decompress_ptr jpeg, const uint8_t *data, size_t size,
                           fcncodec_header *header) {
  if (setjmp(((jpeg_errors *)jpeg->err)->jump)) return;
  read_start(jpeg, data, size);
  header->format = FCNCODEC_JPEG;
  header->width = jpeg->image_width;
  header->height = jpeg->image_height;
  header->samples = jpeg->num_components;
  header->bits = jpeg->data_precision;
}

/* Cyan, magenta, yellow and black to RGB, one row. They are stored inverted, 255 meaning no ink: so
 * Adobe began it, and so every program reads them, whether or not Adobe's marker is there. */
static void rgb_of_cmyk(const uint8_t *cmyk, size_t width, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++)
    for (int channel = 0; channel < 3; channel++)
      rgb[3 * x + channel] = (uint8_t)((cmyk[4 * x + channel] * cmyk[4 * x + 3] + 127) / 255);
}

/* Where `rgb` is NULL, the picture is made at an eighth of its size and thrown away row by row: all
 * that was compressed is read, hardly anything is computed. */
static void rgb_guarded(j_decompress_ptr jpeg, const uint8_t *data, size_t size,
                        const fcncodec_header *header, uint8_t *rgb) {
  jpeg_errors *errors = (jpeg_errors *)jpeg->err;
  if (setjmp(errors->jump)) return;
  struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
  read_start(jpeg, data, size);
  jpeg->progress = &progress;
  /* `rgb` was allocated by the header that the caller saw. */
  if (jpeg->image_width != header->width || jpeg->image_height != header->height)
    fail(errors, FCNCODEC_CORRUPT, "the size differs from the header's");
  int is_cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
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
    if (rgb && is_cmyk) rgb_of_cmyk(spare[0], width, row);
  }
  jpeg_finish_decompress(jpeg);
}

fcncodec_status fcncodec_jpeg_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message) {
  struct jpeg_decompress_struct jpeg = {0};
  jpeg_errors errors;
  set_up(&errors, message);
  jpeg.err = &errors.library;
  header_guarded(&jpeg, data, size, header);
  jpeg_destroy_decompress(&jpeg);
  return errors.status;
}

fcncodec_status fcncodec_jpeg_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message) {
  struct jpeg_decompress_struct jpeg = {0};
  jpeg_errors errors;
  set_up(&errors, message);
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
    fail((jpeg_errors *)jpeg->err, FCNCODEC_OUT_OF_MEMORY, "no memory for the encoded picture");
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
  set_up(&errors, message);
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
