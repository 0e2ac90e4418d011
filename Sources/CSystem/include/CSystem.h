#ifndef CSYSTEM_H
#define CSYSTEM_H

#include <stdint.h>

/* Behind GNU-only declarations that Swift's Glibc module does not show. */

/* Cores that the process's affinity mask leaves it, at least 1. */
int32_t fcn_available_cores(void);

/* The file, with links followed, of the library or program that holds this code; NULL if the system
   does not tell. The caller frees it. */
char *fcn_code_path(void);

#endif
