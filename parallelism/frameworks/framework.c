#include "parallelism/frameworks/framework.h"
#include "base/c_locale.h"
#include "base/file.h"
#include "base/number.h"
#include "model/model_json.h"
#include "parallelism/frameworks/tables.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct framework *const frameworks[] = {
    &megatron_lm, &megatron_bridge, &nemo,    &torchtitan, &deepspeed, &accelerate,
    &gpt_neox,    &nanotron,        &maxtext, &verl,       NULL};

const struct framework *framework_find(const char *name)
{
    for (size_t i = 0; frameworks[i]; i++) {
        if (!frameworks[i]->read_only && names_equal(frameworks[i]->name, name))
            return frameworks[i];
    }
    return NULL;
}

static const struct {
    const struct field *rows;
    const size_t *count;
    size_t offset;
} objects[] = {
    [OBJECT_MODEL] = {model_fields,    &model_field_count,
                      offsetof(struct framework_run,                                         scenario.model)},
    [OBJECT_JOB] = {job_fields,      &job_field_count,      offsetof(struct framework_run, scenario.job)  },
    [OBJECT_STRATEGY] = {strategy_fields, &strategy_field_count,
                      offsetof(struct framework_run,                                         strategy)      },
    [OBJECT_STACK] = {stack_fields,    &stack_field_count,
                      offsetof(struct framework_run,                                         scenario.stack)},
};

enum status framework_names_models(const struct framework_run *run, bool *named, struct error *e)
{
    (void)run;
    *named = true;
    return e->status;
}

const struct field *framework_field(enum framework_object object, const char *key)
{
    for (size_t i = 0; object < OBJECT_NONE && i < *objects[object].count; i++) {
        if (strcmp(objects[object].rows[i].key, key) == 0)
            return &objects[object].rows[i];
    }
    return NULL;
}

/* The object in the run. */
static void *framework_base(struct framework_run *run, enum framework_object object)
{
    return (char *)run + objects[object].offset;
}

/* "log_*" matches "log_interval"; "*.wandb" is not a pattern. */
static bool row_matches(const char *pattern, const char *key)
{
    size_t n = strcspn(pattern, "*");
    return strncmp(pattern, key, n) == 0 && (pattern[n] == '*' || key[n] == '\0');
}

const struct framework_row *framework_row_of(const struct framework *framework, const char *key)
{
    const struct framework_row *pattern = NULL;
    for (size_t i = 0; i < framework->row_count; i++) {
        const struct framework_row *row = &framework->rows[i];
        if (strcmp(row->key, key) == 0)
            return row;
        if (!pattern && strchr(row->key, '*') && row_matches(row->key, key))
            pattern = row;
    }
    return pattern;
}

enum status framework_run_init(const struct framework *framework, const char *stack,
                               const char *catalog, struct framework_run *run, struct error *e)
{
    memset(run, 0, sizeof *run);
    strategy_default(&run->strategy);
    job_default(&run->scenario.job);
    if (stack_find(stack ? stack : framework->stack, catalog, &run->scenario.stack, e) != STATUS_OK)
        return e->status;
    if (framework->defaults)
        framework->defaults(run);
    return STATUS_OK;
}

/* "model.recompute_method" for "recompute_method" where the framework has sections. */
static void section_key(const struct framework *framework, const char *key, char *out, size_t size)
{
    const struct framework_section *s = framework->sections;
    while (s && s->key && strcmp(s->key, key) != 0)
        s++;
    if (s && s->key)
        snprintf(out, size, "%s%s%s", s->section, *s->section != '\0' ? "." : "",
                 s->name ? s->name : key);
    else
        snprintf(out, size, "%s", key);
}

static bool is_none(const char *value)
{
    return strcmp(value, "none") == 0 || strcmp(value, "None") == 0 || strcmp(value, "null") == 0;
}

const char *reading_value(struct framework_reader *r, const char *key)
{
    char full[192];
    section_key(r->framework, key, full, sizeof full);
    struct setting *s = settings_find(r->settings, full);
    if (!s)
        return NULL;
    for (size_t i = 0; i < r->settings->count; i++) {
        if (strcmp(setting_key(r->settings, i), full) == 0)
            r->settings->items[i].use = SETTING_READ;
    }
    const char *value = r->settings->pool.data + s->value;
    return is_none(value) ? NULL : value;
}

bool reading_is_none(struct framework_reader *r, const char *key)
{
    char full[192];
    section_key(r->framework, key, full, sizeof full);
    const struct setting *s = settings_find(r->settings, full);
    return s && is_none(r->settings->pool.data + s->value);
}

