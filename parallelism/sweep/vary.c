#include "parallelism/sweep/vary.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How far a range may miss its end by rounding, relative. */
static const double end_tolerance = 1e-9;

/* ---- names ---- */

static enum status parse_names(const struct knobs *knobs, const char *text, size_t n,
                               struct axis *out, struct error *e)
{
    while (e->status == STATUS_OK) {
        char name[KNOB_NAME_MAX];
        size_t length = 0;
        while (length < n && text[length] != '+')
            length++;
        if (out->knobs == VARY_KNOBS_MAX)
            return error_set(e, STATUS_USAGE, "more than %d inputs together", VARY_KNOBS_MAX);
        snprintf(name, sizeof name, "%.*s", (int)length, text);
        if (knob_find(knobs, name, &out->knob[out->knobs], e) != STATUS_OK || length == n)
            break;
        out->knobs++;
        text += length + 1;
        n -= length + 1;
    }
    out->knobs++;
    return e->status;
}

/* ---- values ---- */

static enum status add_value(struct axis *out, const char *value, const char *label,
                             struct error *e)
{
    if (out->count == VARY_VALUES_MAX)
        return error_set(e, STATUS_USAGE, "%s: more than %d values", out->knob[0].name,
                         VARY_VALUES_MAX);
    if (strlen(value) >= VARY_WORD_MAX)
        return error_set(e, STATUS_USAGE, "%s: a value of more than %d bytes", out->knob[0].name,
                         VARY_WORD_MAX - 1);
    snprintf(out->value[out->count], VARY_WORD_MAX, "%s", value);
    snprintf(out->label[out->count], VARY_WORD_MAX, "%s", label);
    out->count++;
    return STATUS_OK;
}

static enum status parse_list(const char *text, struct axis *out, struct error *e)
{
    for (;;) {
        char word[VARY_WORD_MAX + 1];
        size_t n = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, text);
        if (n == 0)
            return error_set(e, STATUS_USAGE, "%s: expected values with commas", out->knob[0].name);
        if (add_value(out, word, word, e) != STATUS_OK || text[n] == '\0')
            return e->status;
        text += n + 1;
    }
}

/* A range being read: its words, and whether they are factors of the present value. */
struct range {
    char from[VARY_WORD_MAX], to[VARY_WORD_MAX], step[VARY_WORD_MAX];
    bool relative;
    double first, last, by;
    bool multiplies;
};

static bool is_factor(const char *word)
{
    size_t n = strlen(word);
    return n > 1 && (word[n - 1] == 'x' || word[n - 1] == 'X');
}

/* A factor without its x, or a value in SI. */
static enum status range_number(const struct scenario *scenario, const struct axis *axis,
                                const struct range *r, const char *word, double *out,
                                struct error *e)
{
    char number[VARY_WORD_MAX];
    if (!r->relative)
        return knob_parse(scenario, &axis->knob[0], word, out, e);
    snprintf(number, sizeof number, "%.*s", (int)strlen(word) - (is_factor(word) ? 1 : 0), word);
    return number_parse(number, out, e);
}

static enum status range_step(const struct scenario *scenario, const struct axis *axis,
                              struct range *r, struct error *e)
{
    const char *word = r->step;
    r->multiplies = word[0] == 'x' || word[0] == '*';
    if (r->multiplies)
        number_parse(word + 1, &r->by, e);
    else if (word[0] == '+' || word[0] == '-')
        range_number(scenario, axis, r, word + 1, &r->by, e);
    else
        error_set(e, STATUS_USAGE, "%s: expected a step such as x2 or +10, got %.40s",
                  axis->knob[0].name, word);
    if (e->status == STATUS_OK && word[0] == '-')
        r->by = -r->by;
    bool grows = r->multiplies ? r->by > 1 : r->by > 0;
    bool shrinks = r->multiplies ? r->by > 0 && r->by < 1 : r->by < 0;
    if (e->status == STATUS_OK && !(r->first <= r->last ? grows : shrinks))
        error_set(e, STATUS_USAGE, "%s: the step %.40s does not lead from %.40s to %.40s",
                  axis->knob[0].name, word, r->from, r->to);
    return e->status;
}

static enum status add_number(const struct range *r, double value, struct axis *out,
                              struct error *e)
{
    char word[40];
    struct text label = {0};
    number_format(value, word, sizeof word - 2);
    if (r->relative) {
        memcpy(word + strlen(word), "x", 2);
        text_add(&label, word);
    } else {
        knob_format(&out->knob[0], value, &label);
    }
    add_value(out, word, label.data ? label.data : word, e);
    text_free(&label);
    return e->status;
}

