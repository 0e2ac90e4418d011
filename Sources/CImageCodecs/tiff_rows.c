#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "tiff_call.h"

/* Strips are decoded row by row, so that a strip may be the whole picture; tiles a row of tiles at a
 * time. */
typedef struct {
  fcncodec_reader reader;
  fcncodec_tiff_layout layout;
  /* A plane of its own wants a decoder of its own, for each goes from the top to the bottom. */
  fcncodec_tiff_call calls[3];
  int planes;
  /* A row of samples, or a tile, of each plane. */
  uint8_t *samples;
  size_t plane_size;
  /* R, G, B of a row of tiles, from the picture's row `band_start`; none in strips. */
  uint8_t *band;
  uint32_t band_start, band_rows;
  fcncodec_status status;
} tiff_reader;

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static uint32_t rows_of_band(const tiff_reader *own) {
  return least(own->layout.tile_height, own->layout.height);
}

static uint64_t held(const fcncodec_reader *reader) {
  const tiff_reader *own = (const tiff_reader *)reader;
  return (uint64_t)own->plane_size * own->planes +
         (uint64_t)rows_of_band(own) * own->layout.width * 3;
}

/* Makes R, G, B of `count` pixels. */
static void convert(const tiff_reader *own, const uint8_t *samples, size_t count, uint8_t *rgb) {
  const fcncodec_tiff_layout *layout = &own->layout;
  size_t step = layout->is_separate ? 1 : layout->samples;
  if (layout->has_palette) {
    for (size_t i = 0; i < count; i++)
      memcpy(rgb + 3 * i, layout->palette + 3 * samples[i * step], 3);
    return;
  }
  size_t next = layout->colours == 1 ? 0 : layout->is_separate ? own->plane_size : 1;
  const uint8_t *green = samples + next, *blue = green + next;
  uint8_t change = layout->is_inverted ? 0xff : 0;
  for (size_t i = 0; i < count; i++) {
    rgb[3 * i] = samples[i * step] ^ change;
    rgb[3 * i + 1] = green[i * step] ^ change;
    rgb[3 * i + 2] = blue[i * step] ^ change;
  }
}

/* libtiff says that all is well of data that ends before its row does: then the rest is black, and nothing
   that happened to be in memory. */
static uint8_t *emptied(tiff_reader *own, int plane) {
  return memset(own->samples + plane * own->plane_size, 0, own->plane_size);
}

static int decode_row(tiff_reader *own, uint32_t y, uint8_t *rgb) {
  for (int plane = 0; plane < own->planes; plane++) {
    fcncodec_tiff_call *call = &own->calls[plane];
    uint8_t *samples = emptied(own, plane);
    if (call->library->TIFFReadScanline(call->file, samples, y, plane) != 1 || call->has_failed)
      return 0;
  }
  convert(own, own->samples, own->layout.width, rgb);
  return 1;
}

/* The row of tiles that has the picture's row `y`. */
static int decode_band(tiff_reader *own, uint32_t y) {
  const fcncodec_tiff_layout *layout = &own->layout;
  fcncodec_tiff_call *call = &own->calls[0];
  uint32_t start = y / layout->tile_height * layout->tile_height;
  uint32_t rows = least(layout->height - start, layout->tile_height);
  for (uint32_t x = 0; x < layout->width; x += layout->tile_width) {
    for (int plane = 0; plane < own->planes; plane++) {
      uint32_t tile = call->library->TIFFComputeTile(call->file, x, start, 0, plane);
      uint8_t *samples = emptied(own, plane);
      ptrdiff_t size = (ptrdiff_t)own->plane_size;
      if (call->library->TIFFReadEncodedTile(call->file, tile, samples, size) != size ||
          call->has_failed)
        return 0;
    }
    uint32_t columns = least(layout->width - x, layout->tile_width);
    size_t stride = (size_t)layout->tile_width * (layout->is_separate ? 1 : layout->samples);
    for (uint32_t row = 0; row < rows; row++)
      convert(own, own->samples + row * stride, columns,
              own->band + ((size_t)row * layout->width + x) * 3);
  }
  own->band_start = start;
  own->band_rows = rows;
  return 1;
}

static int reserve(tiff_reader *own) {
  if (!own->samples) own->samples = malloc(own->plane_size * own->planes);
  if (own->layout.tile_height && !own->band)
    own->band = malloc((size_t)rows_of_band(own) * own->layout.width * 3);
  return own->samples && (own->band || !own->layout.tile_height);
}

static fcncodec_status decode(tiff_reader *own, uint32_t first, uint32_t count, uint8_t *rgb) {
  size_t stride = (size_t)own->layout.width * 3;
  for (uint32_t i = 0; i < count; i++, rgb += stride) {
    uint32_t y = first + i;
    if (!own->layout.tile_height) {
      if (!decode_row(own, y, rgb)) return FCNCODEC_CORRUPT;
      continue;
    }
    if (y - own->band_start >= own->band_rows && !decode_band(own, y)) return FCNCODEC_CORRUPT;
    memcpy(rgb, own->band + (y - own->band_start) * stride, stride);
  }
  return FCNCODEC_OK;
}

