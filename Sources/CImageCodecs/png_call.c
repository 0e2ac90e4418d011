#include "png_call.h"

#include <stdlib.h>
#include <string.h>

PNG_NORETURN static void fail(png_structp png, png_const_charp words) {
  png_call *call = png_get_error_ptr(png);
  if (call->status == FCNCODEC_OK)
    call->status = call->is_starved ? FCNCODEC_OUT_OF_MEMORY : FCNCODEC_CORRUPT;
  fcncodec_say(call->message, words);
  png_longjmp(png, 1);
}

/* Warnings are of ancillary chunks and of slips that do not change the picture. */
static void warn(png_structp png, png_const_charp words) {
  (void)png;
  (void)words;
}

static png_voidp allocate(png_structp png, png_alloc_size_t size) {
  void *memory = malloc(size);
  if (!memory) ((png_call *)png_get_mem_ptr(png))->is_starved = 1;
  return memory;
}

static void release(png_structp png, png_voidp memory) {
  (void)png;
  free(memory);
}

void fcncodec_png_create_reader(png_call *call) {
  call->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, call, fail, warn, call, allocate,
                                       release);
  if (call->png) call->info = png_create_info_struct(call->png);
}

void fcncodec_png_create_writer(png_call *call) {
  call->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, call, fail, warn, call, allocate,
                                        release);
  if (call->png) call->info = png_create_info_struct(call->png);
}

void fcncodec_png_fail(png_call *call, fcncodec_status status, const char *words) {
  call->status = status;
  png_error(call->png, words);
}

static void take(png_structp png, png_bytep bytes, size_t count) {
  png_call *call = png_get_io_ptr(png);
  if (count > call->size - call->position) png_error(png, "the data ends early");
  memcpy(bytes, call->data + call->position, count);
  call->position += count;
}

void fcncodec_png_open_reader(png_call *call) {
  png_set_read_fn(call->png, call, take);
  /* The caller limits width × height; libpng's own limits would only differ. */
  png_set_user_limits(call->png, 0x7fffffff, 0x7fffffff);
  /* All but IHDR, PLTE, tRNS, IDAT and IEND: gamma, profiles and texts have no part in the result, and
   * passing over them leaves nothing to decompress. */
  png_set_keep_unknown_chunks(call->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
  png_read_info(call->png, call->info);
}

void fcncodec_png_describe(png_call *call, fcncodec_header *header) {
  header->format = FCNCODEC_PNG;
  header->width = png_get_image_width(call->png, call->info);
  header->height = png_get_image_height(call->png, call->info);
  header->samples = png_get_channels(call->png, call->info);
  header->bits = png_get_bit_depth(call->png, call->info);
  header->has_palette = png_get_color_type(call->png, call->info) == PNG_COLOR_TYPE_PALETTE;
}

void fcncodec_png_want_rgb(png_call *call) {
  png_set_palette_to_rgb(call->png);
  png_set_expand_gray_1_2_4_to_8(call->png);
  png_set_scale_16(call->png);
  png_set_strip_alpha(call->png);
  png_set_gray_to_rgb(call->png);
}

static void put(png_structp png, png_bytep bytes, size_t count) {
  png_call *call = png_get_io_ptr(png);
  if (!fcncodec_reserve(call->output, count))
    fcncodec_png_fail(call, FCNCODEC_OUT_OF_MEMORY, "no memory for the encoded picture");
  memcpy(call->output->bytes + call->output->size, bytes, count);
  call->output->size += count;
}

static void flush(png_structp png) { (void)png; }

void fcncodec_png_open_writer(png_call *call, uint32_t width, uint32_t height, int colour,
                              const uint8_t *palette) {
  png_set_write_fn(call->png, call, put, flush);
  png_set_user_limits(call->png, 0x7fffffff, 0x7fffffff);
  png_set_IHDR(call->png, call->info, width, height, 8, colour, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (palette) {
    png_color colours[256];
    for (int i = 0; i < 256; i++)
      colours[i] = (png_color){palette[3 * i], palette[3 * i + 1], palette[3 * i + 2]};
    png_set_PLTE(call->png, call->info, colours, 256);
  }
  png_write_info(call->png, call->info);
}
