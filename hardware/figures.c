#include "hardware/figures.h"
#include <string.h>

size_t figures_row(const struct field *rows, size_t n, const char *key)
{
    size_t row = 0;
    while (row < n && strcmp(rows[row].key, key) != 0)
        row++;
    return row;
}

static const struct source changed = {SOURCE_ASSUMED, 0, "set by hand"};

static bool is_stated(const struct field *row, const void *in, const struct source *source)
{
    const char *member = (const char *)in + row->offset;
    double value;
    if (row->kind == FIELD_STRING)
        return *member != '\0';
    if (row->kind != FIELD_NUMBER || source->kind != SOURCE_NONE)
        return true;
    memcpy(&value, member, sizeof value);
    return value != 0;
}

void figures_write(struct json_writer *w, const struct field *rows, size_t n, const void *in,
                   const struct source *sources)
{
    for (size_t i = 0; i < n; i++) {
        bool sourceless = rows[i].kind == FIELD_NUMBER && sources[i].kind == SOURCE_NONE;
        if (is_stated(&rows[i], in, &sources[i]))
            fields_write(w, &rows[i], 1, in, sourceless ? &changed : &sources[i]);
    }
}
