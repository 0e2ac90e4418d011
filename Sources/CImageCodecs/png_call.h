/* What readers and writers of PNGs share. */
#ifndef FCNCODEC_PNG_CALL_H
#define FCNCODEC_PNG_CALL_H

#include <png.h>
#include <setjmp.h>

#include "codec.h"

/* One reader's or writer's state. It lives outside of the function that calls setjmp: locals of the latter
 * that change after setjmp are lost by a longjmp. */
typedef struct {
  png_structp png;
  png_infop info;
  const uint8_t *data;
  size_t size;
  size_t position;
  fcncodec_output *output;
  fcncodec_status status;
  /* Whether libpng, or zlib for it, has asked for memory in vain. */
  int is_starved;
  char *message;
} png_call;

/* Makes libpng's structs, `png` and `info`; without memory `info` stays NULL. */
void fcncodec_png_create_reader(png_call *call);
void fcncodec_png_create_writer(png_call *call);

/* Leaves the call with `status` and `words`; to be called where setjmp has been. */
void fcncodec_png_fail(png_call *call, fcncodec_status status, const char *words);

/* Reads all that stands before the pixels. */
void fcncodec_png_open_reader(png_call *call);

/* What the file says of itself. */
void fcncodec_png_describe(png_call *call, fcncodec_header *header);

/* R, G, B of 8 bits are to come of whatever is stored. */
void fcncodec_png_want_rgb(png_call *call);

/* Sets a writer up, and writes all that stands before the pixels. `colour` is libpng's PNG_COLOR_TYPE_…;
 * `palette` belongs to PNG_COLOR_TYPE_PALETTE. */
void fcncodec_png_open_writer(png_call *call, uint32_t width, uint32_t height, int colour,
                              const uint8_t *palette);

#endif
