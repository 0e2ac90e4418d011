#include "kernel.cuh"

// Bytes of pictures to the network's input: (value - mean) · scale, zeros at the right, at the bottom
// and in the channels after the last.
FCN_KERNEL(preprocess, FCN_THREADS, fcn_preprocess_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const fcn_picture picture = pointer<const fcn_picture>(p.pictures)[at.n];
  float values[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  if (at.channel == 0 && at.y < picture.height && at.x < picture.width) {
    const uint8_t *pixel = pointer<const uint8_t>(p.pictures) + picture.offset +
                           (int64_t)at.y * picture.row_stride +
                           (int64_t)at.x * picture.pixel_bytes;
    float red = pixel[picture.red], green = pixel[picture.green], blue = pixel[picture.blue];
    if (p.order == 2) {
      values[0] = (0.299f * red + 0.587f * green + 0.114f * blue - p.mean[0]) * p.scale[0];
    } else {
      values[0] = ((p.order == 0 ? red : blue) - p.mean[0]) * p.scale[0];
      values[1] = (green - p.mean[1]) * p.scale[1];
      values[2] = ((p.order == 0 ? blue : red) - p.mean[2]) * p.scale[2];
    }
  }
  store_eight(element<OUTPUT>(p.output, at), values);
}
