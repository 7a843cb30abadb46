#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H
#include "base/text.h"
#include "base/units.h"

/* A text table: cells in reading order, columns as wide as their widest cell, two blanks between
 * them. */
enum { TABLE_COLUMNS_MAX = 32 };
struct strategy;

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
void table_text(struct table *t, struct text *words); /* clears the words */
void table_unit(struct table *t, double value, enum unit unit, int digits);
void table_count(struct table *t, double count);                /* a comma every three digits */
void table_percent(struct table *t, double frac, int decimals); /* NAN, not known: "-" */
void table_strategy(struct table *t, const struct strategy *s); /* as strategy_describe has it */
/* Appends the titles and the rows, each line indented by `indent` blanks, no blanks at its end. */
void table_write(const struct table *t, size_t indent, struct text *out);
/* The same in lines of at most `width` characters: what is too long of the last column, which is
 * aligned left, goes on below its beginning, where words allow it. */
void table_write_within(const struct table *t, size_t indent, size_t width, struct text *out);

#endif
