#include "cli/scenario_options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys that follow from the number of GPUs: a file's value does not outlive a change of the rest.
 */
static const char *const degree_keys[] = {"tp", "cp", "pp", "dp", NULL};

static bool is_degree(const struct option *option)
{
    return option->field ? names_find(degree_keys, option->field->key) >= 0
                         : strcmp(option->name, "gpus") == 0;
}

static bool degrees_given(const struct arguments *a)
{
    for (size_t i = 0; i < a->given_count; i++) {
        if (is_degree(a->given[i].option))
            return true;
    }
    return false;
}

/* The strategy that the file of --scenario holds beside its scenario (an estimate's output). */
static enum status read_file_strategy(const struct arguments *a, const struct scenario_input *input,
                                      struct strategy *strategy, bool *given, struct error *e)
{
    const struct json_value *part =
        input->file ? json_member(json_root(input->file), "strategy") : NULL;
    struct fields_options options = {.given = given};
    if (!part)
        return STATUS_OK;
    fields_read(input->file, part, strategy_fields, strategy_field_count, strategy, &options, e);
    for (size_t i = 0; i < strategy_field_count && degrees_given(a); i++) {
        if (strcmp(strategy_fields[i].key, "dp") == 0)
            given[i] = false;
    }
    return e->status;
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
                                struct strategy *strategy, struct error *e)
{
    bool given[OPTIONS_MAX] = {false};
    strategy_default(strategy);
    if (read_file_strategy(a, input, strategy, given, e) != STATUS_OK)
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

enum status choices_input_read(const struct arguments *a, const struct scenario_input *input,
                               struct search_options *options, struct error *e)
{
    bool given[OPTIONS_MAX] = {false};
    if (read_file_choices(input, options, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < strategy_field_count; i++) {
        const struct field *field = &strategy_fields[i];
        const struct given *flag = argument_of_field(a, field);
        if (!flag)
            continue;
        int d = names_find(search_dimension_names, field->key);
        given[i] = true;
        if (d < 0) {
            if (field_set(field, flag->value, &options->base, e) != STATUS_OK)
                return argument_error(flag->option, e);
            continue;
        }
        options->choices[d].count = 0;
        if (add_choices(flag, &options->choices[d], e) != STATUS_OK)
            return e->status;
    }
    strategy_complete(&options->base, given, input->scenario.system.gpus, &input->scenario.stack);
    return STATUS_OK;
}
