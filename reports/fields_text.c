#include "reports/fields_text.h"
#include <string.h>

/* A figure with its unit, anything else as a flag would give it. */
static void add_value(const struct field *row, const void *in, struct text *out)
{
    double number;
    if (row->kind != FIELD_NUMBER) {
        field_get(row, in, out);
        return;
    }
    memcpy(&number, (const char *)in + row->offset, sizeof number);
    unit_format(out, number, row->unit, 5);
}

/* A number of 0 that nobody gave a source, and an empty word, say nothing. */
static bool says_something(const struct field *row, const void *in, const struct source *source)
{
    double number;
    if (row->kind == FIELD_STRING)
        return *((const char *)in + row->offset) != '\0';
    if (row->kind != FIELD_NUMBER || (source && source->kind != SOURCE_NONE))
        return true;
    memcpy(&number, (const char *)in + row->offset, sizeof number);
    return number > 0 || !source;
}

const struct table_column fields_columns[3] = {
    {"input",  true},
    {"value",  true},
    {"source", true}
};

void fields_cells(const struct field *rows, size_t n, const void *in, const struct source *sources,
                  struct table *out)
{
    struct text value = {0};
    for (size_t i = 0; i < n; i++) {
        const struct source *source = sources ? &sources[i] : NULL;
        if (!says_something(&rows[i], in, source))
            continue;
        add_value(&rows[i], in, &value);
        table_cell(out, "%-22s", rows[i].key);
        table_text(out, &value);
        if (source && source->kind != SOURCE_NONE)
            table_cell(out, "%s: %s", source_kind_names[source->kind], source->text);
        else
            table_cell(out, "%s", sources ? "" : rows[i].help);
    }
    text_free(&value);
}

void fields_text(const struct field *rows, size_t n, const void *in, const struct source *sources,
                 struct text *out)
{
    struct table t;
    table_init(&t, fields_columns, 3);
    t.untitled = true;
    fields_cells(rows, n, in, sources, &t);
    table_write(&t, 0, out);
    table_free(&t);
}
