// The compiler checks kernels for misaligned pointers, indices beyond arrays of known size, signed
// overflow, shifts by too much and division by zero, and calls these when it finds one.

#ifndef FAKE_CUDA_EMULATOR_CHECKS_H
#define FAKE_CUDA_EMULATOR_CHECKS_H

#define FAKE_CUDA_CHECK(check, text)                                                              \
  extern "C" __attribute__((noinline)) void __ubsan_handle_##check##_minimal_abort() {            \
    fake_cuda::fail(fake_cuda::block.current, text);                                              \
  }

FAKE_CUDA_CHECK(type_mismatch, "reads or writes at a misaligned address")
FAKE_CUDA_CHECK(out_of_bounds, "an index lies beyond its array")
FAKE_CUDA_CHECK(add_overflow, "a signed addition overflows")
FAKE_CUDA_CHECK(sub_overflow, "a signed subtraction overflows")
FAKE_CUDA_CHECK(mul_overflow, "a signed multiplication overflows")
FAKE_CUDA_CHECK(negate_overflow, "a signed negation overflows")
FAKE_CUDA_CHECK(divrem_overflow, "a division by zero, or one that overflows")
FAKE_CUDA_CHECK(shift_out_of_bounds, "a shift by more bits than there are")

#undef FAKE_CUDA_CHECK

#endif
