/* Readers of all formats. */
#ifndef FCNCODEC_ROWS_H
#define FCNCODEC_ROWS_H

#include "codec.h"

/* Begins a reader, which is what its functions are given. */
struct fcncodec_reader {
  uint32_t rows_left;
  fcncodec_status (*read)(fcncodec_reader *reader, uint32_t count, uint8_t *rgb, char *message);
  size_t (*position)(const fcncodec_reader *reader);
  void (*close)(fcncodec_reader *reader);
  /* See fcncodec_reader_memory; NULL for none. */
  uint64_t (*memory)(const fcncodec_reader *reader);
};

fcncodec_status fcncodec_open_png_reader(const uint8_t *data, size_t size,
                                         const fcncodec_header *header, fcncodec_reader **reader,
                                         char *message);
fcncodec_status fcncodec_open_jpeg_reader(const uint8_t *data, size_t size,
                                          const fcncodec_header *header,
                                          fcncodec_reader **reader, char *message);
fcncodec_status fcncodec_open_tiff_reader(const uint8_t *data, size_t size,
                                          const fcncodec_header *header,
                                          fcncodec_reader **reader, char *message);

#endif
