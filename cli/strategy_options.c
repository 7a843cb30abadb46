#include "cli/scenario_options.h"
#include "parallelism/scenario_read.h"
#include "parallelism/search/choices.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The strategy that the file of --scenario holds beside its scenario (an estimate's output). */
static enum status read_file_strategy(const struct scenario_input *input, struct strategy *strategy,
                                      bool *given, struct error *e)
{
    const struct json_value *root = input->file ? json_root(input->file) : NULL;
    const struct json_value *part = json_member(root, "strategy");
    if (!part)
        return STATUS_OK;
    return strategy_read(input->file, part, json_member(root, "given"), strategy, given, e);
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
    strategy_complete(strategy, given, &input->scenario);
    return STATUS_OK;
}

/* "1,2,4,8" */
static enum status add_choices(const struct given *flag, enum search_dimension dimension,
                               struct choices *choices, struct error *e)
{
    const char *rest = flag->value;
    while (e->status == STATUS_OK) {
        char word[64];
        size_t n = strcspn(rest, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, rest);
        if (n == 0)
            error_set(e, STATUS_USAGE, "expected values with commas, got \"%s\"", flag->value);
        else
            choices_add(dimension, word, choices, e);
        if (rest[n] == '\0')
            break;
        rest += n + 1;
    }
    return e->status == STATUS_OK ? STATUS_OK : argument_error(flag->option, e);
}

enum status choices_input_read(const struct arguments *a, const struct scenario_input *input,
                               struct search_options *options, bool fixed[OPTIONS_MAX],
                               struct error *e)
{
    memset(fixed, 0, OPTIONS_MAX * sizeof *fixed);
    const struct json_value *space =
        input->file ? json_member(json_root(input->file), "space") : NULL;
    if (space && (choices_read(input->file, space, options, fixed, e) ||
                  openings_read(input->file, space, options, e)))
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
        if (add_choices(flag, (enum search_dimension)d, &options->choices[d], e) != STATUS_OK)
            return e->status;
    }
    search_options_complete(options, fixed, &input->scenario);
    return STATUS_OK;
}
