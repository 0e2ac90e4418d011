#include "tiff_call.h"

#include <stdio.h>
#include <string.h>

/* Tags and values of TIFF 6.0, and libtiff's own beyond 65536. */
enum {
  SUBFILE_TYPE = 254,
  IMAGE_WIDTH = 256,
  IMAGE_LENGTH = 257,
  BITS_PER_SAMPLE = 258,
  COMPRESSION = 259,
  PHOTOMETRIC = 262,
  ORIENTATION = 274,
  SAMPLES_PER_PIXEL = 277,
  PLANAR_CONFIGURATION = 284,
  COLOR_MAP = 320,
  TILE_WIDTH = 322,
  TILE_LENGTH = 323,
  SAMPLE_FORMAT = 339,
  JPEG_COLOR_MODE = 65538
};
enum { MIN_IS_WHITE = 0, MIN_IS_BLACK = 1, RGB = 2, PALETTE = 3, YCBCR = 6, COLOUR_FILTER = 32803 };
enum {
  NONE = 1,
  LZW = 5,
  JPEG = 7,
  ADOBE_DEFLATE = 8,
  PACK_BITS = 32773,
  DEFLATE = 32946,
  ZSTD = 50000
};

/* The most that libtiff may take at a time, for the places of strips say: no file that is read needs
 * more. */
static const ptrdiff_t largest_allocation = 1 << 26;

static ptrdiff_t take(void *context, void *bytes, ptrdiff_t count) {
  fcncodec_tiff_call *call = context;
  if (count < 0 || call->position > call->size) return 0;
  size_t left = call->size - call->position;
  size_t taken = (size_t)count < left ? (size_t)count : left;
  memcpy(bytes, call->data + call->position, taken);
  call->position += taken;
  return (ptrdiff_t)taken;
}

static ptrdiff_t put(void *context, void *bytes, ptrdiff_t count) {
  (void)context, (void)bytes, (void)count;
  return 0;
}

static uint64_t seek(void *context, uint64_t offset, int from) {
  fcncodec_tiff_call *call = context;
  uint64_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? call->position : call->size;
  return call->position = base + offset;
}

static int leave(void *context) {
  (void)context;
  return 0;
}

static uint64_t length(void *context) { return ((fcncodec_tiff_call *)context)->size; }

static int map(void *context, void **base, uint64_t *size) {
  fcncodec_tiff_call *call = context;
  *base = (void *)call->data;
  *size = call->size;
  return 1;
}

static void unmap(void *context, void *base, uint64_t size) {
  (void)context, (void)base, (void)size;
}

/* The first error is nearest to what is wrong. */
static int hear_error(fcncodec_tiff_file *file, void *context, const char *module,
                      const char *format, va_list values) {
  (void)file, (void)module;
  fcncodec_tiff_call *call = context;
  if (call->has_failed) return 1;
  call->has_failed = 1;
  vsnprintf(call->message, FCNCODEC_MESSAGE_SIZE, format, values);
  size_t count = strlen(call->message);
  while (count && (call->message[count - 1] == '.' || call->message[count - 1] == '\n'))
    call->message[--count] = 0;
  return 1;
}

/* Warnings are of tags that are not known and the like. libjpeg's are also of pixels that it invents
 * where the data is cut or damaged, which here is an error; bytes too many between segments are none. */
static int hear_warning(fcncodec_tiff_file *file, void *context, const char *module,
                        const char *format, va_list values) {
  if (!module || strcmp(module, "JPEGLib") != 0) return 1;
  char words[FCNCODEC_MESSAGE_SIZE];
  va_list copy;
  va_copy(copy, values);
  vsnprintf(words, sizeof words, format, copy);
  va_end(copy);
  int is_damage = strncmp(words, "Premature", 9) == 0 || strncmp(words, "Inconsistent", 12) == 0 ||
                  (strncmp(words, "Corrupt", 7) == 0 && !strstr(words, "extraneous"));
  return is_damage ? hear_error(file, context, module, format, values) : 1;
}

