#include "parallelism/strategy_idle.h"
#include "base/text.h"
#include "parallelism/data_parallel.h"
#include "parallelism/step.h"

/* Modules that no layer of the model has, as bits. */
static unsigned missing_modules(const struct model *m)
{
    unsigned experts = 1u << MODULE_ROUTER | 1u << MODULE_MOE | 1u << MODULE_MOE_ACT;
    unsigned missing = 0;
    if (m->kv_lora_rank == 0)
        missing |= 1u << MODULE_MLA_UP_PROJ;
    if (m->experts == 0)
        missing |= experts;
    if (m->shared_intermediate_size == 0)
        missing |= 1u << MODULE_SHARED_EXPERTS;
    return missing;
}

static void idle_modules(const struct model *m, const struct strategy *s, struct text *out)
{
    unsigned missing = s->recompute_modules & missing_modules(m);
    for (int i = 0; i < MODULES && s->recompute == RECOMPUTE_SELECTIVE; i++)
        if (missing >> i & 1)
            text_addf(out, "recompute-modules %s changes nothing: %s has none\n", module_names[i],
                      m->name);
}

void strategy_idle(const struct scenario *scenario, const struct strategy *s, struct text *out)
{
    int zero = effective_zero(&scenario->stack, s);
    bool alone = s->pp == 1;
    static const char one_stage[] = "there is one stage";
    const struct {
        const char *key;
        int value;
        bool idle;
        const char *why;
    } rows[] = {
        {"recompute-layers", s->recompute_layers, s->recompute != RECOMPUTE_FULL,
         "it counts layers of full recompute"},
        {"zero-group", s->zero_group, zero < 1 || zero == 3,
         "it divides the optimizer's state of ZeRO 1 and 2"},
        {"fsdp-shard", s->fsdp_shard, zero != 3, "it divides the parameters of ZeRO 3"},
        {"microbatch-group", s->microbatch_group, s->vpp == 1,
         "it orders the chunks of interleaved stages"},
        {"first-stage-layers", s->first_stage_layers, alone, one_stage},
        {"last-stage-layers", s->last_stage_layers, alone, one_stage},
        {"first-last-stage-fewer-layers", s->first_last_stage_fewer_layers, alone, one_stage},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value > 0 && rows[i].idle)
            text_addf(out, "%s %d changes nothing: %s\n", rows[i].key, rows[i].value, rows[i].why);
    if (s->recompute_modules != 0 && s->recompute != RECOMPUTE_SELECTIVE)
        text_add(out, "recompute-modules changes nothing: it is of selective recompute\n");
    idle_modules(&scenario->model, s, out);
}
