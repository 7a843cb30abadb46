#include "parallelism/blocks.h"
#include "parallelism/tp_overlap.h"
#include <stdio.h>

/* A walk over the blocks of a model. */
struct walk {
    const struct scenario *scenario;
    const struct strategy *strategy;
    struct shard shard;
    double clock_frac;
    void (*visit)(void *context, const struct block *block, const struct op *op,
                  struct op_time time);
    void *context;
};

static void visit_ops(const struct walk *w, const struct block *block, const struct ops *ops)
{
    const struct scenario *scenario = w->scenario;
    double seconds[OPS_MAX];
    for (int i = 0; i < ops->n; i++) {
        const struct op *op = &ops->op[i];
        seconds[i] = op_clocked_s(&scenario->system.gpu, op,
                                  block_op_s(scenario, w->strategy, ops, i, NULL), w->clock_frac);
    }
    for (int i = 0; i < ops->n; i++) {
        double hidden_s = op_hidden_s(scenario, w->strategy, ops, seconds, i);
        struct op_time time = {seconds[i],
                               step_hidden_s(scenario, w->strategy, &ops->op[i], hidden_s),
                               tp_parts(w->strategy, ops, i)};
        w->visit(w->context, block, &ops->op[i], time);
    }
}

static void name_layer(const struct layer_kind *kind, struct block *block)
{
    char reach[24] = "";
    if (kind->window > 0)
        snprintf(reach, sizeof reach, ", window %d", kind->window);
    else if (kind->chunk > 0)
        snprintf(reach, sizeof reach, ", chunk %d", kind->chunk);
    bool scans = mixer_scans(kind->mixer), mlp = kind->intermediate_size > 0;
    const char *half = kind->experts                            ? "expert "
                       : kind->mixer == MIXER_NONE              ? "mlp "
                       : kind->mixer == MIXER_ATTENTION && !mlp ? "attention "
                                                                : "";
    snprintf(block->name, sizeof block->name, "%s%s%slayer%s",
             scans ? mixer_names[kind->mixer] : "", scans ? " " : "", half, reach);
}

static void visit_layers(const struct walk *w)
{
    const struct model *m = &w->scenario->model;
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(m, 0, m->layers, count);
    for (int i = 0; i < m->kinds; i++) {
        struct block block = {.place = BLOCK_LAYER, .kind_index = i, .layers = count[i]};
        struct ops ops = {.n = 0};
        name_layer(&m->kind[i], &block);
        layer_ops(m, &m->kind[i], &w->shard, &w->scenario->stack.kernels, &ops);
        visit_ops(w, &block, &ops);
    }
}

/* A multi-token-prediction layer: its projection, a layer like the last one, the head again. */
static void visit_mtp(const struct walk *w)
{
    const struct model *m = &w->scenario->model;
    const struct kernels *kernels = &w->scenario->stack.kernels;
    struct block block = {.place = BLOCK_MTP, .name = "mtp", .layers = m->mtp_layers};
    struct ops ops = {.n = 0};
    if (m->mtp_layers == 0)
        return;
    mtp_ops(m, &w->shard, kernels, &ops);
    visit_ops(w, &block, &ops);
    ops.n = 0;
    layer_ops(m, &m->kind[m->kind_of_layer[m->layers - 1]], &w->shard, kernels, &ops);
    visit_ops(w, &block, &ops);
    ops.n = 0;
    head_ops(m, &w->shard, kernels, &ops);
    visit_ops(w, &block, &ops);
}

void blocks_visit(const struct scenario *scenario, const struct strategy *s,
                  void (*visit)(void *context, const struct block *block, const struct op *op,
                                struct op_time time),
                  void *context)
{
    struct walk w = {
        scenario, s,      strategy_shard(s, &scenario->job), strategy_clock_frac(scenario, s),
        visit,    context};
    struct block embedding = {.place = BLOCK_EMBEDDING, .name = "embedding", .layers = 1};
    struct block head = {.place = BLOCK_HEAD, .name = "head", .layers = 1};
    struct ops ops = {.n = 0};
    embedding_ops(&scenario->model, &w.shard, &scenario->stack.kernels, &ops);
    visit_ops(&w, &embedding, &ops);
    visit_layers(&w);
    ops.n = 0;
    head_ops(&scenario->model, &w.shard, &scenario->stack.kernels, &ops);
    visit_ops(&w, &head, &ops);
    visit_mtp(&w);
}

double blocks_on_rank(const struct block *block, const struct stages *stages, int rank)
{
    double n = 0;
    for (int chunk = 0; chunk < stages->split->chunks; chunk++) {
        const struct stage_content *stage = stages_content(stages, chunk, rank);
        const double here[] = {
            [BLOCK_LAYER] = stage->layers[block->kind_index],
            [BLOCK_EMBEDDING] = stage->embedding,
            [BLOCK_HEAD] = stage->head,
            [BLOCK_MTP] = stage->mtp,
        };
        n += here[block->place];
    }
    return n;
}

const struct block_cost *block_cost_of(const struct block *block, const struct shard_cost *shard)
{
    const struct block_cost *const costs[] = {
        [BLOCK_LAYER] = &shard->layer[block->kind_index],
        [BLOCK_EMBEDDING] = &shard->embedding,
        [BLOCK_HEAD] = &shard->head,
        [BLOCK_MTP] = &shard->mtp,
    };
    return costs[block->place];
}
