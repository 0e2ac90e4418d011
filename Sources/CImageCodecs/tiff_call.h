/* What reading a TIFF's header and its rows share. */
#ifndef FCNCODEC_TIFF_CALL_H
#define FCNCODEC_TIFF_CALL_H

#include "tiff_library.h"

/* One open file. It must stay where it is while it is open: libtiff has its address. */
typedef struct {
  const fcncodec_tiff_library *library;
  fcncodec_tiff_file *file;
  const uint8_t *data;
  size_t size;
  uint64_t position;
  /* Of the first error since it was cleared. */
  int has_failed;
  char *message;
} fcncodec_tiff_call;

/* How the first picture's samples lie. */
typedef struct {
  uint32_t width, height;
  /* Of a tile; 0 in strips. */
  uint32_t tile_width, tile_height;
  uint16_t samples;
  /* Samples of a pixel lie in planes of their own. */
  int is_separate;
  /* Samples that count: 1 for grey and palette, 3 for RGB. */
  int colours;
  /* Greys whose 0 is white. */
  int is_inverted;
  /* 256 R, G, B. */
  int has_palette;
  uint8_t palette[768];
  uint16_t orientation;
} fcncodec_tiff_layout;

/* Opens `call`'s data. */
fcncodec_status fcncodec_tiff_open(fcncodec_tiff_call *call);

void fcncodec_tiff_close(fcncodec_tiff_call *call);

/* How the open file's first picture is laid out; UNSUPPORTED for what is not read. */
fcncodec_status fcncodec_tiff_describe(fcncodec_tiff_call *call, fcncodec_tiff_layout *layout);

#endif
