/* What readers and writers of JPEGs share. */
#ifndef FCNCODEC_JPEG_CALL_H
#define FCNCODEC_JPEG_CALL_H

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>

#include "codec.h"

/* One call's error state; the library's struct comes first, so that a pointer to it is one to this. */
typedef struct {
  struct jpeg_error_mgr library;
  jmp_buf jump;
  fcncodec_status status;
  char *message;
} jpeg_errors;

/* Sets the handlers. */
void fcncodec_jpeg_set_up(jpeg_errors *errors, char *message);

/* Leaves the call with `status` and `words`; to be called where setjmp has been. */
void fcncodec_jpeg_fail(jpeg_errors *errors, fcncodec_status status, const char *words);

/* Reads all that stands before the pixels. */
void fcncodec_jpeg_read_start(j_decompress_ptr jpeg, const uint8_t *data, size_t size);

/* A progress monitor that ends pictures of more scans than any encoder writes. Each may make the decoder pass
 * over the whole picture for a few bytes of file, so without a limit a small file could occupy it for
 * hours. */
void fcncodec_jpeg_count_scans(j_common_ptr codec);

/* Sets what colours come out: R, G, B, or as they are stored C, M, Y, K. Says whether they are the latter. */
int fcncodec_jpeg_choose_colours(j_decompress_ptr jpeg);

/* Cyan, magenta, yellow and black to RGB, one row. They are stored inverted, 255 meaning no ink: so Adobe
 * began it, and so every program reads them, whether or not Adobe's marker is there. */
void fcncodec_rgb_of_cmyk(const uint8_t *cmyk, size_t width, uint8_t *rgb);

#endif
