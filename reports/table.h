#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H
#include "base/text.h"

/* A text table: cells in reading order, columns as wide as their widest cell, two blanks between
 * them. */
enum { TABLE_COLUMNS_MAX = 32 };

struct table_column {
    const char *title;
    bool left; /* aligned left; numbers are aligned right */
};

struct table {
    const struct table_column *columns;
    size_t column_count;
    struct text cells; /* each ended by '\0' */
    size_t cell_count;
    bool untitled; /* leave the titles out */
};

void table_init(struct table *t, const struct table_column *columns, size_t column_count);
void table_free(struct table *t);
void table_cell(struct table *t, const char *format, ...) STEPCAST_PRINTF(2, 3);
/* A share in percent; "-" where it is not known (NAN). */
void table_percent(struct table *t, double frac, int decimals);
/* Appends the titles and the rows, each line indented by `indent` blanks, no blanks at its end. */
void table_write(const struct table *t, size_t indent, struct text *out);

#endif
