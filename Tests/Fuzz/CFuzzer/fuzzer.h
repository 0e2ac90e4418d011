#include <stddef.h>
#include <stdint.h>

/* Of libFuzzer: changes the first `size` of `most` bytes, says how many there are then. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
