/* PNG and JPEG, from memory to memory, and TIFF from memory where libtiff is installed.
 *
 * libpng and libjpeg report errors with longjmp, which must not cross Swift frames: it stays in here.
 * Every function returns a status and, unless that is FCNCODEC_OK, leaves the library's words in
 * `message`, a buffer of FCNCODEC_MESSAGE_SIZE bytes. */
#ifndef CIMAGECODECS_H
#define CIMAGECODECS_H

#include <stddef.h>
#include <stdint.h>

#define FCNCODEC_MESSAGE_SIZE 256

/* The longest side that libjpeg writes. */
#define FCNCODEC_LONGEST_JPEG_SIDE 65500

typedef enum {
  FCNCODEC_OK = 0,
  FCNCODEC_CORRUPT,
  FCNCODEC_UNSUPPORTED,
  FCNCODEC_OUT_OF_MEMORY
} fcncodec_status;

typedef enum { FCNCODEC_PNG = 1, FCNCODEC_JPEG = 2, FCNCODEC_TIFF = 3 } fcncodec_format;

/* What a file says of itself, read before any memory is spent on its pixels. */
typedef struct {
  fcncodec_format format;
  uint32_t width;
  uint32_t height;
  int samples;       /* per pixel, as stored: a palette index is one */
  int bits;          /* per sample, as stored: 1 to 16 */
  int has_palette;
  int orientation;   /* a TIFF's, as EXIF numbers it; 0 for the others, whose EXIF data is the caller's */
} fcncodec_header;

/* Bytes of an encoded picture; freed with fcncodec_free. */
typedef struct {
  uint8_t *bytes;
  size_t size;
  size_t capacity;
} fcncodec_output;

/* Reads the header, a TIFF's of its first picture. Data that begins as none of them is FCNCODEC_UNSUPPORTED,
 * and so is a TIFF where there is no libtiff, and one whose samples are not of 8 bits. */
fcncodec_status fcncodec_read_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message);

/* Decodes to R, G, B of 8 bits, `header`'s width × height × 3 bytes from the top row, into `rgb`.
 * Alpha is dropped: a transparent pixel has the colour that is stored under it. */
fcncodec_status fcncodec_read_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message);

/* Decodes a PNG with a palette, or a grey one of at most 8 bits, to its stored values, width × height
 * bytes: palette indices, or unscaled greys. */
fcncodec_status fcncodec_read_indices(const uint8_t *data, size_t size,
                                      const fcncodec_header *header, uint8_t *indices,
                                      char *message);

/* Goes through all of the data for damage as fcncodec_read_rgb does, without making pixels of it that
 * anybody could use, which takes a part of the time. */
fcncodec_status fcncodec_check(const uint8_t *data, size_t size, const fcncodec_header *header,
                               char *message);

/* Encodes width × height × 3 bytes as a PNG of 8-bit RGB. */
fcncodec_status fcncodec_write_png(const uint8_t *rgb, uint32_t width, uint32_t height,
                                   fcncodec_output *output, char *message);

/* Encodes width × height × 4 bytes as a PNG of 8-bit RGB with alpha. */
fcncodec_status fcncodec_write_rgba_png(const uint8_t *rgba, uint32_t width, uint32_t height,
                                        fcncodec_output *output, char *message);

/* Encodes width × height bytes as a PNG of 8-bit indices into `palette`, 256 RGB triples. */
fcncodec_status fcncodec_write_indexed_png(const uint8_t *indices, uint32_t width, uint32_t height,
                                           const uint8_t *palette, fcncodec_output *output,
                                           char *message);

/* Encodes width × height bytes as a PNG of 8-bit grey. */
fcncodec_status fcncodec_write_grey_png(const uint8_t *greys, uint32_t width, uint32_t height,
                                        fcncodec_output *output, char *message);

/* Encodes width × height × 3 bytes as a baseline JPEG of `quality` 1 to 100. */
fcncodec_status fcncodec_write_jpeg(const uint8_t *rgb, uint32_t width, uint32_t height,
                                    int quality, fcncodec_output *output, char *message);

void fcncodec_free(fcncodec_output *output);

/* Rows one after the other, for pictures that are too large for memory. A reader or writer that has failed
 * is good for nothing but being closed. */

typedef struct fcncodec_reader fcncodec_reader;
typedef struct fcncodec_writer fcncodec_writer;

/* Begins to read the picture of `header` as R, G, B of 8 bits. `data` must stay until the reader is closed.
 * What does not come row by row, an interlaced PNG, is FCNCODEC_UNSUPPORTED; a progressive JPEG is held by
 * libjpeg, compressed, in memory. Strips of a TIFF are decoded row by row, tiles a row of tiles at a time. On
 * an error *reader is NULL. */
fcncodec_status fcncodec_open_reader(const uint8_t *data, size_t size,
                                     const fcncodec_header *header, fcncodec_reader **reader,
                                     char *message);

/* Decodes the next `count` rows, of which as many must be left, into `rgb`. After the last, what follows
 * it in the data is looked at too. */
fcncodec_status fcncodec_read_rows(fcncodec_reader *reader, uint32_t count, uint8_t *rgb,
                                   char *message);

/* Bytes that reading rows will take beside what the library's decoder does: the rows of a TIFF's tiles. They
 * are taken when the first rows are read. */
uint64_t fcncodec_reader_memory(const fcncodec_reader *reader);

/* Bytes of the data that have been read: those before are not wanted again. A TIFF's strips and tiles may lie
 * anywhere; there it is about how many of all. */
size_t fcncodec_reader_position(const fcncodec_reader *reader);

void fcncodec_close_reader(fcncodec_reader *reader);

/* Begins a PNG of 8 bits: of 1 sample, an index into `palette`, 256 RGB triples, or grey where that is NULL;
 * of 3 samples, R, G, B.
 * What is encoded is added to `output`, which the caller may empty, by setting its size to 0, between
 * calls, and frees after the writer is closed. On an error *writer is NULL. */
fcncodec_status fcncodec_open_writer(uint32_t width, uint32_t height, int samples,
                                     const uint8_t *palette, fcncodec_output *output,
                                     fcncodec_writer **writer, char *message);

/* Encodes the next `count` rows of width × samples bytes, of which as many must be left; after the last, the
 * end. */
fcncodec_status fcncodec_write_rows(fcncodec_writer *writer, uint32_t count,
                                    const uint8_t *values, char *message);

void fcncodec_close_writer(fcncodec_writer *writer);

#endif
