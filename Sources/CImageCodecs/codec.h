/* What the formats share. */
#ifndef FCNCODEC_CODEC_H
#define FCNCODEC_CODEC_H

#include "CImageCodecs.h"

/* Copies `words` to `message`, cut to its size. */
void fcncodec_say(char *message, const char *words);

/* Makes room for `extra` more bytes; 0 where the system gives no memory. */
int fcncodec_reserve(fcncodec_output *output, size_t extra);

fcncodec_status fcncodec_png_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                    char *message);
fcncodec_status fcncodec_png_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                 uint8_t *rgb, char *message);
fcncodec_status fcncodec_jpeg_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message);
/* A NULL `rgb` looks for damage alone. */
fcncodec_status fcncodec_jpeg_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message);
fcncodec_status fcncodec_png_check(const uint8_t *data, size_t size,
                                   const fcncodec_header *header, char *message);

fcncodec_status fcncodec_tiff_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message);
/* A NULL `rgb` looks for damage alone. */
fcncodec_status fcncodec_tiff_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message);

#endif
