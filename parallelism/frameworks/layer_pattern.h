#ifndef PARALLELISM_FRAMEWORKS_LAYER_PATTERN_H
#define PARALLELISM_FRAMEWORKS_LAYER_PATTERN_H
#include "base/text.h"
#include <stdbool.h>

/* Megatron's patterns of layers, Python list expressions such as "([0]*3+[1]*58)". */

/* The flags of the pattern, at most `max`; their number, or -1 if it is none. */
int layer_pattern_read(const char *pattern, bool *flags, int max);

/* The same by runs: "([0]*3+[1]*58)". */
void layer_pattern_write(const bool *flags, int n, struct text *out);

#endif