static bool is_off(const char *value)
{
    static const char *const words[] = {"false", "0", "0.0", NULL};
    return names_find(words, value) >= 0;
}

bool reading_switch(struct framework_reader *r, const char *key)
{
    const char *value = reading_value(r, key);
    return value && !is_off(value);
}

enum status reading_error(struct framework_reader *r, const char *key, const char *format, ...)
{
    char message[sizeof r->e->message];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    error_set(r->e, STATUS_INPUT, "%s", message);
    error_set_path(r->e, key);
    return r->e->status;
}

/* YAML and Python divide digits by underscores: 500_000. */
static const char *plain_digits(const char *value, char out[32])
{
    size_t n = 0;
    if (strspn(value, "0123456789_") != strlen(value) || strlen(value) >= 32 || *value == '_')
        return value;
    for (; *value != '\0'; value++)
        if (*value != '_')
            out[n++] = *value;
    out[n] = '\0';
    return out;
}

int reading_number(struct framework_reader *r, const char *key)
{
    const char *value = reading_value(r, key);
    char digits[32];
    struct error bad;
    double number = 0;
    error_init(&bad);
    if (!value || value_is_unresolved(value))
        return 0;
    if (number_parse(plain_digits(value, digits), &number, &bad) != STATUS_OK || number < 0 ||
        number > 1e9 || number != (double)(int)number)
        reading_error(r, key, "expected a whole number, got \"%.60s\"", value);
    return r->e->status == STATUS_OK ? (int)number : 0;
}

int reading_count(struct framework_reader *r, const char *key)
{
    int given = reading_number(r, key);
    const char *value = reading_value(r, key);
    if (r->e->status == STATUS_OK && given == 0 && value && !value_is_unresolved(value))
        reading_error(r, key, "expected at least 1, got \"%.60s\"", value);
    return given;
}

int reading_degree(struct framework_reader *r, const char *key)
{
    int given = reading_number(r, key);
    return given > 0 ? given : 1;
}

void writer_put(struct framework_writer *w, const char *key, const char *value)
{
    char full[192];
    section_key(w->framework, key, full, sizeof full);
    settings_add(w->settings, full, value, 0);
}

void writer_putf(struct framework_writer *w, const char *key, const char *format, ...)
{
    char value[512];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(value, sizeof value, format, args);
    va_end(args);
    writer_put(w, key, value);
}

enum status writer_refuse(struct framework_writer *w, const char *format, ...)
{
    char message[sizeof w->e->message];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_set(w->e, STATUS_NO, "%s cannot express it: %s", w->framework->title, message);
}

static const char *our_word(const struct framework_row *row, const char *theirs)
{
    for (size_t i = 0; row->words && row->words[i][0]; i++) {
        if (names_equal(row->words[i][0], theirs))
            return row->words[i][1];
    }
    return theirs;
}

static const char *their_word(const struct framework_row *row, const char *ours)
{
    for (size_t i = 0; row->words && row->words[i][0]; i++) {
        if (strcmp(row->words[i][1], ours) == 0)
            return row->words[i][0];
    }
    return ours;
}

static void set_bit(const struct field *field, void *base, const char *name, bool on)
{
    unsigned *set = (unsigned *)(void *)((char *)base + field->offset);
    int bit = names_find(field->names, name);
    if (bit >= 0)
        *set = on ? *set | 1u << bit : *set & ~(1u << bit);
}

static void note_given(struct framework_run *run, const struct framework_row *row)
{
    if (row->object == OBJECT_JOB && strcmp(row->field, "seq_length") == 0)
        run->seq_length_given = true;
    if (row->object == OBJECT_JOB && strcmp(row->field, "global_batch") == 0)
        run->global_batch_given = true;
}

static enum status set_field(struct framework_reader *r, const struct framework_row *row,
                             const char *value)
{
    const struct field *field = framework_field(row->object, row->field);
    void *base = framework_base(r->run, row->object);
    if (field_set(field, our_word(row, value), base, r->e) != STATUS_OK) {
        error_set_path(r->e, row->key);
        return r->e->status;
    }
    note_given(r->run, row);
    return STATUS_OK;
}

