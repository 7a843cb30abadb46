#ifndef TESTS_UNIT_RANDOM_CATALOG_H
#define TESTS_UNIT_RANDOM_CATALOG_H
#include "parallelism/sweep/knob.h"
#include "tests/unit/model_from.h"
#include "tests/unit/random.h"
#include <stdio.h>
#include <stdlib.h>

/* Random scenarios and strategies over all catalogs and over whatever a user may set, the same on
 * every machine. Most strategies are legal by construction, some are anything. */

enum { CATALOG_ENTRIES_MAX = 128, RANDOM_MODELS = 400 };

struct random_source {
    struct random random;
    struct model *models; /* of the catalog, then random ones */
    struct system *systems;
    struct stack *stacks;
    int model_count, system_count, stack_count;
    struct knobs *knobs;
};

static inline double random_log(struct random *r, double low, double high)
{
    return exp(random_between(r, log(low), log(high)));
}

static inline bool random_chance(struct random *r, double p)
{
    return random_between(r, 0, 1) < p;
}

/* 2^k, times 3 or 5 now and then. */
static inline int random_round(struct random *r, int bits)
{
    int odd = random_chance(r, 0.2) ? 3 : random_chance(r, 0.1) ? 5 : 1;
    return odd << random_int(r, 0, bits);
}

/* A file as it might come from the hub, with anything for sizes in one of four. */
static inline void random_model_text(struct random *r, char *out, size_t size)
{
    bool wild = random_chance(r, 0.25), experts = random_chance(r, 0.4);
    int kv = random_round(r, 3), heads = kv * random_round(r, 4), layers = random_int(r, 1, 130);
    double width = wild ? floor(random_log(r, 1, 5e8)) : 64.0 * random_round(r, 8);
    int n = snprintf(out, size,
                     "{\"model_type\": \"%s\", \"num_hidden_layers\": %d, \"hidden_size\": %.0f, "
                     "\"num_attention_heads\": %d, \"num_key_value_heads\": %d, \"head_dim\": %d, "
                     "\"intermediate_size\": %.0f, \"vocab_size\": %.0f",
                     experts ? "qwen3_moe" : "llama", wild ? random_int(r, 1, 1024) : layers, width,
                     heads, kv, 8 * random_round(r, 5), wild ? width : 4 * width,
                     wild ? floor(random_log(r, 1, 2e9)) : 128.0 * random_round(r, 10));
    if (experts) {
        int per_token = random_int(r, 1, 8), count = per_token * random_round(r, 6);
        n += snprintf(out + n, size - (size_t)n,
                      ", \"num_experts\": %d, \"num_experts_per_tok\": %d, "
                      "\"moe_intermediate_size\": %d",
                      count, per_token, 16 * random_round(r, 9));
    }
    if (!experts && random_chance(r, 0.2))
        n += snprintf(out + n, size - (size_t)n, ", \"tie_word_embeddings\": true");
    snprintf(out + n, size - (size_t)n, "}");
}

static inline void add_random_models(struct random_source *s)
{
    char text[1024];
    for (int i = 0; i < RANDOM_MODELS; i++) {
        struct error e;
        random_model_text(&s->random, text, sizeof text);
        if (model_from(text, &s->models[s->model_count], &e) == STATUS_OK)
            s->model_count++;
        else
            assert_int_equal(e.status, STATUS_INPUT);
    }
    assert_true(s->model_count > RANDOM_MODELS / 2);
}

static inline void random_source_init(struct random_source *s, uint64_t seed)
{
    struct error e;
    const char *name;
    error_init(&e);
    *s = (struct random_source){.random = {seed * 2 + 1}};
    s->models = calloc(CATALOG_ENTRIES_MAX + RANDOM_MODELS, sizeof *s->models);
    s->systems = calloc(CATALOG_ENTRIES_MAX, sizeof *s->systems);
    s->stacks = calloc(CATALOG_ENTRIES_MAX, sizeof *s->stacks);
    s->knobs = calloc(1, sizeof *s->knobs);
    assert_true(s->models && s->systems && s->stacks && s->knobs);
    for (size_t i = 0; (name = model_catalog_name(i)); i++)
        assert_int_equal(model_find(name, NULL, &s->models[s->model_count++], &e), STATUS_OK);
    for (size_t i = 0; (name = system_catalog_name(i)); i++)
        assert_int_equal(system_find(name, NULL, &s->systems[s->system_count++], &e), STATUS_OK);
    for (size_t i = 0; (name = gpu_catalog_name(i)); i++) {
        struct system_parts parts = {.gpus = 8};
        snprintf(parts.gpu, sizeof parts.gpu, "%s", name);
        /* a part whose nodes nobody describes is no system */
        if (system_from_parts(&parts, NULL, &s->systems[s->system_count], &e) == STATUS_OK)
            s->system_count++;
        error_init(&e);
    }
    for (size_t i = 0; (name = stack_catalog_name(i)); i++)
        assert_int_equal(stack_find(name, NULL, &s->stacks[s->stack_count++], &e), STATUS_OK);
    add_random_models(s);
}

static inline void random_source_free(struct random_source *s)
{
    free(s->models);
    free(s->systems);
    free(s->stacks);
    free(s->knobs);
}

/* Any value of a row, to both ends of its range. */
static inline double random_value(struct random *r, const struct field *field)
{
    bool any = field->min == 0 && field->max == 0;
    double low = any ? 0 : field->min, high = any || field->max > 1e18 ? 1e18 : field->max;
    if (random_chance(r, 0.1))
        return low;
    if (random_chance(r, 0.1))
        return high;
    double x = random_log(r, low > 0 ? low : fmin(1e-12, high / 2), high);
    return field->kind == FIELD_INT ? floor(x) : x;
}

