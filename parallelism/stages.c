#include "parallelism/stages.h"
#include "parallelism/placement.h"
#include "parallelism/step.h"
#include <string.h>

/* Layers of each stage when first and last hold `fewer` less than the rest. */
static int balanced_layers(int layers, int stages, int stage, int fewer)
{
    int end = (stage == 0) + (stage == stages - 1); /* one stage alone is both ends */
    int per_stage = (layers + 2 * fewer) / stages;
    return per_stage - end * fewer;
}

/* Every stage full but the last, which also holds the multi-token-prediction layers and the loss.
 */
static int filled_layers(int layers, int stages, int stage)
{
    int full = (layers + stages - 1) / stages, left = layers - full * stage;
    return left >= full ? full : left > 0 ? left : 0;
}

/* Explicit first and last counts, the middle even. */
static int ends_layers(const struct strategy *s, int layers, int stages, int stage)
{
    int first = s->first_stage_layers, last = s->last_stage_layers;
    int open = stages - (first > 0) - (last > 0);
    if (stage == 0 && first > 0)
        return first;
    if (stage == stages - 1 && last > 0)
        return last;
    return open > 0 ? (layers - first - last) / open : 0;
}

static int layers_of(const struct scenario *scenario, const struct strategy *s, int stages,
                     int stage)
{
    int layers = scenario->model.layers, fewer = s->first_last_stage_fewer_layers;
    if (s->first_stage_layers > 0 || s->last_stage_layers > 0)
        return ends_layers(s, layers, stages, stage);
    if (fewer > 0 && stages > 1 && (layers + 2 * fewer) % stages == 0)
        return balanced_layers(layers, stages, stage, fewer);
    if (scenario->stack.head_counts_as_layer && stages > 1 && layers % stages != 0 &&
        (layers + 2) % stages == 0)
        return balanced_layers(layers, stages, stage, 1);
    if (scenario->stack.head_counts_as_layer && scenario->model.mtp_layers > 0 &&
        layers % stages != 0)
        return filled_layers(layers, stages, stage);
    return layers / stages + (stage < layers % stages);
}

int stage_layers(const struct scenario *scenario, const struct strategy *s, int stages, int stage,
                 int *first)
{
    int begin = 0, n = 0;
    for (int i = 0; i <= stage; i++) {
        begin += n;
        n = layers_of(scenario, s, stages, i);
        if (n < 0)
            return -1;
    }
    *first = begin;
    return begin + n <= scenario->model.layers ? n : -1;
}

/* Modules whose saved tensors a selective recompute of `module` frees and whose forward it repeats.
 */
static bool module_recomputed(const struct strategy *s, enum module module)
{
    unsigned set = s->recompute_modules ? s->recompute_modules : 1u << MODULE_CORE_ATTENTION;
    if (set >> module & 1)
        return true;
    if (module == MODULE_MLP_ACT)
        return set >> MODULE_MLP & 1;
    if (module == MODULE_MOE_ACT || module == MODULE_ROUTER)
        return set >> MODULE_MOE & 1;
    return false;
}

/* One layer of a kind under the strategy's recompute: what it repeats and what it keeps. */
struct layer_recompute {
    double seconds, flop, kept_bytes, working_bytes;
};

static struct layer_recompute recompute_layer(const struct block_cost *b, const struct strategy *s,
                                              enum recompute how)
{
    struct layer_recompute r = {0, 0, 0, 0};
    for (int i = 0; i < MODULES; i++) {
        bool again = how == RECOMPUTE_FULL
                         ? i != MODULE_RESIDUAL
                         : how == RECOMPUTE_SELECTIVE && module_recomputed(s, (enum module)i);
        *(again ? &r.working_bytes : &r.kept_bytes) += b->activation_bytes[i];
        if (again && how == RECOMPUTE_SELECTIVE) {
            r.seconds += b->module_forward_s[i];
            r.flop += b->module_forward_flop[i];
        }
    }
    if (how == RECOMPUTE_FULL) {
        r.seconds = b->forward;
        r.flop = b->forward_flop;
    }
    return r;
}

struct stage_times {
    double forward, backward_input, backward_weight;
};

static void add_block(struct stage *stage, struct stage_times *t, const struct block_cost *b,
                      double n)
{
    t->forward += n * b->forward;
    t->backward_input += n * b->backward_input;
    t->backward_weight += n * b->backward_weight;
    stage->parameters.dense += n * b->parameters.dense;
    stage->parameters.expert += n * b->parameters.expert;
}

/* Layers of n that are recomputed, and how. */
static double recomputed_layers(const struct stack *stack, const struct strategy *s, double n,
                                enum recompute *how)
{
    *how = s->recompute;
    if (s->recompute == RECOMPUTE_SELECTIVE && stack->selective_every > 0 &&
        !s->recompute_modules) {
        *how = RECOMPUTE_FULL;
        return n / stack->selective_every;
    }
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0 && s->recompute_layers < n)
        return s->recompute_layers;
    return s->recompute == RECOMPUTE_NONE ? 0 : n;
}

