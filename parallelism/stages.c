#include "parallelism/stages.h"
#include "parallelism/memo.h"
#include "parallelism/placement.h"
#include "parallelism/step.h"
#include <string.h>

/* Layers of n that are recomputed. */
static double recomputed_layers(const struct strategy *s, double n)
{
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0 && s->recompute_layers < n)
        return s->recompute_layers;
    return s->recompute == RECOMPUTE_NONE ? 0 : n;
}

static void add_block(struct stage *stage, const struct block_cost *b, double n)
{
    stage->forward_s += n * b->forward;
    stage->backward_input_s += n * b->backward_input;
    stage->backward_weight_s += n * b->backward_weight;
    if (b->backward_bytes > stage->backward_bytes)
        stage->backward_bytes = b->backward_bytes;
    stage->parameters.dense += n * b->parameters.dense;
    stage->parameters.expert += n * b->parameters.expert;
}

static void init_stage(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct stage_content *content, struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    for (int k = 0; k < shard->kinds; k++)
        if (content->layers[k] > 0)
            add_block(stage, &shard->layer[k], content->layers[k]);
    if (content->embedding)
        add_block(stage, &shard->embedding, 1);
    if (content->head)
        add_block(stage, &shard->head, 1);
    if (content->head && content->embedding && scenario->model.tied_embeddings)
        stage->parameters.dense -= shard->head.parameters.dense; /* one matrix, not two */
    if (content->mtp > 0)
        add_block(stage, &shard->mtp, content->mtp);
}

/* The overlap runs the forward pass of one micro-batch beside the backward pass of an earlier one.
 * While the pipeline fills and drains, a rank has only one of the two. Of its m v forward passes (v
 * chunks, p ranks), rank r runs 2 (p - r - 1) + (v - 1) p + 1 alone to warm up [Narayanan21], p v
 * on average, and as many backward passes alone at the end:
 *     share = p / m */
static double schedule_alone_frac(const struct scenario *scenario, const struct strategy *s)
{
    static const bool pairs[SCHEDULES] = {[SCHEDULE_NONE] = true,
                                          [SCHEDULE_INTERLEAVED] = true,
                                          [SCHEDULE_DUALPIPE] = true,
                                          [SCHEDULE_DUALPIPEV] = true};
    double alone = s->pp / strategy_micro_batches(&scenario->job, s);
    return pairs[s->schedule] && alone < 1 ? alone : 1;
}

/* Releases that hide the exchange unasked do not run full recompute beside it. */
static bool recompute_pairs(const struct strategy *s)
{
    return s->recompute != RECOMPUTE_FULL || (s->overlaps >> OVERLAP_EP & 1);
}

double exchange_alone_frac(const struct scenario *scenario, const struct strategy *s)
{
    return recompute_pairs(s) ? schedule_alone_frac(scenario, s) : 1;
}

double step_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct op *op,
                     double hidden_s)
{
    return op->comm == COMM_EP ? hidden_s * (1 - exchange_alone_frac(scenario, s)) : hidden_s;
}

/* The activations of one micro-batch between stages: each tensor rank sends its share, which it
 * holds with sequence parallelism; without, the tensor is scattered before the hop and gathered
 * after it. */
static double hop_s(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s, struct memo *memo)
{
    double bytes = shard_tokens(&shard->shard) * scenario->model.hidden_size * 2 / s->tp;
    if (s->pp <= 1)
        return 0;
    bool crosses = placement_pipeline_crosses(&scenario->system, s);
    struct group pair = p2p_group(crosses);
    return memo_collective_s(memo, scenario, COLLECTIVE_SEND_RECV, bytes, &pair);
}

static void find_tail(struct stages *out)
{
    double most = -1;
    for (int i = 0; i < out->split->distinct_ranks; i++) {
        int rank = out->split->distinct_rank[i];
        struct shard_parameters p = stages_rank_parameters(out, rank);
        if (p.dense + p.expert <= most)
            continue;
        most = p.dense + p.expert;
        out->tail_rank = rank;
        out->tail_parameters = p;
    }
}

void stages_init(const struct scenario *scenario, const struct shard_cost *shard,
                 const struct strategy *s, const struct split *split, struct memo *memo,
                 struct stages *out)
{
    out->split = split;
    out->exchange_alone_frac = schedule_alone_frac(scenario, s);
    out->p2p_s = hop_s(scenario, shard, s, memo);
    for (int i = 0; i < split->classes; i++)
        init_stage(scenario, shard, &split->content[i], &out->stage[i]);
    find_tail(out);
}

/* Activations of the blocks that are never recomputed. */
static double ends_activation_bytes(const struct shard_cost *shard,
                                    const struct stage_content *content)
{
    double bytes = 0;
    if (content->embedding)
        bytes += shard->embedding.activation_bytes[MODULE_EMBEDDING];
    if (content->head)
        bytes += shard->head.activation_bytes[MODULE_HEAD];
    for (int m = 0; m < MODULES && content->mtp > 0; m++)
        bytes += content->mtp * shard->mtp.activation_bytes[m];
    return bytes;
}