fcncodec_status fcncodec_tiff_open(fcncodec_tiff_call *call) {
  const fcncodec_tiff_library *library = fcncodec_load_tiff(call->message);
  if (!library) return FCNCODEC_UNSUPPORTED;
  call->library = library;
  fcncodec_tiff_options *options = library->TIFFOpenOptionsAlloc();
  if (!options) {
    fcncodec_say(call->message, "no memory for a TIFF reader");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  library->TIFFOpenOptionsSetMaxSingleMemAlloc(options, largest_allocation);
  library->TIFFOpenOptionsSetErrorHandlerExtR(options, hear_error, call);
  library->TIFFOpenOptionsSetWarningHandlerExtR(options, hear_warning, call);
  call->file = library->TIFFClientOpenExt("picture", "r", call, take, put, seek, leave, length,
                                          map, unmap, options);
  library->TIFFOpenOptionsFree(options);
  if (call->file) return FCNCODEC_OK;
  if (!call->has_failed) fcncodec_say(call->message, "it cannot be opened");
  return FCNCODEC_CORRUPT;
}

void fcncodec_tiff_close(fcncodec_tiff_call *call) {
  if (call->file) call->library->TIFFClose(call->file);
  call->file = NULL;
}

static fcncodec_status refuse(fcncodec_tiff_call *call, const char *format, unsigned value) {
  snprintf(call->message, FCNCODEC_MESSAGE_SIZE, format, value);
  return FCNCODEC_UNSUPPORTED;
}

static uint16_t short_field(fcncodec_tiff_call *call, uint32_t tag, uint16_t otherwise) {
  uint16_t value = 0;
  return call->library->TIFFGetFieldDefaulted(call->file, tag, &value) ? value : otherwise;
}

static uint32_t long_field(fcncodec_tiff_call *call, uint32_t tag) {
  uint32_t value = 0;
  return call->library->TIFFGetField(call->file, tag, &value) ? value : 0;
}

/* The most samples that a byte of the file can become, or a little more. */
static uint64_t largest_ratio(uint16_t compression) {
  switch (compression) {
  case NONE: return 1;
  case PACK_BITS: return 64;
  case ZSTD: return 1 << 16;
  default: return 1 << 12;
  }
}

static fcncodec_status describe_compression(fcncodec_tiff_call *call,
                                            const fcncodec_tiff_layout *layout,
                                            uint16_t photometric) {
  uint16_t compression = short_field(call, COMPRESSION, NONE);
  switch (compression) {
  case NONE: case LZW: case JPEG: case ADOBE_DEFLATE: case PACK_BITS: case DEFLATE: case ZSTD:
    break;
  default:
    return refuse(call,
                  "its compression is number %u; none, LZW, Deflate, JPEG, PackBits and Zstandard "
                  "are read",
                  compression);
  }
  if (photometric == YCBCR) {
    if (compression != JPEG)
      return refuse(call,
                    "it stores luminance and colour (photometric %u) outside of JPEG; convert it "
                    "to RGB",
                    photometric);
    call->library->TIFFSetField(call->file, JPEG_COLOR_MODE, 1);
  }
  /* A file too short for its own size is not worth the memory that it asks for. */
  double samples = (double)layout->width * layout->height * layout->samples;
  if (samples > (double)largest_ratio(compression) * call->size) {
    fcncodec_say(call->message, "it claims more pixels than its bytes can hold; get a whole copy");
    return FCNCODEC_CORRUPT;
  }
  return FCNCODEC_OK;
}

static fcncodec_status describe_palette(fcncodec_tiff_call *call, fcncodec_tiff_layout *layout) {
  uint16_t *map[3] = {NULL, NULL, NULL};
  if (!call->library->TIFFGetField(call->file, COLOR_MAP, &map[0], &map[1], &map[2]) || !map[0] ||
      !map[1] || !map[2]) {
    fcncodec_say(call->message, "it has no palette, though its pixels are indices into one");
    return FCNCODEC_CORRUPT;
  }
  for (int i = 0; i < 256; i++)
    for (int c = 0; c < 3; c++) layout->palette[3 * i + c] = map[c][i] >> 8;
  return FCNCODEC_OK;
}

static fcncodec_status describe_tiles(fcncodec_tiff_call *call, fcncodec_tiff_layout *layout) {
  if (!call->library->TIFFIsTiled(call->file)) return FCNCODEC_OK;
  layout->tile_width = long_field(call, TILE_WIDTH);
  layout->tile_height = long_field(call, TILE_LENGTH);
  uint64_t width = layout->tile_width, height = layout->tile_height;
  if (layout->tile_width == 0 || layout->tile_height == 0) {
    fcncodec_say(call->message, "its tiles have no pixels");
    return FCNCODEC_CORRUPT;
  }
  uint64_t own = layout->is_separate ? 1 : layout->samples;
  if (width > 1 << 20 || height > 1 << 20 || width * height * own > 1 << 26) {
    snprintf(call->message, FCNCODEC_MESSAGE_SIZE,
             "its tiles have %u×%u pixels; at most 64 MiB a tile are read", layout->tile_width,
             layout->tile_height);
    return FCNCODEC_UNSUPPORTED;
  }
  return FCNCODEC_OK;
}

fcncodec_status fcncodec_tiff_describe(fcncodec_tiff_call *call, fcncodec_tiff_layout *layout) {
  memset(layout, 0, sizeof *layout);
  layout->width = long_field(call, IMAGE_WIDTH);
  layout->height = long_field(call, IMAGE_LENGTH);
  layout->samples = short_field(call, SAMPLES_PER_PIXEL, 1);
  layout->is_separate = short_field(call, PLANAR_CONFIGURATION, 1) == 2 && layout->samples > 1;
  layout->orientation = short_field(call, ORIENTATION, 1);
  uint16_t bits = short_field(call, BITS_PER_SAMPLE, 1);
  uint16_t format = short_field(call, SAMPLE_FORMAT, 1);
  uint16_t photometric =
      short_field(call, PHOTOMETRIC, layout->samples >= 3 ? RGB : MIN_IS_BLACK);
  if (layout->width == 0 || layout->height == 0 || layout->samples == 0) {
    fcncodec_say(call->message, "it has no pixels");
    return FCNCODEC_CORRUPT;
  }
  if (layout->width > 0x7fffffff || layout->height > 0x7fffffff)
    return refuse(call, "its sides are beyond %u pixels", 0x7fffffff);
  if (photometric == COLOUR_FILTER || (long_field(call, SUBFILE_TYPE) & 1))
    return refuse(call,
                  "it is a camera's raw picture, or begins with a small copy; develop it first", 0);
  if (bits != 8)
    return refuse(call,
                  "its samples have %u bits; those of 8 are read, so convert it, with the range of "
                  "values that is meant",
                  bits);
  if (format != 1 && format != 4)
    return refuse(call,
                  "its samples are signed or floating-point (format %u); unsigned ones are read",
                  format);
  if (layout->samples > 16)
    return refuse(call,
                  "its pixels have %u samples; up to 16 are read, of which grey or RGB come first",
                  layout->samples);
  layout->colours = photometric == RGB || photometric == YCBCR ? 3 : 1;
  if (layout->samples < layout->colours)
    return refuse(call, "its pixels have %u samples, too few for colours", layout->samples);
  layout->has_palette = photometric == PALETTE;
  layout->is_inverted = photometric == MIN_IS_WHITE;
  fcncodec_status status = FCNCODEC_OK;
  switch (photometric) {
  case MIN_IS_WHITE: case MIN_IS_BLACK: case RGB: case YCBCR: break;
  case PALETTE: status = describe_palette(call, layout); break;
  default:
    return refuse(call, "its colours are of kind %u; grey, RGB, palettes and JPEG's are read",
                  photometric);
  }
  if (status == FCNCODEC_OK) status = describe_tiles(call, layout);
  if (status == FCNCODEC_OK) status = describe_compression(call, layout, photometric);
  return status;
}
