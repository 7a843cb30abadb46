#include "reports/description_kinds.h"
#include "reports/table.h"
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

void fields_text(const struct field *rows, size_t n, const void *in, const struct source *sources,
                 struct text *out)
{
    static const struct table_column columns[] = {
        {"", true},
        {"", true},
        {"", true}
    };
    struct table t;
    struct text value = {0};
    table_init(&t, columns, sizeof columns / sizeof *columns);
    t.untitled = true;
    for (size_t i = 0; i < n; i++) {
        const struct source *source = sources ? &sources[i] : NULL;
        if (!says_something(&rows[i], in, source))
            continue;
        text_clear(&value);
        add_value(&rows[i], in, &value);
        table_cell(&t, "%-22s", rows[i].key);
        table_cell(&t, "%s", value.data ? value.data : "");
        if (source && source->kind != SOURCE_NONE)
            table_cell(&t, "%s: %s", source_kind_names[source->kind], source->text);
        else
            table_cell(&t, "%s", sources ? "" : rows[i].help);
    }
    table_write(&t, 0, out);
    table_free(&t);
    text_free(&value);
}
