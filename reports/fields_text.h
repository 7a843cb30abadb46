#ifndef REPORTS_FIELDS_TEXT_H
#define REPORTS_FIELDS_TEXT_H
#include "base/fields.h"
#include "reports/table.h"

/* Rows of a field table that say something, as cells: key, value, source; without sources the help
 * of the row. */
extern const struct table_column fields_columns[3];
void fields_cells(const struct field *rows, size_t n, const void *in, const struct source *sources,
                  struct table *out);

/* The same as lines of text. */
void fields_text(const struct field *rows, size_t n, const void *in, const struct source *sources,
                 struct text *out);

#endif
