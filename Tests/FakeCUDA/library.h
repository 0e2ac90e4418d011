/* What the fake cuDNN and the fake cuBLASLt share: failures to order, and elements. Each has its
   own copy. */

#ifndef FAKE_CUDA_LIBRARY_H
#define FAKE_CUDA_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_api.h"

/* What they ask of the driver in their own folder. */
typedef struct {
  CUresult (*get_current)(CUcontext *context);
  CUresult (*synchronize)(void);
  CUresult (*is_capturing)(CUstream stream, CUstreamCaptureStatus *status);
  CUresult (*enqueue)(
      CUstream stream, void (*run)(const void *parameters), const void *parameters, size_t bytes);
  int (*holds)(CUdeviceptr start, size_t bytes);
} Driver;

const Driver *driver(void);

/* Counts the call; what it was told to fail with. */
int library_failure(const char *call);
void order_library_failure(const char *call, int nth, int status);
unsigned long library_calls(const char *call);

/* Aborts unless the range lies in one allocation: the real library would read or write whatever
   there is. */
void require_device_memory(const char *who, uint64_t start, size_t bytes);

enum { FLOAT32 = 0, FLOAT16 = 1, BFLOAT16 = 2 };

static inline size_t element_bytes(int element) { return element == FLOAT32 ? 4 : 2; }

static inline float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* To `kept` bits of the mantissa, ties to even. */
static inline float rounded_to(float value, int kept) {
  uint32_t bits = float_to_bits(value), unit = 1u << (23 - kept);
  if (value != value) return value;
  bits += unit / 2 - 1 + (bits / unit & 1);
  return bits_to_float(bits & ~(unit - 1));
}

static inline float element_at(const void *base, int element, int64_t index) {
  uint16_t bits;
  if (element == FLOAT32) return ((const float *)base)[index];
  bits = ((const uint16_t *)base)[index];
  if (element == BFLOAT16) return bits_to_float((uint32_t)bits << 16);
  uint32_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
  if (exponent == 31) return bits_to_float(sign | 0x7F800000 | mantissa << 13);
  float value = exponent ? bits_to_float((exponent + 112) << 23 | mantissa << 13)
                         : (float)mantissa * 0x1p-24f;
  return sign ? -value : value;
}

static inline uint16_t float16_bits(float value) {
  uint32_t bits = float_to_bits(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return (uint16_t)(sign | 0x7E00);
  if (magnitude < 0x38800000) {
    /* Below the least normal one: a multiple of 2^-24, which adding and taking off rounds to. */
    float shifted = bits_to_float(magnitude) + 0.5f;
    return (uint16_t)(sign | (float_to_bits(shifted) - 0x3F000000));
  }
  float rounded = rounded_to(bits_to_float(magnitude), 10);
  if (rounded >= 65536) return (uint16_t)(sign | 0x7C00);
  return (uint16_t)(sign | (float_to_bits(rounded) - 0x38000000) >> 13);
}

static inline void set_element(void *base, int element, int64_t index, float value) {
  if (element == FLOAT32) {
    ((float *)base)[index] = value;
  } else if (element == FLOAT16) {
    ((uint16_t *)base)[index] = float16_bits(value);
  } else {
    uint32_t bits = float_to_bits(rounded_to(value, 7));
    ((uint16_t *)base)[index] = (uint16_t)(bits >> 16);
  }
}

#endif
