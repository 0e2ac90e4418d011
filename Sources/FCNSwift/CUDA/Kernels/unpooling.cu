// Which place of its window a pool takes, and values put back there: see MaxPoolIndices and MaxUnpool.
#include "kernel.cuh"

// The first of a window's largest values; a NaN is largest.
FCN_KERNEL(max_pool_indices, FCN_THREADS, fcn_pool_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int top = at.y * p.kernel.h, left = at.x * p.kernel.w;
  float largest[8], places[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  load_eight(largest, element<const INPUT>(p.input, at.n, top, left, at.channel));
  for (int j = 0; j < p.kernel.h; j++) {
    for (int k = 0; k < p.kernel.w; k++) {
      float values[8];
      load_eight(values, element<const INPUT>(p.input, at.n, top + j, left + k, at.channel));
      for (int i = 0; i < 8; i++) {
        if (!is_larger(values[i], largest[i])) continue;
        largest[i] = values[i], places[i] = (float)(j * p.kernel.w + k);
      }
    }
  }
  store_eight(element<OUTPUT>(p.output, at), places);
}

FCN_KERNEL(max_unpool, FCN_THREADS, fcn_unpool_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  int y = at.y / p.kernel.h, x = at.x / p.kernel.w;
  float own = (float)(at.y % p.kernel.h * p.kernel.w + at.x % p.kernel.w);
  float values[8], places[8];
  load_eight(values, element<const INPUT>(p.values, at.n, y, x, at.channel));
  load_eight(places, element<const INPUT>(p.places, at.n, y, x, at.channel));
  for (int i = 0; i < 8; i++) values[i] = places[i] == own ? values[i] : 0;
  store_eight(element<OUTPUT>(p.output, at), values);
}

// What is no place of its window went nowhere, and has no gradient.
FCN_KERNEL(max_unpool_gradient, FCN_THREADS, fcn_unpool_call) {
  Place at;
  if (!find_place(at, p.values)) return;
  int count = p.kernel.h * p.kernel.w;
  float places[8], gradients[8];
  load_eight(places, element<const INPUT>(p.places, at));
  for (int i = 0; i < 8; i++) {
    gradients[i] = 0;
    if (!(places[i] >= 0 && places[i] < count)) continue;
    int place = (int)places[i];
    if (place != places[i]) continue;
    int y = at.y * p.kernel.h + place / p.kernel.w, x = at.x * p.kernel.w + place % p.kernel.w;
    gradients[i] = widened(*element<const INPUT>(p.output, at.n, y, x, at.channel + i));
  }
  store_eight(element<OUTPUT>(p.values, at), gradients);
}
