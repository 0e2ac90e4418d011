#include "jpeg_call.h"

#include <string.h>

#include <jerror.h>

#define MOST_SCANS 64

void fcncodec_jpeg_fail(jpeg_errors *errors, fcncodec_status status, const char *words) {
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
  fcncodec_jpeg_fail(errors, status_of(codec->err->msg_code), words);
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

void fcncodec_jpeg_set_up(jpeg_errors *errors, char *message) {
  memset(errors, 0, sizeof *errors);
  jpeg_std_error(&errors->library);
  errors->library.error_exit = on_error;
  errors->library.emit_message = on_message;
  errors->library.output_message = no_output;
  errors->message = message;
}

void fcncodec_jpeg_count_scans(j_common_ptr codec) {
  if (((j_decompress_ptr)codec)->input_scan_number > MOST_SCANS)
    fcncodec_jpeg_fail((jpeg_errors *)codec->err, FCNCODEC_UNSUPPORTED,
                       "it has more than 64 scans");
}

void fcncodec_jpeg_read_start(j_decompress_ptr jpeg, const uint8_t *data, size_t size) {
  jpeg_create_decompress(jpeg);
  jpeg_mem_src(jpeg, (unsigned char *)data, size);
  jpeg_read_header(jpeg, TRUE);
}

int fcncodec_jpeg_choose_colours(j_decompress_ptr jpeg) {
  int is_cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
  jpeg->out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  return is_cmyk;
}

void fcncodec_rgb_of_cmyk(const uint8_t *cmyk, size_t width, uint8_t *rgb) {
  for (size_t x = 0; x < width; x++)
    for (int channel = 0; channel < 3; channel++)
      rgb[3 * x + channel] = (uint8_t)((cmyk[4 * x + channel] * cmyk[4 * x + 3] + 127) / 255);
}