static enum status add_range(const struct range *r, struct axis *out, struct error *e)
{
    double value = r->first, slack = end_tolerance * fabs(r->last);
    for (int i = 1; e->status == STATUS_OK; i++) {
        if (r->first <= r->last ? value > r->last + slack : value < r->last - slack)
            break;
        add_number(r, value, out, e);
        value = r->multiplies ? value * r->by : r->first + i * r->by;
    }
    return e->status;
}

/* "64:4096:x2" */
static enum status parse_range(const struct scenario *scenario, const char *text, struct axis *out,
                               struct error *e)
{
    struct range r = {.relative = false};
    const char *second = strchr(text, ':') + 1, *third = strchr(second, ':');
    if (!third || strchr(third + 1, ':') || strlen(text) >= VARY_WORD_MAX)
        return error_set(e, STATUS_USAGE, "%s: expected FROM:TO:STEP such as 64:4096:x2, got %.60s",
                         out->knob[0].name, text);
    if (!knob_is_number(&out->knob[0]))
        return error_set(e, STATUS_USAGE, "%s takes names, no range", out->knob[0].name);
    snprintf(r.from, sizeof r.from, "%.*s", (int)(second - 1 - text), text);
    snprintf(r.to, sizeof r.to, "%.*s", (int)(third - second), second);
    snprintf(r.step, sizeof r.step, "%s", third + 1);
    r.relative = is_factor(r.from) && is_factor(r.to);
    if (range_number(scenario, out, &r, r.from, &r.first, e) ||
        range_number(scenario, out, &r, r.to, &r.last, e) || range_step(scenario, out, &r, e))
        return e->status;
    return add_range(&r, out, e);
}

/* Every value must be one of every input: better now than in the middle of a sweep. */
static enum status check_values(const struct scenario *scenario, const struct axis *axis,
                                struct error *e)
{
    double ignored;
    for (int k = 0; k < axis->knobs; k++) {
        for (int i = 0; i < axis->count && axis->knob[k].section != KNOB_CATALOG; i++)
            if (knob_parse(scenario, &axis->knob[k], axis->value[i], &ignored, e) != STATUS_OK)
                return e->status;
    }
    return STATUS_OK;
}

enum status axis_parse(const struct scenario *scenario, const struct knobs *knobs, const char *text,
                       struct axis *out, struct error *e)
{
    const char *equals = strchr(text, '=');
    memset(out, 0, sizeof *out);
    if (!equals || equals == text || equals[1] == '\0')
        return error_set(e, STATUS_USAGE, "expected INPUT=VALUES, got %.80s", text);
    if (parse_names(knobs, text, (size_t)(equals - text), out, e) != STATUS_OK)
        return e->status;
    bool range = out->knob[0].section != KNOB_CATALOG && strchr(equals, ':');
    if (range)
        parse_range(scenario, equals + 1, out, e);
    else
        parse_list(equals + 1, out, e);
    return e->status == STATUS_OK ? check_values(scenario, out, e) : e->status;
}

void axis_name(const struct axis *axis, struct text *out)
{
    for (int k = 0; k < axis->knobs; k++)
        text_addf(out, "%s%s", k > 0 ? "+" : "", axis->knob[k].name);
}

static enum status apply_one(const struct knobs *knobs, const char *name, const char *value,
                             struct scenario *scenario, double *number, struct error *e)
{
    struct knob knob;
    if (knob_find(knobs, name, &knob, e) != STATUS_OK ||
        knob_parse(scenario, &knob, value, number, e) != STATUS_OK)
        return e->status;
    knob_set(scenario, &knob, *number);
    return STATUS_OK;
}

enum status axis_apply(const struct axis *axis, int i, const char *catalog,
                       struct scenario *scenario, double number[VARY_KNOBS_MAX], struct error *e)
{
    struct knobs *knobs = malloc(sizeof *knobs);
    if (!knobs)
        return error_set(e, STATUS_IO, "out of memory");
    for (int k = 0; k < axis->knobs && e->status == STATUS_OK; k++) {
        const struct knob *knob = &axis->knob[k];
        number[k] = (double)NAN;
        knobs_list(scenario, knobs);
        if (knob->section == KNOB_CATALOG)
            knob_set_name(scenario, knob, axis->value[i], catalog, e);
        else
            apply_one(knobs, knob->name, axis->value[i], scenario, &number[k], e);
    }
    free(knobs);
    return e->status;
}
