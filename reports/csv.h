#ifndef REPORTS_CSV_H
#define REPORTS_CSV_H
#include "base/text.h"

/* One CSV cell, followed by a comma; csv_end makes the last comma a line break. RFC 4180, but lines
 * end in LF. Numbers as JSON writes them. */
void csv_text(struct text *out, const char *value);
void csv_number(struct text *out, double value);
void csv_end(struct text *out);

#endif
