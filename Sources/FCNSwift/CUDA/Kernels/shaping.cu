// Values put elsewhere: lines added and cut off, channels laid out as pixels.
#include "kernel.cuh"

// The input's line that line `index` of a padded one copies; -1 where it holds a number.
__device__ __forceinline__ int padding_source(
    int index, int cut, int kept, int before, int filling) {
  int line = index - before;
  if (line >= 0 && line < kept) return cut + line;
  if (filling == FCN_PAD_CONSTANT) return -1;
  if (filling == FCN_PAD_EDGE) return cut + (line < 0 ? 0 : kept - 1);
  return cut + (line < 0 ? -line : 2 * (kept - 1) - line);
}

FCN_KERNEL(pad, FCN_THREADS, fcn_pad_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int y = padding_source(at.y, p.cut.h, p.kept.h, p.before.h, p.filling);
  int x = padding_source(at.x, p.cut.w, p.kept.w, p.before.w, p.filling);
  float values[8];
  if (y < 0 || x < 0) {
    for (int i = 0; i < 8; i++) values[i] = p.value;
    clear_beyond(values, at.channel, p.output.channels);
  } else {
    load_eight(values, element<const INPUT>(p.input, at.n, y, x, at.channel));
  }
  store_eight(element<OUTPUT>(p.output, at), values);
}

// The padded lines that copy one of the input's: some that follow each other, and mirrored ones, -1
// where there are none.
struct Copies {
  int first, end, above, below;

  __device__ int count() const { return end - first + 2; }
  __device__ int line(int index) const {
    return index == 0 ? above : index == 1 ? below : first + index - 2;
  }
};

__device__ __forceinline__ Copies padding_copies(
    int index, int cut, int kept, int before, int count, int filling) {
  Copies copies = {0, 0, -1, -1};
  int line = index - cut;
  if (line < 0 || line >= kept) return copies;
  copies.first = before + line, copies.end = copies.first + 1;
  if (filling == FCN_PAD_EDGE) {
    if (line == 0) copies.first = 0;
    if (line == kept - 1) copies.end = count;
  }
  if (filling == FCN_PAD_REFLECT) {
    if (line > 0 && line <= before) copies.above = before - line;
    int mirrored = before + 2 * (kept - 1) - line;
    if (line < kept - 1 && mirrored < count) copies.below = mirrored;
  }
  return copies;
}

FCN_KERNEL(pad_gradient, FCN_THREADS, fcn_pad_call) {
  Place at;
  if (!find_place(at, p.input)) return;
  Copies rows =
      padding_copies(at.y, p.cut.h, p.kept.h, p.before.h, p.output.height, p.filling);
  Copies columns =
      padding_copies(at.x, p.cut.w, p.kept.w, p.before.w, p.output.width, p.filling);
  float sums[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int j = 0; j < rows.count(); j++) {
    if (rows.line(j) < 0) continue;
    for (int k = 0; k < columns.count(); k++) {
      if (columns.line(k) < 0) continue;
      float gradients[8];
      load_eight(
          gradients,
          element<const INPUT>(p.output, at.n, rows.line(j), columns.line(k), at.channel));
      for (int i = 0; i < 8; i++) sums[i] += gradients[i];
    }
  }
  store_eight(element<INPUT>(p.input, at), sums);
}

// Channel c is the input's channel c / groups of group c % groups.
FCN_KERNEL(shuffle_channels, FCN_THREADS, fcn_regroup_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  const INPUT *pixel = element<const INPUT>(p.input, at.n, at.y, at.x, 0);
  int channels = p.output.channels;
  float values[8];
  for (int i = 0; i < 8; i++) {
    int c = at.channel + i;
    int source = c % p.groups * (channels / p.groups) + c / p.groups;
    values[i] = c < channels ? widened(pixel[source]) : 0;
  }
  store_eight(element<OUTPUT>(p.output, at), values);
}

// Either way: see DepthToSpace and SpaceToDepth.
FCN_KERNEL(shuffle, FCN_THREADS, fcn_shuffle_call) {
  Place at;
  if (!find_place(at, p.spreads ? p.wide : p.deep)) return;
  int block = p.block, square = block * block;
  float values[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  for (int i = 0; i < 8; i++) {
    int c = at.channel + i;
    if (p.spreads) {
      if (c >= p.wide.channels) break;
      int pixel = at.y % block * block + at.x % block;
      int channel = p.channels_first ? c * square + pixel : pixel * p.wide.channels + c;
      values[i] =
          widened(*element<const INPUT>(p.deep, at.n, at.y / block, at.x / block, channel));
    } else {
      if (c >= p.deep.channels) break;
      int pixel = p.channels_first ? c % square : c / p.wide.channels;
      int channel = p.channels_first ? c / square : c % p.wide.channels;
      values[i] = widened(*element<const INPUT>(
          p.wide, at.n, at.y * block + pixel / block, at.x * block + pixel % block, channel));
    }
  }
  store_eight(element<OUTPUT>(p.spreads ? p.wide : p.deep, at), values);
}
