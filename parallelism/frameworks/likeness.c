#include "parallelism/frameworks/likeness.h"
#include "model/model_json.h"
#include <string.h>

static bool field_alike(const struct field *field, const void *a, const void *b, struct text *why)
{
    struct text x = {0}, y = {0};
    field_get(field, a, &x);
    field_get(field, b, &y);
    bool alike = strcmp(text_string(&x), text_string(&y)) == 0;
    if (!alike && why)
        text_addf(why, "%s %s against %s", field->key, x.data ? x.data : "none",
                  y.data ? y.data : "none");
    text_free(&x);
    text_free(&y);
    return alike;
}

static bool kinds_alike(const struct model *a, const struct model *b, int layer)
{
    const struct layer_kind *x = &a->kind[a->kind_of_layer[layer]];
    const struct layer_kind *y = &b->kind[b->kind_of_layer[layer]];
    return x->mixer == y->mixer && x->experts == y->experts && x->window == y->window &&
           x->chunk == y->chunk && x->intermediate_size == y->intermediate_size &&
           x->heads == y->heads && x->kv_heads == y->kv_heads && x->head_dim == y->head_dim;
}

/* The widths of MLPs are compared by layer. */
bool models_alike(const struct model *a, const struct model *b, struct text *why)
{
    static const char *const aside[] = {"name",     "model_type", "max_position_embeddings",
                                        "left_out", "note",       "intermediate_size",
                                        NULL};
    for (size_t i = 0; i < model_field_count; i++) {
        if (names_find(aside, model_fields[i].key) < 0 && !field_alike(&model_fields[i], a, b, why))
            return false;
    }
    for (int i = 0; i < a->layers; i++) {
        if (!kinds_alike(a, b, i)) {
            if (why)
                text_addf(why, "layer %d against another kind", i);
            return false;
        }
    }
    return true;
}

enum status model_is_of_catalog(const struct model *model, const char *name, bool *is,
                                struct error *e)
{
    struct model other;
    struct error unknown;
    error_init(&unknown);
    *is = false;
    enum status status = model_of_catalog(name, NULL, &other, &unknown);
    if (status == STATUS_IO)
        return error_set(e, STATUS_IO, "%s", unknown.message);
    *is = status == STATUS_OK && models_alike(model, &other, NULL);
    return STATUS_OK;
}

static void plain_experts(const struct scenario *scenario, struct strategy *s)
{
    if (scenario->model.experts <= 0)
        s->ep = s->etp = 1;
    if (s->ep == 1)
        s->overlaps &= ~(1u << OVERLAP_EP);
    if (s->ep == 1 && s->etp == 1)
        s->dispatcher = DISPATCHER_ALLTOALL;
}

static void plain_pipeline(struct strategy *s)
{
    if (s->schedule != SCHEDULE_INTERLEAVED) {
        s->microbatch_group = 0;
        s->overlaps &= ~(1u << OVERLAP_PP);
    }
    if (s->microbatch_group == s->pp)
        s->microbatch_group = 0;
    if (s->pp > 1)
        return;
    s->vpp = 1;
    s->schedule = SCHEDULE_NONE;
    s->first_last_stage_fewer_layers = s->first_stage_layers = s->last_stage_layers = 0;
    s->pp_layout[0] = '\0';
}

static void plain_recompute(struct strategy *s)
{
    if (s->recompute != RECOMPUTE_FULL)
        s->recompute_layers = 0;
    if (s->recompute != RECOMPUTE_SELECTIVE || s->recompute_modules == 1u << MODULE_CORE_ATTENTION)
        s->recompute_modules = 0;
}

/* FSDP hides its gathers and reductions by either name of the overlap. */
static void plain_sharding(struct strategy *s)
{
    unsigned gather = 1u << OVERLAP_DP_PARAM_GATHER, reduce = 1u << OVERLAP_DP_GRAD_REDUCE;
    unsigned prefetch = 1u << OVERLAP_FSDP_PREFETCH;
    int ranks = s->dp * s->cp;
    if (s->zero == 3 && s->overlaps & prefetch)
        s->overlaps |= gather | reduce;
    s->overlaps &= ~prefetch;
    if (s->zero < 3) {
        s->fsdp_shard = 0;
        s->reshard_after_forward = true;
    }
    if (s->zero == 0 || s->zero == 3)
        s->zero_group = 0;
    if (s->zero == 0)
        s->overlaps &= ~gather;
    if (s->zero_group >= ranks)
        s->zero_group = 0;
    if (s->fsdp_shard >= ranks)
        s->fsdp_shard = 0;
    if (ranks == 1) {
        s->zero = 0;
        s->overlaps &= ~(gather | reduce);
        s->zero_group = s->fsdp_shard = 0;
        s->reshard_after_forward = true;
    }
}

struct strategy strategy_plain(const struct scenario *scenario, const struct strategy *strategy)
{
    struct strategy s = *strategy;
    if (s.tp == 1) {
        s.sequence_parallel = false;
        s.overlaps &= ~(1u << OVERLAP_TP);
    }
    if (s.cp == 1)
        s.cp_comm = CP_COMM_P2P;
    plain_experts(scenario, &s);
    plain_pipeline(&s);
    plain_recompute(&s);
    plain_sharding(&s);
    return s;
}

/* The layers of every stage, however the split is written. */
static bool splits_alike(const struct scenario *scenario, struct strategy *a, struct strategy *b,
                         struct text *why)
{
    int x[STAGES_MAX], y[STAGES_MAX];
    int stages = schedule_stages(a->schedule, a->pp, schedule_chunks(a->schedule, a->vpp));
    bool whole = a->pp == 1 ||
                 (split_layers(scenario, a, stages, x) && split_layers(scenario, b, stages, y));
    if (!whole && why)
        text_add(why, "the layers do not fit the stages");
    for (int i = 0; i < stages && a->pp > 1 && whole; i++) {
        if (x[i] == y[i])
            continue;
        if (why)
            text_addf(why, "stage %d of %d layers against one of %d", i, x[i], y[i]);
        whole = false;
    }
    if (!whole)
        return false;
    b->first_last_stage_fewer_layers = a->first_last_stage_fewer_layers;
    b->first_stage_layers = a->first_stage_layers;
    b->last_stage_layers = a->last_stage_layers;
    memcpy(b->pp_layout, a->pp_layout, sizeof b->pp_layout);
    return true;
}

bool strategies_alike(const struct scenario *scenario, const struct strategy *a,
                      const struct strategy *b, struct text *why)
{
    struct strategy x = strategy_plain(scenario, a), y = strategy_plain(scenario, b);
    if (x.pp == y.pp && x.vpp == y.vpp && x.schedule == y.schedule &&
        !splits_alike(scenario, &x, &y, why))
        return false;
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (!field_alike(&strategy_fields[i], &x, &y, why))
            return false;
    }
    return true;
}
