#include "cli/scenario_options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t row_of(const char *key)
{
    size_t i = 0;
    while (i < strategy_field_count && strcmp(strategy_fields[i].key, key) != 0)
        i++;
    return i;
}

/* Of an estimate's strategy only what was asked for counts, where the file says so: the rest
 * follows from the flags anew. */
static enum status keep_asked_for(const struct scenario_input *input, bool *given, struct error *e)
{
    const struct json_value *asked = json_member(json_root(input->file), "given");
    bool read[OPTIONS_MAX] = {false};
    if (!asked)
        return STATUS_OK;
    for (const struct json_value *v = json_first(asked); v; v = json_next(v)) {
        size_t i = row_of(json_string(v));
        if (i == strategy_field_count)
            return json_error(input->file, v, e, STATUS_INPUT, "expected a key of the strategy");
        read[i] = given[i];
    }
    memcpy(given, read, sizeof read);
    return STATUS_OK;
}

/* The strategy that the file of --scenario holds beside its scenario (an estimate's output). */
static enum status read_file_strategy(const struct scenario_input *input, struct strategy *strategy,
                                      bool *given, struct error *e)
{
    const struct json_value *part =
        input->file ? json_member(json_root(input->file), "strategy") : NULL;
    struct strategy read;
    struct fields_options options = {.given = given};
    strategy_default(&read);
    if (!part ||
        fields_read(input->file, part, strategy_fields, strategy_field_count, &read, &options, e) !=
            STATUS_OK ||
        keep_asked_for(input, given, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (given[i])
            field_copy(&strategy_fields[i], &read, strategy);
    }
    return STATUS_OK;
}

static enum status set_one(const struct given *flag, struct strategy *strategy, struct error *e)
{
    const struct field *field = flag->option->field;
    if (field->kind != FIELD_SET && field->kind != FIELD_STRING && strchr(flag->value, ',')) {
        error_set(e, STATUS_USAGE, "estimate takes one value, got %s", flag->value);
        error_set_hint(e, "stepcast search tries several");
        return argument_error(flag->option, e);
    }
    if (field_set(field, flag->value, strategy, e) != STATUS_OK)
        return argument_error(flag->option, e);
    return STATUS_OK;
}

enum status strategy_input_read(const struct arguments *a, const struct scenario_input *input,
                                struct strategy *strategy, bool given[OPTIONS_MAX], struct error *e)
{
    memset(given, 0, OPTIONS_MAX * sizeof *given);
    strategy_default(strategy);
    if (read_file_strategy(input, strategy, given, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < strategy_field_count; i++) {
        const struct given *flag = argument_of_field(a, &strategy_fields[i]);
        if (flag && set_one(flag, strategy, e) != STATUS_OK)
            return e->status;
        given[i] = given[i] || flag;
    }
    strategy_complete(strategy, given, input->scenario.system.gpus, &input->scenario.stack);
    return STATUS_OK;
}

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

static enum status add_choice(const struct field *field, const char *word, struct choices *choices,
                              struct error *e)
{
    struct strategy scratch;
    strategy_default(&scratch);
    if (field_set(field, word, &scratch, e) != STATUS_OK)
        return e->status;
    if (choices->count == SEARCH_CHOICES_MAX)
        return error_set(e, STATUS_USAGE, "more than %d values", SEARCH_CHOICES_MAX);
    choices->value[choices->count++] = choice_value(field, &scratch);
    return STATUS_OK;
}

/* "1,2,4,8" */
static enum status add_choices(const struct given *flag, struct choices *choices, struct error *e)
{
    const char *rest = flag->value;
    while (e->status == STATUS_OK) {
        char word[64];
        size_t n = strcspn(rest, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, rest);
        if (n == 0)
            error_set(e, STATUS_USAGE, "expected values with commas, got \"%s\"", flag->value);
        else
            add_choice(flag->option->field, word, choices, e);
        if (rest[n] == '\0')
            break;
        rest += n + 1;
    }
    return e->status == STATUS_OK ? STATUS_OK : argument_error(flag->option, e);
}

/* The choices that an earlier search's output was restricted to. */
static enum status read_file_choices(const struct scenario_input *input,
                                     struct search_options *options, struct error *e)
{
    const struct json_value *root = input->file ? json_root(input->file) : NULL;
    const struct json_value *part = json_member(json_member(root, "space"), "restricted");
    for (const struct json_value *m = json_first(part); m; m = json_next(m)) {
        int d = names_find(search_dimension_names, json_key(m));
        const struct field *field =
            d >= 0 ? search_dimension_field((enum search_dimension)d) : NULL;
        if (!field)
            return json_error(input->file, m, e, STATUS_INPUT, "no dimension of the search");
        for (const struct json_value *v = json_first(m); v; v = json_next(v)) {
            char word[64];
            if (json_kind(v) == JSON_STRING)
                snprintf(word, sizeof word, "%s", json_string(v));
            else if (json_kind(v) == JSON_BOOL)
                snprintf(word, sizeof word, "%d", json_bool(v));
            else
                number_format(json_number(v), word, sizeof word);
            if (add_choice(field, word, &options->choices[d], e) != STATUS_OK)
                return json_error(input->file, v, e, STATUS_INPUT, "no value of this dimension");
        }
    }
    return STATUS_OK;
}

/* The keys that an earlier search was told besides. */
static enum status read_file_fixed(const struct scenario_input *input,
                                   struct search_options *options, bool *fixed, struct error *e)
{
    const struct json_value *root = input->file ? json_root(input->file) : NULL;
    const struct json_value *part = json_member(json_member(root, "space"), "fixed");
    struct fields_options fields = {.given = fixed};
    if (!part)
        return STATUS_OK;
    return fields_read(input->file, part, strategy_fields, strategy_field_count, &options->base,
                       &fields, e);
}

enum status choices_input_read(const struct arguments *a, const struct scenario_input *input,
                               struct search_options *options, bool fixed[OPTIONS_MAX],
                               struct error *e)
{
    memset(fixed, 0, OPTIONS_MAX * sizeof *fixed);
    if (read_file_choices(input, options, e) != STATUS_OK ||
        read_file_fixed(input, options, fixed, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < strategy_field_count; i++) {
        const struct field *field = &strategy_fields[i];
        const struct given *flag = argument_of_field(a, field);
        if (!flag)
            continue;
        int d = names_find(search_dimension_names, field->key);
        if (d < 0) {
            fixed[i] = true;
            if (field_set(field, flag->value, &options->base, e) != STATUS_OK)
                return argument_error(flag->option, e);
            continue;
        }
        options->choices[d].count = 0;
        if (add_choices(flag, &options->choices[d], e) != STATUS_OK)
            return e->status;
    }
    strategy_complete(&options->base, fixed, input->scenario.system.gpus, &input->scenario.stack);
    return STATUS_OK;
}
