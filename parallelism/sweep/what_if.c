#include "parallelism/sweep/what_if.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status parse_item(const struct scenario *scenario, const struct knobs *knobs,
                              const char *text, size_t n, struct what_if *out, struct error *e)
{
    char name[KNOB_NAME_MAX];
    double ignored;
    const char *equals = memchr(text, '=', n);
    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name ||
        n - (size_t)(equals + 1 - text) >= sizeof out->value)
        return error_set(e, STATUS_USAGE, "expected INPUT=VALUE such as attention=1.1x, got %.*s",
                         (int)n, text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    snprintf(out->value, sizeof out->value, "%.*s", (int)(text + n - equals - 1), equals + 1);
    if (knob_find(knobs, name, &out->knob, e) != STATUS_OK)
        return e->status;
    if (out->knob.section == KNOB_CATALOG)
        return error_set(e, STATUS_USAGE, "%s is no single input: stepcast sweep --vary %s=...",
                         out->knob.name, out->knob.name);
    return knob_parse(scenario, &out->knob, out->value, &ignored, e);
}

enum status what_if_parse(const struct scenario *scenario, const char *text,
                          struct what_if_result *out, struct error *e)
{
    struct knobs *knobs = malloc(sizeof *knobs);
    memset(out, 0, sizeof *out);
    if (!knobs)
        return error_set(e, STATUS_IO, "out of memory");
    knobs_list(scenario, knobs);
    for (const char *rest = text; e->status == STATUS_OK;) {
        size_t n = strcspn(rest, ",");
        if (out->count == WHAT_IF_MAX)
            error_set(e, STATUS_USAGE, "more than %d inputs", WHAT_IF_MAX);
        else
            parse_item(scenario, knobs, rest, n, &out->item[out->count++], e);
        if (rest[n] == '\0')
            break;
        rest += n + 1;
    }
    free(knobs);
    return e->status;
}

static enum status apply(const struct what_if *item, struct scenario *scenario, struct error *e)
{
    double value;
    if (knob_parse(scenario, &item->knob, item->value, &value, e) == STATUS_OK)
        knob_set(scenario, &item->knob, value);
    return e->status;
}

static enum status evaluate(const struct scenario *scenario, const struct strategy *fixed,
                            const struct search_options *options, struct what_if_cost *out,
                            struct error *e)
{
    struct step_cost cost;
    struct search_options one = *options;
    struct search_result result = {0};
    one.top = 1;
    step_estimate(scenario, fixed, &cost);
    *out = (struct what_if_cost){.step_s = cost.step_s, .fits = cost.fits};
    if (search_run(scenario, &one, &result, e) == STATUS_OK && result.count > 0) {
        out->best_s = result.results[0].cost.step_s;
        out->best = result.results[0].strategy;
    }
    search_result_free(&result);
    return e->status;
}

enum status what_if_find(const struct scenario *scenario, const struct strategy *fixed,
                         const struct search_options *options, struct what_if_result *out,
                         struct error *e)
{
    struct scenario *changed = malloc(sizeof *changed), *all = malloc(sizeof *all);
    if (!changed || !all) {
        error_set(e, STATUS_IO, "out of memory");
    } else {
        *all = *scenario;
        evaluate(scenario, fixed, options, &out->now, e);
        for (int i = 0; i < out->count && e->status == STATUS_OK; i++) {
            *changed = *scenario;
            if (apply(&out->item[i], changed, e) == STATUS_OK &&
                apply(&out->item[i], all, e) == STATUS_OK)
                evaluate(changed, fixed, options, &out->alone[i], e);
        }
        if (e->status == STATUS_OK)
            evaluate(all, fixed, options, &out->together, e);
    }
    free(changed);
    free(all);
    return e->status;
}
