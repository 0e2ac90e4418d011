#include "tiff_library.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Once loaded it stays. */
static _Atomic(fcncodec_tiff_library *) loaded;

/* Function pointers are as wide as those to data wherever there is dlsym. */
#define FIND(name) \
  (symbol = dlsym(handle, #name), memcpy(&library->name, &symbol, sizeof symbol), symbol != NULL)

static int find_functions(void *handle, fcncodec_tiff_library *library) {
  void *symbol;
  return FIND(TIFFOpenOptionsAlloc) && FIND(TIFFOpenOptionsFree) &&
         FIND(TIFFOpenOptionsSetMaxSingleMemAlloc) && FIND(TIFFOpenOptionsSetErrorHandlerExtR) &&
         FIND(TIFFOpenOptionsSetWarningHandlerExtR) && FIND(TIFFClientOpenExt) &&
         FIND(TIFFClose) && FIND(TIFFGetField) && FIND(TIFFGetFieldDefaulted) &&
         FIND(TIFFSetField) && FIND(TIFFIsTiled) && FIND(TIFFScanlineSize) &&
         FIND(TIFFTileSize) && FIND(TIFFComputeTile) && FIND(TIFFReadScanline) &&
         FIND(TIFFReadEncodedTile);
}

const fcncodec_tiff_library *fcncodec_load_tiff(char *message) {
  fcncodec_tiff_library *known = atomic_load(&loaded);
  if (known) return known;
  void *handle = dlopen("libtiff.so.6", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    fcncodec_say(message,
                 "TIFFs are read through libtiff.so.6, which is not there; install libtiff 4.5 or "
                 "later (apt-get install libtiff6), or convert the picture to PNG");
    return NULL;
  }
  fcncodec_tiff_library *library = calloc(1, sizeof *library);
  if (!library || !find_functions(handle, library)) {
    fcncodec_say(message, library ? "libtiff.so.6 lacks a function that 4.5 has; install it anew"
                                  : "no memory for a TIFF reader");
    free(library);
    dlclose(handle);
    return NULL;
  }
  /* Where two threads come at a time, the second's finds are the same. */
  if (atomic_compare_exchange_strong(&loaded, &known, library)) return library;
  free(library);
  dlclose(handle);
  return known;
}