static void recompute_layers(const struct strategy *s, double n, const struct layer_recompute *full,
                             const struct layer_recompute *none, struct stage *stage)
{
    double again = recomputed_layers(s, n);
    stage->recompute_s += again * full->seconds + (n - again) * none->seconds;
    stage->recompute_flop += again * full->flop + (n - again) * none->flop;
    stage->activation_bytes += again * full->kept_bytes + (n - again) * none->kept_bytes;
    if (again > 0 && full->working_bytes > stage->working_bytes)
        stage->working_bytes = full->working_bytes;
    double layer_bytes = again < n ? none->kept_bytes : full->kept_bytes;
    if (layer_bytes > stage->layer_bytes)
        stage->layer_bytes = layer_bytes;
}

/* In the share `alone` of the passes nothing runs beside the exchange of experts: what would be
 * hidden is waited for, once more where the layer is recomputed. */
static void expose_exchange(const struct shard_cost *shard, const struct strategy *s, double alone,
                            const struct stage_content *content, struct stage *stage)
{
    for (int k = 0; k < shard->kinds; k++) {
        double n = content->layers[k], again = recomputed_layers(s, n);
        stage->alone_forward_s += alone * n * shard->layer[k].hidden_forward_s;
        stage->alone_backward_s += alone * n * shard->layer[k].hidden_backward_s;
        stage->recompute_s += alone * again * shard->recompute[s->recompute][k].hidden_s;
    }
    stage->alone_forward_s += alone * content->mtp * shard->mtp.hidden_forward_s;
    stage->alone_backward_s += alone * content->mtp * shard->mtp.hidden_backward_s;
}

void stages_recompute(const struct shard_cost *shard, const struct strategy *s, struct stages *out)
{
    const struct layer_recompute *again = shard->recompute[s->recompute];
    const struct layer_recompute *once = shard->recompute[RECOMPUTE_NONE];
    double alone = recompute_pairs(s) ? out->exchange_alone_frac : 1;
    for (int i = 0; i < out->split->classes; i++) {
        const struct stage_content *content = &out->split->content[i];
        struct stage *stage = &out->stage[i];
        stage->recompute_s = stage->recompute_flop = 0;
        stage->working_bytes = stage->layer_bytes = 0;
        stage->alone_forward_s = stage->alone_backward_s = 0;
        stage->activation_bytes = ends_activation_bytes(shard, content);
        for (int k = 0; k < shard->kinds; k++)
            if (content->layers[k] > 0)
                recompute_layers(s, content->layers[k], &again[k], &once[k], stage);
        if (shard->hides_exchange)
            expose_exchange(shard, s, alone, content, stage);
    }
}

const struct stage *stages_at(const struct stages *stages, int chunk, int rank)
{
    return &stages->stage[stages->split->class_of[chunk * stages->split->ranks + rank]];
}

const struct stage_content *stages_content(const struct stages *stages, int chunk, int rank)
{
    return &stages->split->content[stages->split->class_of[chunk * stages->split->ranks + rank]];
}

struct shard_parameters stages_rank_parameters(const struct stages *stages, int rank)
{
    struct shard_parameters p = {0, 0};
    for (int c = 0; c < stages->split->chunks; c++) {
        const struct stage *stage = stages_at(stages, c, rank);
        p.dense += stage->parameters.dense;
        p.expert += stage->parameters.expert;
    }
    return p;
}

struct block_counts stages_rank_blocks(const struct scenario *scenario, const struct stages *stages,
                                       int rank)
{
    struct block_counts n = {.embedding = 0};
    for (int c = 0; c < stages->split->chunks; c++) {
        const struct stage_content *content = stages_content(stages, c, rank);
        for (int k = 0; k < scenario->model.kinds; k++)
            n.layers[k] += content->layers[k];
        n.embedding += content->embedding;
        n.head += content->head;
        n.head_matrix += content->head && !(scenario->model.tied_embeddings && content->embedding);
        n.mtp += content->mtp;
    }
    return n;
}

static void add_terms(double terms[TERMS], const struct block_cost *b, double n)
{
    for (int i = 0; i < TERMS && n > 0; i++)
        terms[i] += n * b->total_s[i];
}

void blocks_terms(const struct shard_cost *shard, const struct block_counts *blocks,
                  double terms[TERMS])
{
    memset(terms, 0, TERMS * sizeof *terms);
    for (int k = 0; k < shard->kinds; k++)
        add_terms(terms, &shard->layer[k], blocks->layers[k]);
    add_terms(terms, &shard->embedding, blocks->embedding);
    add_terms(terms, &shard->head, blocks->head);
    add_terms(terms, &shard->mtp, blocks->mtp);
}
