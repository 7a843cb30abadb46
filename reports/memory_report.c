#include "reports/memory_report.h"
#include "base/c_locale.h"
#include "reports/table.h"

enum { COLUMNS_MAX = MEMORY_KINDS + 6 };

/* A kind that no stage has gets no column. */
static size_t find_columns(const struct stage_memory *m, struct table_column columns[COLUMNS_MAX])
{
    size_t n = 0;
    columns[n++] = (struct table_column){"stage", false};
    for (int k = 0; k < MEMORY_KINDS; k++)
        if (stage_memory_has(m, k))
            columns[n++] = (struct table_column){memory_kind_names[k], false};
    columns[n++] = (struct table_column){"total", false};
    columns[n++] = (struct table_column){"of capacity", false};
    columns[n++] = (struct table_column){"in flight", false};
    columns[n++] = (struct table_column){"at", false};
    columns[n++] = (struct table_column){"with the", true};
    return n;
}

static bool has_chunks(const struct memory_moments *all)
{
    for (int r = 0; r < all->memory.ranks; r++)
        if (all->moment[r].chunk > 0)
            return true;
    return false;
}

static void add_moment(struct table *t, const struct memory_moment *moment, bool has_chunks)
{
    char chunk[24] = "";
    if (has_chunks)
        c_locale_format(chunk, sizeof chunk, ", chunk %d", moment->chunk);
    table_cell(t, "%d", moment->in_flight);
    table_unit(t, moment->time_s, UNIT_SECONDS, 3);
    table_cell(t, "%s of micro-batch %d%s", memory_cause_names[moment->cause], moment->micro_batch,
               chunk);
}

void memory_text(const struct memory_moments *all, struct text *out)
{
    const struct stage_memory *m = &all->memory;
    struct table_column columns[COLUMNS_MAX];
    struct table t;
    text_add(out, "\nMemory of a GPU by pipeline stage, when it holds most:\n");
    table_init(&t, columns, find_columns(m, columns));
    for (int r = 0; r < m->ranks; r++) {
        table_cell(&t, "%d", r);
        for (int k = 0; k < MEMORY_KINDS; k++)
            if (stage_memory_has(m, k))
                table_unit(&t, m->bytes[r][k], UNIT_BYTES, 4);
        table_unit(&t, m->total_bytes[r], UNIT_BYTES, 4);
        table_cell(&t, "%.1f %%", 100 * m->total_bytes[r] / m->capacity_bytes);
        add_moment(&t, &all->moment[r], has_chunks(all));
    }
    table_write(&t, 2, out);
    text_add(out,
             "  in flight: micro-batches, a chunk each, whose activations are held; micro-batches "
             "and chunks count from 0\n");
    table_free(&t);
}

void memory_json(struct json_writer *w, const struct memory_moments *all)
{
    const struct stage_memory *m = &all->memory;
    json_open_array(w, "memory_by_stage");
    for (int r = 0; r < m->ranks; r++) {
        const struct memory_moment *moment = &all->moment[r];
        json_open_object_compact(w, NULL);
        json_put_number(w, "stage", r);
        for (int k = 0; k < MEMORY_KINDS; k++) {
            char key[48];
            c_locale_format(key, sizeof key, "%s_bytes", memory_kind_names[k]);
            json_put_number(w, key, m->bytes[r][k]);
        }
        json_put_number(w, "total_bytes", m->total_bytes[r]);
        json_put_number(w, "in_flight", moment->in_flight);
        json_put_number(w, "peak_at_s", moment->time_s);
        json_put_string(w, "peak_cause", memory_cause_names[moment->cause]);
        json_put_number(w, "peak_micro_batch", moment->micro_batch);
        json_put_number(w, "peak_chunk", moment->chunk);
        json_close_object(w);
    }
    json_close_array(w);
}