/* Sets some inputs of the hardware, its kernels and the stack to whatever their rows allow. */
static inline void random_knobs(struct random_source *s, struct scenario *c)
{
    struct random *r = &s->random;
    knobs_list(c, s->knobs);
    for (int n = random_int(r, 1, 4); n > 0; n--) {
        const struct knob *k = &s->knobs->knob[random_int(r, 0, s->knobs->count - 1)];
        if (k->section != KNOB_JOB && knob_is_number(k) && strcmp(k->name, "system.gpus") != 0)
            knob_set(c, k, random_value(r, k->field));
    }
}

static inline void random_job(struct random *r, struct job *job)
{
    static const enum dtype precisions[] = {DTYPE_BF16,  DTYPE_FP16,  DTYPE_FP8,
                                            DTYPE_MXFP8, DTYPE_NVFP4, DTYPE_FP8_BLOCK};
    job_default(job);
    job->precision = precisions[random_chance(r, 0.6) ? 0 : random_int(r, 0, 5)];
    job->optimizer = (enum optimizer)random_int(r, 0, OPTIMIZERS - 1);
    job->seq_length =
        random_chance(r, 0.1) ? floor(random_log(r, 1, 1e9)) : 128.0 * random_round(r, 10);
    if (random_chance(r, 0.1))
        job->document_mean = floor(random_log(r, 1, job->seq_length + 1));
    if (random_chance(r, 0.2))
        job->expert_imbalance = random_log(r, 1, random_chance(r, 0.1) ? 1e6 : 4);
    if (random_chance(r, 0.1))
        job->expert_capacity = random_log(r, 0.1, 1e3);
}

/* A divisor of n, 1 more often than not. */
static inline int random_divisor(struct random *r, int n)
{
    int d = random_chance(r, 0.4) ? 1 : 1 << random_int(r, 0, 6);
    while (n % d != 0)
        d /= 2;
    return d;
}

static inline void random_degrees(struct random *r, const struct model *m, struct strategy *s)
{
    s->tp = random_divisor(r, m->heads);
    s->cp = random_chance(r, 0.7) ? 1 : 1 << random_int(r, 0, 4);
    s->pp = random_chance(r, 0.4) ? 1 : random_int(r, 1, 64);
    s->dp = random_chance(r, 0.02) ? random_int(r, 1, 1048576) : random_round(r, 9);
    s->vpp = s->pp > 1 && random_chance(r, 0.3) ? random_int(r, 1, 8) : 1;
    s->micro_batch = 1 << random_int(r, 0, 3);
    if (m->experts > 0) {
        s->ep = random_divisor(r, m->experts);
        s->etp = random_chance(r, 0.5) ? s->tp : 1;
    }
}

static inline void random_strategy(struct random *r, struct scenario *c, struct strategy *s)
{
    strategy_default(s);
    random_degrees(r, &c->model, s);
    c->system.gpus = (double)s->tp * s->cp * s->pp * s->dp;
    c->job.global_batch = (double)s->dp * s->micro_batch * s->pp * random_round(r, 5);
    strategy_complete(s, NULL, c);
    if (s->vpp == 1 && random_chance(r, 0.3))
        s->schedule = (enum schedule)random_int(r, 0, SCHEDULES - 1);
    s->zero = random_chance(r, 0.5) ? s->zero : random_int(r, 0, 3);
    s->recompute = (enum recompute)random_int(r, 0, RECOMPUTES - 1);
    if (s->recompute == RECOMPUTE_FULL && random_chance(r, 0.3))
        s->recompute_layers = random_int(r, 0, 20);
    s->dispatcher = (enum dispatcher)random_int(r, 0, DISPATCHERS - 1);
    s->cp_comm = (enum cp_comm)random_int(r, 0, CP_COMMS - 1);
    s->overlaps = (unsigned)random_int(r, 0, (1 << OVERLAPS) - 1);
    s->offload_optimizer = random_chance(r, 0.1);
    s->offload_activations = random_chance(r, 0.1) ? random_between(r, 0, 1) : 0;
    s->tiles = random_chance(r, 0.1) ? (unsigned)random_int(r, 1, (1 << TILES) - 1) : 0;
}

/* Any value of every key: mostly illegal. */
static inline void random_anything(struct random *r, struct strategy *s)
{
    for (int n = random_int(r, 1, 4); n > 0; n--) {
        const struct field *f = &strategy_fields[random_int(r, 0, (int)strategy_field_count - 1)];
        if (f->kind == FIELD_INT && !(f->min == 0 && f->max == 0)) {
            int value = (int)random_value(r, f);
            memcpy((char *)s + f->offset, &value, sizeof value);
        }
    }
}

/* Says in `knobs` whether the hardware is other than a catalog's. */
static inline void random_scenario(struct random_source *source, struct scenario *c,
                                   struct strategy *s, bool *knobs)
{
    struct random *r = &source->random;
    c->model = source->models[random_int(r, 0, source->model_count - 1)];
    c->system = source->systems[random_int(r, 0, source->system_count - 1)];
    c->stack =
        source->stacks[random_chance(r, 0.5) ? 0 : random_int(r, 0, source->stack_count - 1)];
    random_job(r, &c->job);
    random_strategy(r, c, s);
    *knobs = random_chance(r, 0.4);
    if (*knobs)
        random_knobs(source, c);
    if (random_chance(r, 0.05))
        random_anything(r, s);
}

#endif
