#include "reports/table.h"
#include "base/c_locale.h"
#include "reports/format.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CELL_MAX = 512 };

void table_init(struct table *t, const struct table_column *columns, size_t column_count)
{
    *t = (struct table){.columns = columns, .column_count = column_count};
}

void table_free(struct table *t)
{
    text_free(&t->cells);
    t->cell_count = 0;
}

void table_cell(struct table *t, const char *format, ...)
{
    char cell[CELL_MAX];
    va_list args;
    va_start(args, format);
    int n = c_locale_vsnprintf(cell, sizeof cell, format, args);
    va_end(args);
    if (n < 0)
        cell[0] = '\0';
    text_add_n(&t->cells, cell, strlen(cell) + 1);
    t->cell_count++;
}

void table_text(struct table *t, struct text *words)
{
    table_cell(t, "%s", text_string(words));
    text_clear(words);
}

void table_unit(struct table *t, double value, enum unit unit, int digits)
{
    struct text words = {0};
    unit_format(&words, value, unit, digits);
    table_text(t, &words);
    text_free(&words);
}

void table_count(struct table *t, double count)
{
    struct text words = {0};
    table_cell(t, "%s", format_count(&words, count));
    text_free(&words);
}

void table_strategy(struct table *t, const struct strategy *s)
{
    struct text words = {0};
    strategy_describe(s, &words);
    table_text(t, &words);
    text_free(&words);
}

void table_percent(struct table *t, double frac, int decimals)
{
    if (isfinite(frac))
        table_cell(t, "%.*f %%", decimals, 100 * frac);
    else
        table_cell(t, "-");
}

/* Characters of UTF-8 text: bytes that continue none. */
static size_t width_of(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void find_widths(const struct table *t, size_t *widths)
{
    for (size_t c = 0; c < t->column_count; c++)
        widths[c] = t->untitled ? 0 : width_of(t->columns[c].title);
    const char *cell = t->cells.data;
    for (size_t i = 0; i < t->cell_count; i++, cell += strlen(cell) + 1) {
        size_t c = i % t->column_count;
        if (width_of(cell) > widths[c])
            widths[c] = width_of(cell);
    }
}

/* One cell, padded before it (right) or before the next one (left): lines never end in blanks. */
static void add_cell(struct text *out, const char *cell, bool left, size_t width, size_t *owed)
{
    size_t padding = width - width_of(cell);
    for (size_t i = 0; i < *owed + (left ? 0 : padding); i++)
        text_add(out, " ");
    text_add(out, cell);
    *owed = 2 + (left ? padding : 0);
}

/* Empty cells at the end leave no blanks. */
static void end_line(struct text *out)
{
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
    text_add(out, "\n");
}

void table_write(const struct table *t, size_t indent, struct text *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    if (t->column_count == 0)
        return;
    if (t->cells.failed) {
        out->failed = true;
        return;
    }
    find_widths(t, widths);
    size_t owed = indent;
    for (size_t c = 0; c < t->column_count && !t->untitled; c++)
        add_cell(out, t->columns[c].title, t->columns[c].left, widths[c], &owed);
    if (!t->untitled)
        end_line(out);
    const char *cell = t->cells.data;
    for (size_t i = 0; i < t->cell_count; i++, cell += strlen(cell) + 1) {
        size_t c = i % t->column_count;
        owed = c == 0 ? indent : owed;
        add_cell(out, cell, t->columns[c].left, widths[c], &owed);
        if (c + 1 == t->column_count)
            end_line(out);
    }
}

void table_write_within(const struct table *t, size_t indent, size_t width, struct text *out)
{
    struct text lines = {0};
    size_t widths[TABLE_COLUMNS_MAX] = {0}, last = indent;
    table_write(t, indent, &lines);
    out->failed |= lines.failed;
    if (!lines.failed) {
        find_widths(t, widths);
        for (size_t c = 0; c + 1 < t->column_count; c++)
            last += widths[c] + 2;
        format_wrapped(text_string(&lines), width, last, out);
    }
    text_free(&lines);
}
