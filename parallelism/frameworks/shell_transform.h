#ifndef PARALLELISM_FRAMEWORKS_SHELL_TRANSFORM_H
#define PARALLELISM_FRAMEWORKS_SHELL_TRANSFORM_H
#include "base/text.h"
#include <stdbool.h>

/* What ${NAME...} makes of a value: ",," and "^^" (case), "#" "##" "%" "%%" and a pattern (cut from
 * its start or end), "/" "//" and words (replaced). op: the n characters behind the name. Appends
 * to out; false, and nothing appended: it is none of these, or its words are not plain. */
bool shell_transform(const char *value, const char *op, size_t n, struct text *out);

#endif
