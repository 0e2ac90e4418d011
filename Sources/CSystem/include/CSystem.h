#ifndef CSYSTEM_H
#define CSYSTEM_H

#include <stdint.h>

/* Cores that the process's affinity mask leaves it, at least 1. Behind a GNU-only declaration that
   Swift's Glibc module does not show. */
int32_t fcn_available_cores(void);

#endif
