#include "kernel.cuh"

// The largest value under each window; the padding holds none, and a NaN is largest.
FCN_KERNEL(max_pool, FCN_THREADS, fcn_pool_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int top = at.y * p.stride.h - p.padding.h, left = at.x * p.stride.w - p.padding.w;
  int bottom = min(top + p.kernel.h, p.input.height);
  int right = min(left + p.kernel.w, p.input.width);
  top = max(top, 0), left = max(left, 0);
  float largest[8];
  load_eight(largest, element<const INPUT>(p.input, at.n, top, left, at.channel));
  for (int y = top; y < bottom; y++) {
    for (int x = left; x < right; x++) {
      float values[8];
      load_eight(values, element<const INPUT>(p.input, at.n, y, x, at.channel));
      for (int i = 0; i < 8; i++) {
        if (!(values[i] <= largest[i]) && !isnan(largest[i])) largest[i] = values[i];
      }
    }
  }
  store_eight(element<OUTPUT>(p.output, at), largest);
}
