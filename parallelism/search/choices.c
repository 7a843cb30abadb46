#include "parallelism/search/choices.h"
#include "base/number.h"
#include "parallelism/search/open.h"
#include <stdio.h>
#include <string.h>

/* The value of a row as the search's choices hold it. */
static int choice_value(const struct field *field, const struct strategy *strategy)
{
    const char *member = (const char *)strategy + field->offset;
    int value;
    if (field->kind == FIELD_BOOL)
        return *(const bool *)(const void *)member;
    memcpy(&value, member, sizeof value);
    return value;
}

enum status choices_add(enum search_dimension dimension, const char *word, struct choices *choices,
                        struct error *e)
{
    const struct field *field = search_dimension_field(dimension);
    struct strategy scratch;
    strategy_default(&scratch);
    if (field_set(field, word, &scratch, e) != STATUS_OK)
        return e->status;
    if (choices->count == SEARCH_CHOICES_MAX)
        return error_set(e, STATUS_USAGE, "more than %d values", SEARCH_CHOICES_MAX);
    choices->value[choices->count++] = choice_value(field, &scratch);
    return STATUS_OK;
}

static void choice_word(const struct json_value *v, char *word, size_t size)
{
    if (json_kind(v) == JSON_STRING)
        snprintf(word, size, "%s", json_string(v));
    else if (json_kind(v) == JSON_BOOL)
        snprintf(word, size, "%d", json_bool(v));
    else if (json_kind(v) == JSON_NUMBER)
        number_format(json_number(v), word, size);
    else
        word[0] = '\0';
}

static enum status read_choice(const struct json *json, const struct json_value *v,
                               enum search_dimension d, struct choices *choices, struct error *e)
{
    char word[64];
    struct error why;
    error_init(&why);
    choice_word(v, word, sizeof word);
    if (choices_add(d, word, choices, &why) == STATUS_OK)
        return STATUS_OK;
    return json_error(json, v, e, STATUS_INPUT, "no value of this dimension: %s", why.message);
}

/* A value, or a list of them. */
static enum status read_restricted(const struct json *json, const struct json_value *part,
                                   struct search_options *options, struct error *e)
{
    for (const struct json_value *m = json_first(part); m; m = json_next(m)) {
        int d = json_key(m) ? names_find(search_dimension_names, json_key(m)) : -1;
        if (d < 0 || !search_dimension_field((enum search_dimension)d))
            return json_error(json, m, e, STATUS_INPUT, "no dimension of the search");
        struct choices *choices = &options->choices[d];
        choices->count = 0;
        if (json_kind(m) != JSON_ARRAY)
            read_choice(json, m, (enum search_dimension)d, choices, e);
        for (const struct json_value *v = json_first(m); v && e->status == STATUS_OK;
             v = json_next(v))
            read_choice(json, v, (enum search_dimension)d, choices, e);
        if (e->status != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

enum status choices_read(const struct json *json, const struct json_value *space,
                         struct search_options *options, bool *fixed, struct error *e)
{
    const struct json_value *part = json_member(space, "fixed");
    struct fields_options fields = {.given = fixed};
    if (read_restricted(json, json_member(space, "restricted"), options, e) != STATUS_OK || !part)
        return e->status;
    return fields_read(json, part, (struct fields){strategy_fields, strategy_field_count},
                       &options->base, &fields, e);
}

enum status openings_read(const struct json *json, const struct json_value *space,
                          struct search_options *options, struct error *e)
{
    const struct json_value *part = json_member(space, "open");
    for (const struct json_value *v = json_first(part); v; v = json_next(v)) {
        int i = json_kind(v) == JSON_STRING ? names_find(search_opening_names, json_string(v)) : -1;
        if (i < 0)
            return json_error(json, v, e, STATUS_INPUT, "no dimension that a search opens");
        search_open(options, (enum search_opening)i);
    }
    return STATUS_OK;
}
