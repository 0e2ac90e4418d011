#ifndef CSYSTEM_H
#define CSYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/* Behind GNU-only declarations that Swift's Glibc module does not show. */

/* Cores that the process's affinity mask leaves it, at least 1. */
int32_t fcn_available_cores(void);

/* The file, with links followed, of the library or program that holds this code; NULL if the system
   does not tell. The caller frees it. */
char *fcn_code_path(void);

/* The same of the code at `address`. */
char *fcn_path_of_code(void *address);

/* The flag O_PATH: a file or folder is opened as a place alone, for which no right to read it is
   needed. */
int32_t fcn_open_as_place(void);

/* The widest x86 instruction set that the processor and the system offer: 3 for AVX2 with FMA
   (x86-64-v3), 4 for AVX-512 with F, BW, CD, DQ and VL (x86-64-v4), else 1. */
int32_t fcn_x86_level(void);

/* Whether the processor has the fourth level and AVX512-VNNI. */
bool fcn_x86_has_vnni(void);

/* Whether it besides has AVX512-BF16. */
bool fcn_x86_has_bfloats(void);

/* Whether the processor besides has AMX with products of bytes, and the system lets this process use it,
   which this asks for: registers of tiles are 8 KiB more for every thread that uses them. */
bool fcn_x86_may_use_tiles(void);

/* The commit that this was built from; NULL if the build did not say. */
const char *fcn_commit(void);

/* The version of the C library that runs, such as 2.36. */
const char *fcn_c_library_version(void);

/* Has this thread compute as all of ours do, whatever its creator had: numbers below the least normal one
   count as 0, in operands and results, results are rounded to nearest, nothing traps. Returns how it
   computed before, for fcn_end_arithmetic. */
uint64_t fcn_begin_arithmetic(void);
void fcn_end_arithmetic(uint64_t before);

/* Bytes of the second-level cache of a core; 0 if the system does not tell. */
int64_t fcn_second_level_cache(void);

#endif
