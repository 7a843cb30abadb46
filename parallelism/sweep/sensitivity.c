#include "parallelism/sweep/sensitivity.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The step with which an elasticity is taken, relative: small against any curvature, large against
 * the steps of tiles and waves. */
static const double slope_frac = 0.01;
/* An input that moves the step by less is idle. */
static const double idle_frac = 1e-9;

/* What the evaluation of one input carries. */
struct evaluation {
    const struct sensitivity_request *request;
    struct scenario *changed;
    struct step_cost now, cost;
};

bool strategies_differ(const struct strategy *a, const struct strategy *b)
{
    for (int d = 0; d < SEARCH_DIMENSIONS; d++) {
        const struct field *f = search_dimension_field((enum search_dimension)d);
        if (f && memcmp((const char *)a + f->offset, (const char *)b + f->offset, f->size) != 0)
            return true;
    }
    return false;
}

static void set_changed(struct evaluation *v, const struct knob *knob, double value)
{
    *v->changed = *v->request->scenario;
    knob_set(v->changed, knob, value);
}

static void evaluate_at(struct evaluation *v, const struct knob *knob, double value)
{
    set_changed(v, knob, value);
    step_estimate(v->changed, v->request->fixed, &v->cost);
}

/* Within the range of the field's row. */
static double within(const struct knob *knob, double value)
{
    const struct field *f = knob->field;
    bool bounded = f->min < 0 || f->min > 0 || f->max < 0 || f->max > 0;
    return bounded ? fmin(f->max, fmax(f->min, value)) : value;
}

static double log_slope(double x0, double t0, double x1, double t1)
{
    return x1 > x0 && x0 > 0 && t0 > 0 && t1 > 0 ? log(t1 / t0) / log(x1 / x0) : 0;
}

static double elasticity_of(struct evaluation *v, const struct knob *knob, double value)
{
    double low = within(knob, value * (1 - slope_frac));
    double high = within(knob, value * (1 + slope_frac));
    evaluate_at(v, knob, low);
    double low_s = v->cost.step_s;
    evaluate_at(v, knob, high);
    return log_slope(low, low_s, high, v->cost.step_s);
}

static void find_end(struct evaluation *v, const struct knob *knob, double value,
                     struct sensitivity_end *end)
{
    end->value = within(knob, value);
    evaluate_at(v, knob, end->value);
    end->step_s = v->cost.step_s;
    end->fits = v->cost.fits;
}

static enum status search_end(struct evaluation *v, const struct knob *knob,
                              struct sensitivity_end *end, struct error *e)
{
    struct search_options options = *v->request->options;
    struct search_result result = {0};
    options.top = 1;
    options.progress = NULL;
    set_changed(v, knob, end->value);
    if (search_run(v->changed, &options, &result, e) == STATUS_OK && result.count > 0) {
        end->best_s = result.results[0].cost.step_s;
        end->best = result.results[0].strategy;
        end->moves = strategies_differ(&end->best, v->request->fixed);
    }
    search_result_free(&result);
    return e->status;
}

static enum status search_ends(struct evaluation *v, struct sensitivity *row, struct error *e)
{
    if (search_end(v, &row->knob, &row->low, e) || search_end(v, &row->knob, &row->high, e))
        return e->status;
    row->searched = true;
    row->best_elasticity =
        log_slope(row->low.value, row->low.best_s, row->high.value, row->high.best_s);
    return STATUS_OK;
}

/* Constants: no jobs, no numbers of things, no switches. */
static bool is_constant(const struct sensitivity_request *r, const struct knob *knob)
{
    static const char *const counts[] = {"domain_gpus", NULL};
    if (knob->field->kind != FIELD_NUMBER || names_find(counts, knob->field->key) >= 0)
        return false;
    return knob->section == KNOB_KERNEL || knob->section == KNOB_TIER ||
           knob->section == KNOB_GPU || knob->section == KNOB_STACK ||
           (knob->section == KNOB_CALIBRATION && r->calibration);
}

/* The peaks count together; one alone is the same number again. */
static bool is_repeated(const struct knob *knob)
{
    return knob->section == KNOB_GPU && strncmp(knob->field->key, "peak_", 5) == 0;
}