/* One setting by its row. */
static enum status read_setting(struct framework_reader *r, struct setting *s,
                                const struct framework_row *row, const char *value)
{
    bool on = !is_off(value) && !is_none(value);
    s->use = SETTING_READ;
    switch (row->kind) {
    case ROW_VALUE:
        if (is_none(value) || value_is_unresolved(value))
            return STATUS_OK;
        return set_field(r, row, value);
    case ROW_SWITCH:
        return on ? set_field(r, row, row->value) : STATUS_OK;
    case ROW_UNLESS:
        return on ? STATUS_OK : set_field(r, row, row->value);
    case ROW_BIT:
        set_bit(framework_field(row->object, row->field), framework_base(r->run, row->object),
                row->value, on);
        return STATUS_OK;
    case ROW_GROUP:
        return STATUS_OK;
    case ROW_NEUTRAL:
        s->use = SETTING_NEUTRAL;
        return STATUS_OK;
    case ROW_UNMODELLED:
        on = on && !is_off(our_word(row, value));
        s->use = on ? SETTING_UNMODELLED : SETTING_NEUTRAL;
        s->note = row->value;
        return STATUS_OK;
    }
    return STATUS_OK;
}

enum status framework_read(struct framework_reader *r)
{
    for (size_t i = 0; i < r->settings->count && r->e->status == STATUS_OK; i++) {
        const struct framework_row *row =
            framework_row_of(r->framework, setting_key(r->settings, i));
        const struct framework_row *end = r->framework->rows + r->framework->row_count;
        for (const struct framework_row *first = row;
             row && row < end && strcmp(row->key, first->key) == 0; row++)
            read_setting(r, &r->settings->items[i], row, setting_value(r->settings, i));
    }
    for (const struct framework_group *g = r->framework->groups;
         g && (g->read || g->write) && r->e->status == STATUS_OK; g++) {
        if (g->read)
            g->read(r);
    }
    return r->e->status;
}

/* The text of a field in a run, in `out`; "" where it is false or empty. */
static const char *field_text(const struct framework_run *run, const struct framework_row *row,
                              struct text *out)
{
    const char *base = (const char *)run + objects[row->object].offset;
    text_clear(out);
    field_get(framework_field(row->object, row->field), base, out);
    return text_string(out);
}

static bool has_bit(const struct framework_run *run, const struct framework_row *row)
{
    const struct field *field = framework_field(row->object, row->field);
    unsigned set = *(const unsigned *)(const void *)((const char *)run +
                                                     objects[row->object].offset + field->offset);
    int bit = names_find(field->names, row->value);
    return bit >= 0 && (set >> bit & 1);
}

static bool is_written(const struct framework_writer *w, const struct framework_row *row)
{
    bool simple = row->kind == ROW_VALUE || row->kind == ROW_SWITCH || row->kind == ROW_BIT;
    bool named = row->object == OBJECT_MODEL && w->named;
    return simple && !row->read_only && row->object != OBJECT_STACK && !named;
}

static void write_row(struct framework_writer *w, const struct framework_row *row)
{
    struct text ours = {0}, theirs = {0};
    const char *value = field_text(w->run, row, &ours);
    const char *other = field_text(w->defaults, row, &theirs);
    bool model = row->object == OBJECT_MODEL;
    bool all = w->framework->write_all && !model;
    bool absent = model && strcmp(value, "0") == 0; /* no experts, no further layers */
    if (row->kind == ROW_VALUE && !absent && (all || strcmp(value, other) != 0))
        settings_add(w->settings, row->key, their_word(row, value), 0);
    if (row->kind == ROW_SWITCH && strcmp(value, row->value) == 0 && strcmp(other, row->value) != 0)
        settings_add(w->settings, row->key, "true", 0);
    if (row->kind == ROW_BIT && (all || has_bit(w->run, row) != has_bit(w->defaults, row)))
        settings_add(w->settings, row->key, has_bit(w->run, row) ? "true" : "false", 0);
    text_free(&ours);
    text_free(&theirs);
}

enum status framework_write(struct framework_writer *w)
{
    if (w->framework->names_model &&
        w->framework->names_model(w->run, &w->named, w->e) != STATUS_OK)
        return w->e->status;
    for (const struct framework_group *g = w->framework->groups;
         g && (g->read || g->write) && w->e->status == STATUS_OK; g++) {
        if (g->write)
            g->write(w);
    }
    for (size_t i = 0; i < w->framework->row_count && w->e->status == STATUS_OK; i++) {
        if (is_written(w, &w->framework->rows[i]))
            write_row(w, &w->framework->rows[i]);
    }
    if (w->settings->failed)
        error_set(w->e, STATUS_IO, "out of memory");
    return w->e->status;
}
