#include "parallelism/search/critique.h"
#include "parallelism/frameworks/likeness.h"
#include <stdio.h>
#include <string.h>

/* Values that are tried one at a time; legality drops most. NULL: every value of the key's names.
 */
static const struct {
    const char *key, *values;
} tries[] = {
    {"tp",                    "1 2 3 4 5 6 8 16 32 64"                   },
    {"cp",                    "1 2 4 8 16 32 64"                         },
    {"pp",                    "1 2 3 4 5 6 7 8 9 10 12 14 16 20 24 32 64"},
    {"vpp",                   "1 2 3 4 5 6 7 8 9 10 12 14 15 16 20 24 32"},
    {"ep",                    "1 2 4 8 16 32 64 128"                     },
    {"etp",                   "1 2 4 8"                                  },
    {"micro_batch",           "1 2 3 4 5 6 8 10 12 16 24 32 64"          },
    {"sequence_parallel",     "true false"                               },
    {"zero",                  "0 1 2 3"                                  },
    {"recompute",             NULL                                       },
    {"recompute_layers",      "0 1 2 3 4 5 6 8 10 12 16 20 24 32 40"     },
    {"schedule",              NULL                                       },
    {"attention",             NULL                                       },
    {"overlaps",              NULL                                       },
    {"reshard_after_forward", "true false"                               },
    {"dispatcher",            NULL                                       },
    {"cp_comm",               NULL                                       },
    {"offload_optimizer",     "true false"                               },
};

static const struct field *field_of(const char *key)
{
    size_t i = strategy_row(key);
    return i < strategy_field_count ? &strategy_fields[i] : NULL;
}

/* What follows a change of one key as the frameworks derive it: the replicas from the GPUs, the
 * schedule from the degrees, an even split where the stages are others. */
static void follow(const struct scenario *scenario, const struct strategy *own, struct strategy *s)
{
    double ranks = (double)s->tp * s->cp * s->pp;
    s->dp = scenario->system.gpus >= ranks ? (int)(scenario->system.gpus / ranks) : 1;
    if (s->tp == 1 || own->tp == 1)
        s->sequence_parallel = s->tp > 1 && scenario->stack.sequence_parallel;
    if (s->pp == own->pp && s->vpp == own->vpp)
        return;
    if (s->pp == 1)
        s->vpp = 1;
    s->first_last_stage_fewer_layers = s->first_stage_layers = s->last_stage_layers = 0;
    s->microbatch_group = 0;
    s->pp_layout[0] = '\0';
    if (own->schedule <= SCHEDULE_INTERLEAVED || s->pp == 1)
        s->schedule = s->pp == 1   ? SCHEDULE_NONE
                      : s->vpp > 1 ? SCHEDULE_INTERLEAVED
                                   : SCHEDULE_1F1B;
}

/* A change that must gain this much to be told. */
static const double least_gain_frac = 0.002;

static void consider(const struct scenario *scenario, const struct strategy *changed,
                     struct change *best, const struct critique *out)
{
    struct step_cost cost;
    char reason[2];
    if (strategy_illegal(scenario, changed, reason, sizeof reason))
        return;
    step_estimate(scenario, changed, &cost);
    bool gains =
        !out->own.legal || !out->own.fits || cost.step_s < (1 - least_gain_frac) * out->own.step_s;
    if (!cost.legal || !cost.fits || !gains)
        return;
    if (best->step_s > 0 && best->step_s <= cost.step_s)
        return;
    best->strategy = *changed;
    best->step_s = cost.step_s;
}

static void insert(struct critique *out, const struct change *change)
{
    int i = out->changes < CHANGES_MAX ? out->changes++ : CHANGES_MAX;
    if (i == CHANGES_MAX) {
        if (out->change[CHANGES_MAX - 1].step_s <= change->step_s)
            return;
        i = CHANGES_MAX - 1;
    }
    for (; i > 0 && out->change[i - 1].step_s > change->step_s; i--)
        out->change[i] = out->change[i - 1];
    out->change[i] = *change;
}

static void try_word(const struct scenario *scenario, const struct strategy *own, const char *word,
                     struct change *best, const struct critique *out)
{
    struct strategy s = *own;
    struct error e;
    error_init(&e);
    if (field_set(best->field, word, &s, &e) != STATUS_OK)
        return;
    follow(scenario, own, &s);
    consider(scenario, &s, best, out);
}

/* A set: each of its names in or out. */
static void try_bits(const struct scenario *scenario, const struct strategy *own,
                     struct change *best, const struct critique *out)
{
    for (unsigned bit = 0; best->field->names[bit]; bit++) {
        struct strategy s = *own;
        unsigned set;
        char *member = (char *)&s + best->field->offset;
        memcpy(&set, member, sizeof set);
        set ^= 1u << bit;
        memcpy(member, &set, sizeof set);
        consider(scenario, &s, best, out);
    }
}

static void try_words(const struct scenario *scenario, const struct strategy *own,
                      const char *words, struct change *best, const struct critique *out)
{
    while (*words != '\0') {
        char word[16];
        size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        try_word(scenario, own, word, best, out);
        words += n + strspn(words + n, " ");
    }
}

static void find_changes(const struct scenario *scenario, const struct strategy *own,
                         struct critique *out)
{
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct change best = {.field = field_of(tries[i].key)};
        if (!best.field)
            continue;
        if (tries[i].values)
            try_words(scenario, own, tries[i].values, &best, out);
        else if (best.field->kind == FIELD_SET)
            try_bits(scenario, own, &best, out);
        else
            for (int v = 0; best.field->names[v]; v++)
                try_word(scenario, own, best.field->names[v], &best, out);
        if (best.step_s > 0)
            insert(out, &best);
    }
}

/* What the search does not vary: as the run has it, but for what belongs to its own stages. */
static void make_base(const struct scenario *scenario, const struct strategy *own,
                      struct strategy *base)
{
    *base = *own;
    base->overlaps |= scenario->stack.overlaps | scenario->stack.overlaps_on_request;
    base->attention = scenario->stack.attention;
    base->first_last_stage_fewer_layers = base->first_stage_layers = base->last_stage_layers = 0;
    base->pp_layout[0] = '\0';
    base->microbatch_group = base->zero_group = base->fsdp_shard = 0;
}

enum status critique_make(const struct scenario *scenario, const struct strategy *own,
                          const struct search_options *options, struct critique *out,
                          struct error *e)
{
    struct search_options search = *options;
    struct search_result result = {.count = 0};
    memset(out, 0, sizeof *out);
    step_estimate(scenario, own, &out->own);
    make_base(scenario, own, &search.base);
    search.top = 1;
    if (search_run(scenario, &search, &result, e) == STATUS_OK && result.count > 0) {
        out->searched = true;
        out->best = result.results[0];
    }
    search_result_free(&result);
    if (e->status == STATUS_OK)
        find_changes(scenario, own, out);
    return e->status;
}

void strategy_differences(const struct scenario *scenario, const struct strategy *from,
                          const struct strategy *to,
                          void (*visit)(void *context, const struct field *field, const char *from,
                                        const char *to),
                          void *context)
{
    const struct strategy a = strategy_plain(scenario, from), b = strategy_plain(scenario, to);
    for (size_t i = 0; i < strategy_field_count; i++) {
        const struct field *field = &strategy_fields[i];
        struct text x = {0}, y = {0};
        field_get(field, &a, &x);
        field_get(field, &b, &y);
        const char *was = text_string(&x), *is = text_string(&y);
        if (strcmp(was, is) != 0)
            visit(context, field, *was ? was : "none", *is ? is : "none");
        text_free(&x);
        text_free(&y);
    }
}
