#include "rows.h"

fcncodec_status fcncodec_open_reader(const uint8_t *data, size_t size,
                                     const fcncodec_header *header, fcncodec_reader **reader,
                                     char *message) {
  *reader = NULL;
  fcncodec_status status;
  switch (header->format) {
  case FCNCODEC_PNG: status = fcncodec_open_png_reader(data, size, header, reader, message); break;
  case FCNCODEC_JPEG: status = fcncodec_open_jpeg_reader(data, size, header, reader, message); break;
  default: status = fcncodec_open_tiff_reader(data, size, header, reader, message);
  }
  if (status != FCNCODEC_OK) {
    fcncodec_close_reader(*reader);
    *reader = NULL;
  }
  return status;
}

fcncodec_status fcncodec_read_rows(fcncodec_reader *reader, uint32_t count, uint8_t *rgb,
                                   char *message) {
  if (count > reader->rows_left) {
    fcncodec_say(message, "the picture has no more rows");
    return FCNCODEC_CORRUPT;
  }
  reader->rows_left -= count;
  return reader->read(reader, count, rgb, message);
}

uint64_t fcncodec_reader_memory(const fcncodec_reader *reader) {
  return reader->memory ? reader->memory(reader) : 0;
}

size_t fcncodec_reader_position(const fcncodec_reader *reader) {
  return reader->position(reader);
}

void fcncodec_close_reader(fcncodec_reader *reader) {
  if (reader) reader->close(reader);
}