static void add_layers(const struct stack *stack, const struct block_cost *b,
                       const struct strategy *s, double n, struct stage *stage,
                       struct stage_times *t)
{
    enum recompute how;
    double again = recomputed_layers(stack, s, n, &how);
    add_block(stage, t, b, n);
    struct layer_recompute full = recompute_layer(b, s, how);
    struct layer_recompute none = recompute_layer(b, s, RECOMPUTE_NONE);
    stage->recompute_s += again * full.seconds;
    stage->recompute_flop += again * full.flop;
    stage->activation_bytes += again * full.kept_bytes + (n - again) * none.kept_bytes;
    if (again > 0 && full.working_bytes > stage->working_bytes)
        stage->working_bytes = full.working_bytes;
}

static void add_ends(const struct scenario *scenario, const struct shard_cost *shard,
                     struct stage *stage, struct stage_times *t)
{
    if (stage->embedding) {
        add_block(stage, t, &shard->embedding, 1);
        stage->activation_bytes += shard->embedding.activation_bytes[MODULE_EMBEDDING];
    }
    if (!stage->head)
        return;
    add_block(stage, t, &shard->head, 1);
    if (scenario->model.tied_embeddings && stage->embedding) /* one matrix, not two */
        stage->parameters.dense -= shard->head.parameters.dense;
    stage->activation_bytes += shard->head.activation_bytes[MODULE_HEAD];
    stage->mtp = scenario->model.mtp_layers;
    for (int i = 0; i < stage->mtp; i++) {
        add_block(stage, t, &shard->mtp, 1);
        for (int m = 0; m < MODULES; m++)
            stage->activation_bytes += shard->mtp.activation_bytes[m];
    }
}

/* The stream of one micro-batch between stages: each tensor rank sends its share, with sequence
 * parallelism as it lies, without scattered and gathered again. */
static double hop_s(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s)
{
    double bytes = shard_tokens(&shard->shard) * scenario->model.hidden_size * 2 / s->tp;
    if (s->pp <= 1)
        return 0;
    bool crosses = placement_pipeline_crosses(&scenario->system, s);
    return p2p_s(&scenario->system, bytes, crosses) *
           (crosses ? scenario->stack.constant[STACK_NETWORK].value : 1);
}

void stages_compute(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s, struct stages *out)
{
    out->ranks = s->pp;
    out->chunks = schedule_chunks(s->schedule, s->vpp);
    out->count = out->ranks * out->chunks;
    out->p2p_s = hop_s(scenario, shard, s);
    int model_stages = schedule_stages(s->schedule, out->ranks, out->chunks);
    for (int i = 0; i < out->count; i++) {
        struct stage *stage = &out->stage[i];
        struct stage_times t = {0, 0, 0};
        int order = schedule_stage(s->schedule, out->ranks, i / out->ranks, i % out->ranks), first;
        memset(stage, 0, sizeof *stage);
        int n = stage_layers(scenario, s, model_stages, order, &first);
        model_count_kinds(&scenario->model, first, n > 0 ? n : 0, stage->layers);
        stage->embedding = order == 0;
        stage->head = order == model_stages - 1;
        for (int k = 0; k < shard->kinds; k++)
            if (stage->layers[k] > 0)
                add_layers(&scenario->stack, &shard->layer[k], s, stage->layers[k], stage, &t);
        add_ends(scenario, shard, stage, &t);
        out->forward_s[i] = t.forward;
        out->backward_input_s[i] = t.backward_input + stage->recompute_s;
        out->backward_weight_s[i] = t.backward_weight;
    }
}

static void add_terms(double terms[TERMS], const struct block_cost *b, double n)
{
    for (int i = 0; i < TERMS; i++)
        terms[i] += n * (b->forward_s[i] + b->backward_input_s[i] + b->backward_weight_s[i]);
}

void stages_rank_terms(const struct shard_cost *shard, const struct stages *stages, int rank,
                       double terms[TERMS])
{
    memset(terms, 0, TERMS * sizeof *terms);
    for (int c = 0; c < stages->chunks; c++) {
        const struct stage *stage = &stages->stage[c * stages->ranks + rank];
        for (int k = 0; k < shard->kinds; k++)
            if (stage->layers[k] > 0)
                add_terms(terms, &shard->layer[k], stage->layers[k]);
        if (stage->embedding)
            add_terms(terms, &shard->embedding, 1);
        if (stage->head)
            add_terms(terms, &shard->head, 1);
        if (stage->mtp > 0)
            add_terms(terms, &shard->mtp, stage->mtp);
        terms[TERM_RECOMPUTE] += stage->recompute_s;
    }
}

struct shard_parameters stages_rank_parameters(const struct stages *stages, int rank)
{
    struct shard_parameters p = {0, 0};
    for (int c = 0; c < stages->chunks; c++) {
        p.dense += stages->stage[c * stages->ranks + rank].parameters.dense;
        p.expert += stages->stage[c * stages->ranks + rank].parameters.expert;
    }
    return p;
}
