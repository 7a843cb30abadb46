#ifndef PARALLELISM_FRAMEWORKS_SHELL_ARITHMETIC_H
#define PARALLELISM_FRAMEWORKS_SHELL_ARITHMETIC_H
#include "parallelism/frameworks/shell_variables.h"
#include <stdint.h>

/* The value of what stands in $(( )): whole numbers, names, + - * / % and parentheses. False: it is
 * anything else, a name is not assigned a number, or it overflows. */
bool shell_arithmetic(const char *expression, const struct shell_variables *variables,
                      int64_t *value);

#endif
