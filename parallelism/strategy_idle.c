#include "parallelism/strategy_idle.h"
#include "base/text.h"
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
    bool all = s->zero == 3 || (scenario->stack.shards_over_context && s->cp > 1);
    const struct {
        const char *key, *why;
        int value;
        bool idle;
    } rows[] = {
        {"recompute-layers",              "it counts layers of full recompute",               s->recompute_layers,
         s->recompute != RECOMPUTE_FULL                                                                                                   },
        {"zero-group",                    "it divides the optimizer's state of ZeRO 1 and 2", s->zero_group,
         s->zero < 1 || all                                                                                                               },
        {"fsdp-shard",                    "it divides the parameters of ZeRO 3",              s->fsdp_shard,                    !all      },
        {"microbatch-group",              "it orders the chunks of interleaved stages",       s->microbatch_group,
         s->vpp == 1                                                                                                                      },
        {"first-stage-layers",            "there is one stage",                               s->first_stage_layers,            s->pp == 1},
        {"last-stage-layers",             "there is one stage",                               s->last_stage_layers,             s->pp == 1},
        {"first-last-stage-fewer-layers", "there is one stage",                               s->first_last_stage_fewer_layers,
         s->pp == 1                                                                                                                       },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].value > 0 && rows[i].idle)
            text_addf(out, "%s %d changes nothing: %s\n", rows[i].key, rows[i].value, rows[i].why);
    if (s->recompute_modules != 0 && s->recompute != RECOMPUTE_SELECTIVE)
        text_add(out, "recompute-modules changes nothing: it is of selective recompute\n");
    idle_modules(&scenario->model, s, out);
}
