#include "parallelism/search/largest.h"
#include "parallelism/memory.h"
#include "parallelism/search/pass.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const largest_quantity_names[LARGEST_QUANTITIES + 1] = {
    [LARGEST_SEQ_LENGTH] = "seq_length",
    [LARGEST_MICRO_BATCH] = "micro_batch",
    [LARGEST_LAYERS] = "layers",
};

/* A scenario and its options at some value of the quantity. */
struct trial {
    const struct scenario *scenario;
    const struct search_options *options;
    struct scenario *here;
    struct search_options here_options;
    struct largest *out;
};

static void set_seq_length(struct scenario *here, struct search_options *options, double value)
{
    (void)options;
    here->job.seq_length = value;
}

static void set_micro_batch(struct scenario *here, struct search_options *options, double value)
{
    (void)here;
    options->choices[SEARCH_MICRO_BATCH] = (struct choices){1, {(int)value}};
}

/* The shortest stretch of layers that the second half of the model repeats. */
static int period_of(const struct model *m)
{
    for (int period = 1; period < m->layers / 2; period++) {
        int i = m->layers / 2 + period;
        while (i < m->layers && m->kind_of_layer[i] == m->kind_of_layer[i - period])
            i++;
        if (i >= m->layers)
            return period;
    }
    return 1;
}

static void set_layers(struct scenario *here, struct search_options *options, double value)
{
    struct model *m = &here->model;
    int period = period_of(m), layers = m->layers;
    (void)options;
    m->layers = (int)value;
    for (int i = layers; i < m->layers; i++)
        m->kind_of_layer[i] = m->kind_of_layer[i - period];
}

static const struct {
    void (*set)(struct scenario *here, struct search_options *options, double value);
    double step, most;
} quantities[LARGEST_QUANTITIES] = {
    [LARGEST_SEQ_LENGTH] = {set_seq_length,  1024, 1 << 27         },
    [LARGEST_MICRO_BATCH] = {set_micro_batch, 1,    1 << 20         },
    [LARGEST_LAYERS] = {set_layers,      1,    MODEL_LAYERS_MAX},
};

void largest_apply(enum largest_quantity quantity, double value, struct scenario *scenario,
                   struct search_options *options)
{
    quantities[quantity].set(scenario, options, value);
}

static void set(struct trial *t, enum largest_quantity quantity, double value)
{
    *t->here = *t->scenario;
    t->here_options = *t->options;
    largest_apply(quantity, value, t->here, &t->here_options);
}

/* True if any strategy fits at the value. */
static bool fits(struct trial *t, enum largest_quantity quantity, double value, struct error *e)
{
    struct search_space space;
    struct search_pass pass = {.best = {.count = 0}};
    set(t, quantity, value);
    struct search_request request = {
        .goal = GOAL_MEMORY, .limit = memory_capacity(t->here), .top = 1, .any = true};
    t->out->searches++;
    if (search_space_init(t->here, &t->here_options, &space, e) == STATUS_OK)
        search_pass_run(&space, &request, &pass, e);
    bool found = e->status == STATUS_OK && pass.best.count > 0;
    search_pass_free(&pass);
    search_space_free(&space);
    return found;
}

/* The largest multiple of the step that fits, and the least one tried that does not. */
static void find_multiple(struct trial *t, enum largest_quantity quantity, double step,
                          struct error *e)
{
    double low = 0, high = 0;
    int misses = 0;
    for (double n = 1; misses < 2 && n * step <= quantities[quantity].most; n *= 2) {
        bool fit = fits(t, quantity, n * step, e);
        misses = fit ? 0 : misses + 1;
        if (fit)
            low = n;
        else if (misses == 1)
            high = n;
    }
    if (high < low)
        high = floor(quantities[quantity].most / step) + 1;
    while (high - low > 1 && low > 0 && e->status == STATUS_OK) {
        double middle = floor((low + high) / 2);
        *(fits(t, quantity, middle * step, e) ? &low : &high) = middle;
    }
    t->out->value = low * step;
    t->out->next = high * step <= quantities[quantity].most ? high * step : 0;
}

/* Micro-batches are divisors: all of them, from the smallest on. */
static void find_divisor(struct trial *t, enum largest_quantity quantity, struct error *e)
{
    double batch = t->scenario->job.global_batch;
    for (double b = 1; b <= batch && t->out->next <= 0 && e->status == STATUS_OK; b++) {
        if (fmod(batch, b) != 0)
            continue;
        *(fits(t, quantity, b, e) ? &t->out->value : &t->out->next) = b;
    }
}

/* The fastest at the value, and what misses by least at the next. */
static void find_strategies(struct trial *t, enum largest_quantity quantity, struct error *e)
{
    struct search_result result = {.count = 0};
    if (t->out->value > 0 && e->status == STATUS_OK) {
        set(t, quantity, t->out->value);
        if (search_run(t->here, &t->here_options, &result, e) == STATUS_OK && result.count > 0)
            t->out->best = result.results[0];
        search_result_free(&result);
    }
    if (t->out->next > 0 && e->status == STATUS_OK) {
        set(t, quantity, t->out->next);
        if (search_run(t->here, &t->here_options, &result, e) == STATUS_OK)
            t->out->closest = result.closest;
        search_result_free(&result);
    }
}

enum status largest_find(const struct scenario *scenario, const struct search_options *options,
                         enum largest_quantity quantity, double step, struct largest *out,
                         struct error *e)
{
    struct trial t = {.scenario = scenario, .options = options, .out = out};
    memset(out, 0, sizeof *out);
    t.here = malloc(sizeof *t.here);
    if (!t.here)
        return error_set(e, STATUS_IO, "out of memory for a scenario");
    if (quantity == LARGEST_MICRO_BATCH)
        find_divisor(&t, quantity, e);
    else
        find_multiple(&t, quantity, step > 0 ? step : quantities[quantity].step, e);
    find_strategies(&t, quantity, e);
    free(t.here);
    return e->status;
}