static double effect_of(const struct sensitivity *row, double step_s)
{
    const double end_s[] = {row->low.step_s, row->high.step_s, row->low.best_s, row->high.best_s};
    double most = 0;
    for (size_t i = 0; i < sizeof end_s / sizeof *end_s; i++)
        if (end_s[i] > 0)
            most = fmax(most, fabs(end_s[i] / step_s - 1));
    return most;
}

static int by_effect(const void *a, const void *b)
{
    const struct sensitivity *x = a, *y = b;
    if (x->effect != y->effect)
        return x->effect < y->effect ? 1 : -1;
    return strcmp(x->knob.name, y->knob.name);
}

/* Room that an end leaves or takes, relative to what the GPU has: what makes other strategies fit.
 */
static double room_change(const struct step_cost *now, const struct step_cost *then)
{
    double room = now->memory_capacity_bytes - now->memory_total_bytes;
    double left = then->memory_capacity_bytes - then->memory_total_bytes;
    return fabs(left - room) / now->memory_capacity_bytes;
}

/* False: the input changes nothing for the fixed strategy, neither its time nor its memory. */
static bool find_row(struct evaluation *v, const struct knob *knob, struct sensitivity *row)
{
    const struct sensitivity_request *r = v->request;
    *row = (struct sensitivity){.knob = *knob, .value = knob_get(r->scenario, knob)};
    if (!(row->value > 0))
        return false;
    find_end(v, knob, row->value * (1 - r->range_frac), &row->low);
    double room = room_change(&v->now, &v->cost);
    find_end(v, knob, row->value * (1 + r->range_frac), &row->high);
    room = fmax(room, room_change(&v->now, &v->cost));
    double effect = effect_of(row, v->now.step_s);
    if (effect > idle_frac)
        row->elasticity = elasticity_of(v, knob, row->value);
    row->effect = fmax(effect, room);
    return row->effect > idle_frac;
}

static enum status find_rows(struct evaluation *v, const struct knobs *knobs,
                             struct sensitivities *out, struct error *e)
{
    out->rows = calloc((size_t)knobs->count + 1, sizeof *out->rows);
    if (!out->rows)
        return error_set(e, STATUS_IO, "out of memory");
    for (int i = 0; i < knobs->count; i++) {
        const struct knob *knob = &knobs->knob[i];
        if (!is_constant(v->request, knob) || is_repeated(knob))
            continue;
        if (find_row(v, knob, &out->rows[out->count]))
            out->count++;
        else
            out->idle++;
    }
    qsort(out->rows, (size_t)out->count, sizeof *out->rows, by_effect);
    return STATUS_OK;
}

static enum status search_rows(struct evaluation *v, struct sensitivities *out, struct error *e)
{
    const struct sensitivity_request *r = v->request;
    int n = r->searches > 0 && r->searches < out->count ? r->searches : out->count;
    for (int i = 0; i < n && r->options && e->status == STATUS_OK; i++) {
        search_ends(v, &out->rows[i], e);
        if (r->progress)
            r->progress(r->progress_context, i + 1, n);
    }
    return e->status;
}

enum status sensitivities_find(const struct sensitivity_request *request, struct sensitivities *out,
                               struct error *e)
{
    struct evaluation *v = calloc(1, sizeof *v);
    struct knobs *knobs = malloc(sizeof *knobs);
    memset(out, 0, sizeof *out);
    if (v)
        v->changed = malloc(sizeof *v->changed);
    if (!v || !knobs || !v->changed) {
        error_set(e, STATUS_IO, "out of memory");
    } else {
        v->request = request;
        knobs_list(request->scenario, knobs);
        step_estimate(request->scenario, request->fixed, &v->now);
        out->step_s = v->now.step_s;
        if (find_rows(v, knobs, out, e) == STATUS_OK)
            search_rows(v, out, e);
        for (int i = 0; i < out->count; i++)
            out->rows[i].effect = effect_of(&out->rows[i], out->step_s);
        if (out->count > 0)
            qsort(out->rows, (size_t)out->count, sizeof *out->rows, by_effect);
    }
    if (v)
        free(v->changed);
    free(v);
    free(knobs);
    return e->status;
}

void sensitivities_free(struct sensitivities *s)
{
    free(s->rows);
    memset(s, 0, sizeof *s);
}
