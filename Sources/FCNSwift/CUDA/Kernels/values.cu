// Functions of single values that are no activations, and so are never done with another layer.
#include "kernel.cuh"

// As the reference form has it: roots and products where the exponent asks for those.
__device__ __forceinline__ float power(float x, float exponent) {
  if (exponent == 0.5f) return sqrtf(x);
  if (exponent == -0.5f) return 1 / sqrtf(x);
  if (exponent == -1) return 1 / x;
  if (exponent == 2) return x * x;
  if (exponent == 3) return x * x * x;
  return powf(x, exponent);
}

FCN_KERNEL(value, FCN_THREADS, fcn_value_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8];
  load_eight(values, element<const INPUT>(p.input, at));
  for (int i = 0; i < 8; i++) {
    values[i] = p.function == FCN_POWER ? power(values[i], p.exponent) : erff(values[i]);
  }
  clear_beyond(values, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), values);
}

FCN_KERNEL(value_gradient, FCN_THREADS, fcn_value_call) {
  Place at;
  if (!find_place(at, p.output)) return;
  float values[8], gradients[8];
  load_eight(values, element<const INPUT>(p.input, at));
  load_eight(gradients, element<const INPUT>(p.gradient, at));
  for (int i = 0; i < 8; i++) {
    // 2 / √π.
    gradients[i] *= p.function == FCN_POWER ? p.exponent * powf(values[i], p.exponent - 1)
                                            : 1.12837917f * expf(-values[i] * values[i]);
  }
  clear_beyond(gradients, at.channel, p.output.channels);
  store_eight(element<OUTPUT>(p.output, at), gradients);
}
