#include "reports/description.h"
#include "base/file.h"
#include "base/folder.h"
#include "base/json_write.h"
#include "reports/csv.h"
#include "reports/description_kinds.h"
#include "reports/format.h"
#include "reports/table.h"
#include <math.h>
#include <stdlib.h>

const struct description_kind *const description_kinds[] = {
    &model_description, &gpu_description, &system_description, &stack_description, NULL};

const struct description_kind *description_kind_find(const char *noun)
{
    for (size_t i = 0; description_kinds[i]; i++) {
        const struct description_kind *kind = description_kinds[i];
        if (names_equal(noun, kind->noun) || names_equal(noun, kind->plural))
            return kind;
    }
    return NULL;
}

static void figures_json(struct json_writer *w, const struct figure *figures, const void *thing)
{
    for (const struct figure *f = figures; f->key; f++) {
        if (!f->number)
            json_put_string(w, f->key, f->word(thing));
        else if (f->number(thing) > 0)
            json_put_number(w, f->key, f->number(thing));
        else
            json_put_null(w, f->key);
    }
}

static void figures_csv(struct text *out, const struct figure *figures, const void *thing)
{
    for (const struct figure *f = figures; f->key; f++) {
        if (!f->number)
            csv_text(out, f->word(thing));
        else
            csv_number(out, f->number(thing) > 0 ? f->number(thing) : (double)NAN);
    }
    csv_end(out);
}

void figure_text(const struct figure *f, const void *thing, struct text *out)
{
    if (!f->number)
        text_add(out, f->word(thing));
    else if (f->number(thing) > 0 && f->format)
        f->format(f->number(thing), out);
    else if (f->number(thing) > 0)
        unit_format(out, f->number(thing), f->unit, f->digits);
    else
        text_add(out, "-");
}

static void figures_cells(struct table *t, const struct figure *figures, const void *thing)
{
    struct text cell = {0};
    for (const struct figure *f = figures; f->key; f++) {
        figure_text(f, thing, &cell);
        table_text(t, &cell);
    }
    text_free(&cell);
}

/* What a list is written into. */
struct listing {
    const struct description_kind *kind;
    enum description_format format;
    struct table table;
    struct table_column columns[TABLE_COLUMNS_MAX];
    struct json_writer w;
    struct text *out;
};

static void start(struct listing *l)
{
    size_t n = 0;
    l->columns[n++] = (struct table_column){l->kind->noun, true};
    for (const struct figure *f = l->kind->figures; f->key && n < TABLE_COLUMNS_MAX; f++)
        l->columns[n++] = (struct table_column){f->title, f->number == NULL};
    table_init(&l->table, l->columns, n);
    json_writer_init(&l->w, l->out);
    if (l->format == DESCRIPTION_JSON)
        json_open_array(&l->w, NULL);
    if (l->format != DESCRIPTION_CSV)
        return;
    csv_text(l->out, l->kind->noun);
    for (const struct figure *f = l->kind->figures; f->key; f++)
        csv_text(l->out, f->key);
    csv_end(l->out);
}

static void add(struct listing *l, const char *name, const void *thing)
{
    if (l->format == DESCRIPTION_JSON) {
        json_open_object(&l->w, NULL);
        json_put_string(&l->w, "name", name);
        figures_json(&l->w, l->kind->figures, thing);
        json_close_object(&l->w);
    } else if (l->format == DESCRIPTION_CSV) {
        csv_text(l->out, name);
        figures_csv(l->out, l->kind->figures, thing);
    } else {
        table_cell(&l->table, "%s", name);
        figures_cells(&l->table, l->kind->figures, thing);
    }
}

static void finish(struct listing *l)
{
    if (l->format == DESCRIPTION_JSON)
        json_close_array(&l->w);
    else if (l->format == DESCRIPTION_TEXT)
        table_write(&l->table, 0, l->out);
    if (l->format == DESCRIPTION_TEXT && l->kind->columns)
        text_addf(l->out, "\n%s\n", l->kind->columns);
    table_free(&l->table);
}

/* One entry of the list: its name, or its figures. */
static enum status list_entry(struct listing *l, const struct description_request *request,
                              void *thing, struct error *e)
{
    if (!thing)
        text_addf(l->out, "%s\n", request->name);
    else if (l->kind->find(request, thing, e) == STATUS_OK)
        add(l, request->name, thing);
    return e->status;
}

static bool in_folder(const struct folder *folder, const char *name)
{
    for (size_t i = 0; i < folder->count; i++) {
        if (names_equal(folder->names[i], name))
            return true;
    }
    return false;
}

/* The user's own descriptions first; a compiled-in one of the same name stands behind it. thing:
 * NULL for names alone. */
static enum status list_entries(struct listing *l, const char *catalog, void *thing,
                                struct error *e)
{
    struct description_request request = {.catalog = catalog, .seq_length = 0};
    struct folder folder = {.names = NULL};
    struct text path = {0};
    text_addf(&path, "%s/%s", catalog ? catalog : "", l->kind->plural);
    if (catalog && !path.failed)
        folder_read(path.data, &folder, e);
    for (size_t i = 0; i < folder.count && e->status == STATUS_OK; i++) {
        request.name = folder.names[i];
        list_entry(l, &request, thing, e);
    }
    for (size_t i = 0; l->kind->name(i) && e->status == STATUS_OK; i++) {
        request.name = l->kind->name(i);
        if (!in_folder(&folder, request.name))
            list_entry(l, &request, thing, e);
    }
    folder_free(&folder);
    text_free(&path);
    return e->status;
}

enum status description_list(const struct description_kind *kind, const char *catalog,
                             enum description_format format, bool names_only, struct text *out,
                             struct error *e)
{
    struct listing l = {.kind = kind, .format = format, .out = out};
    void *thing = names_only ? NULL : calloc(1, kind->size);
    if (!names_only && !thing)
        return error_set(e, STATUS_IO, "out of memory");
    if (thing)
        start(&l);
    list_entries(&l, catalog, thing, e);
    if (thing)
        finish(&l);
    free(thing);
    return e->status;
}

enum status description_show(const struct description_kind *kind,
                             const struct description_request *request, bool json, struct text *out,
                             struct error *e)
{
    void *thing = calloc(1, kind->size);
    if (!thing)
        return error_set(e, STATUS_IO, "out of memory");
    if (kind->find(request, thing, e) == STATUS_OK)
        (json ? kind->show_json : kind->show_text)(thing, out);
    free(thing);
    return e->status;
}
