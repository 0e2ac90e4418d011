/* libtiff, which is loaded when the first TIFF is opened: programs that read none do without it.
 *
 * What is declared here is its interface as libtiff.so.6 has it (4.5 and later). Earlier ones,
 * libtiff.so.5, report errors through handlers that the whole process shares, which are the host's and not
 * ours to set. */
#ifndef FCNCODEC_TIFF_LIBRARY_H
#define FCNCODEC_TIFF_LIBRARY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"

/* TIFF, TIFFOpenOptions. */
typedef struct fcncodec_tiff_file fcncodec_tiff_file;
typedef struct fcncodec_tiff_options fcncodec_tiff_options;

typedef int (*fcncodec_tiff_handler)(fcncodec_tiff_file *file, void *context, const char *module,
                                     const char *format, va_list values);

/* Each is libtiff's function of the same name. tmsize_t is ptrdiff_t, toff_t uint64_t. */
typedef struct {
  fcncodec_tiff_options *(*TIFFOpenOptionsAlloc)(void);
  void (*TIFFOpenOptionsFree)(fcncodec_tiff_options *);
  void (*TIFFOpenOptionsSetMaxSingleMemAlloc)(fcncodec_tiff_options *, ptrdiff_t);
  void (*TIFFOpenOptionsSetErrorHandlerExtR)(fcncodec_tiff_options *, fcncodec_tiff_handler,
                                             void *);
  void (*TIFFOpenOptionsSetWarningHandlerExtR)(fcncodec_tiff_options *, fcncodec_tiff_handler,
                                               void *);
  fcncodec_tiff_file *(*TIFFClientOpenExt)(
      const char *name, const char *mode, void *context,
      ptrdiff_t (*read)(void *, void *, ptrdiff_t), ptrdiff_t (*write)(void *, void *, ptrdiff_t),
      uint64_t (*seek)(void *, uint64_t, int), int (*close)(void *), uint64_t (*size)(void *),
      int (*map)(void *, void **, uint64_t *), void (*unmap)(void *, void *, uint64_t),
      fcncodec_tiff_options *);
  void (*TIFFClose)(fcncodec_tiff_file *);
  int (*TIFFGetField)(fcncodec_tiff_file *, uint32_t tag, ...);
  int (*TIFFGetFieldDefaulted)(fcncodec_tiff_file *, uint32_t tag, ...);
  int (*TIFFSetField)(fcncodec_tiff_file *, uint32_t tag, ...);
  int (*TIFFIsTiled)(fcncodec_tiff_file *);
  ptrdiff_t (*TIFFScanlineSize)(fcncodec_tiff_file *);
  ptrdiff_t (*TIFFTileSize)(fcncodec_tiff_file *);
  uint32_t (*TIFFComputeTile)(fcncodec_tiff_file *, uint32_t x, uint32_t y, uint32_t z,
                              uint16_t sample);
  int (*TIFFReadScanline)(fcncodec_tiff_file *, void *row, uint32_t y, uint16_t sample);
  ptrdiff_t (*TIFFReadEncodedTile)(fcncodec_tiff_file *, uint32_t tile, void *pixels,
                                   ptrdiff_t size);
} fcncodec_tiff_library;

/* The library; NULL, with what to do in `message`, where it cannot be loaded. */
const fcncodec_tiff_library *fcncodec_load_tiff(char *message);

#endif