static fcncodec_status read_rows(fcncodec_reader *reader, uint32_t count, uint8_t *rgb,
                                 char *message) {
  tiff_reader *own = (tiff_reader *)reader;
  if (own->status != FCNCODEC_OK) return own->status;
  for (int plane = 0; plane < 3; plane++) {
    own->calls[plane].message = message;
    own->calls[plane].has_failed = 0;
  }
  if (!reserve(own)) {
    fcncodec_say(message, "no memory for its rows");
    return own->status = FCNCODEC_OUT_OF_MEMORY;
  }
  /* These rows are counted as read already. */
  uint32_t first = own->layout.height - reader->rows_left - count;
  own->status = decode(own, first, count, rgb);
  if (own->status != FCNCODEC_OK && !message[0])
    fcncodec_say(message, "the data cannot be decoded");
  return own->status;
}

/* Strips and tiles may lie anywhere: as much of the data as of the rows. */
static size_t position(const fcncodec_reader *reader) {
  const tiff_reader *own = (const tiff_reader *)reader;
  return (size_t)((double)own->calls[0].size / own->layout.height *
                  (own->layout.height - reader->rows_left));
}

static void close_reader(fcncodec_reader *reader) {
  tiff_reader *own = (tiff_reader *)reader;
  for (int plane = 0; plane < 3; plane++) fcncodec_tiff_close(&own->calls[plane]);
  free(own->samples);
  free(own->band);
  free(own);
}

static fcncodec_status open_plane(tiff_reader *own, int plane, fcncodec_tiff_layout *layout,
                                  const uint8_t *data, size_t size, char *message) {
  fcncodec_tiff_call *call = &own->calls[plane];
  *call = (fcncodec_tiff_call){.data = data, .size = size, .message = message};
  fcncodec_status status = fcncodec_tiff_open(call);
  return status == FCNCODEC_OK ? fcncodec_tiff_describe(call, layout) : status;
}

/* What libtiff takes a row or tile to be must be what is made of the layout. */
static fcncodec_status check_size(tiff_reader *own, char *message) {
  const fcncodec_tiff_layout *layout = &own->layout;
  fcncodec_tiff_call *call = &own->calls[0];
  uint64_t samples = layout->is_separate ? 1 : layout->samples;
  uint64_t wanted = layout->tile_height
                        ? (uint64_t)layout->tile_width * layout->tile_height * samples
                        : layout->width * samples;
  ptrdiff_t size = layout->tile_height ? call->library->TIFFTileSize(call->file)
                                       : call->library->TIFFScanlineSize(call->file);
  if (size <= 0 || (uint64_t)size != wanted) {
    if (!call->has_failed)
      fcncodec_say(message, "the samples are in an arrangement that is not known");
    return FCNCODEC_UNSUPPORTED;
  }
  own->plane_size = (size_t)wanted;
  return FCNCODEC_OK;
}

fcncodec_status fcncodec_open_tiff_reader(const uint8_t *data, size_t size,
                                          const fcncodec_header *header, fcncodec_reader **reader,
                                          char *message) {
  tiff_reader *own = calloc(1, sizeof *own);
  if (!own) {
    fcncodec_say(message, "no memory for a TIFF reader");
    return FCNCODEC_OUT_OF_MEMORY;
  }
  own->reader = (fcncodec_reader){header->height, read_rows, position, close_reader, held};
  *reader = &own->reader;
  fcncodec_status status = open_plane(own, 0, &own->layout, data, size, message);
  if (status != FCNCODEC_OK) return status;
  if (own->layout.width != header->width || own->layout.height != header->height) {
    fcncodec_say(message, "the size differs from the header's");
    return FCNCODEC_CORRUPT;
  }
  own->planes = own->layout.is_separate ? own->layout.colours : 1;
  for (int plane = 1; plane < own->planes && !own->layout.tile_height; plane++) {
    fcncodec_tiff_layout same;
    status = open_plane(own, plane, &same, data, size, message);
    if (status != FCNCODEC_OK) return status;
  }
  return check_size(own, message);
}

fcncodec_status fcncodec_tiff_header(const uint8_t *data, size_t size, fcncodec_header *header,
                                     char *message) {
  fcncodec_tiff_call call = {.data = data, .size = size, .message = message};
  fcncodec_tiff_layout layout;
  fcncodec_status status = fcncodec_tiff_open(&call);
  if (status == FCNCODEC_OK) status = fcncodec_tiff_describe(&call, &layout);
  fcncodec_tiff_close(&call);
  if (status != FCNCODEC_OK) return status;
  header->format = FCNCODEC_TIFF;
  header->width = layout.width;
  header->height = layout.height;
  header->samples = layout.samples;
  header->bits = 8;
  header->has_palette = layout.has_palette;
  header->orientation = layout.orientation;
  return FCNCODEC_OK;
}

fcncodec_status fcncodec_tiff_rgb(const uint8_t *data, size_t size, const fcncodec_header *header,
                                  uint8_t *rgb, char *message) {
  fcncodec_reader *reader = NULL;
  fcncodec_status status = fcncodec_open_reader(data, size, header, &reader, message);
  size_t stride = (size_t)header->width * 3;
  uint8_t *row = NULL;
  if (status == FCNCODEC_OK && !rgb && !(row = malloc(stride))) {
    fcncodec_say(message, "no memory for a row");
    status = FCNCODEC_OUT_OF_MEMORY;
  }
  if (rgb && status == FCNCODEC_OK) {
    status = fcncodec_read_rows(reader, header->height, rgb, message);
  } else {
    for (uint32_t y = 0; y < header->height && status == FCNCODEC_OK; y++)
      status = fcncodec_read_rows(reader, 1, row, message);
  }
  free(row);
  fcncodec_close_reader(reader);
  return status;
}
