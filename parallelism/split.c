#include "parallelism/split.h"
#include "parallelism/pipeline_layout.h"
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

/* A layout string must have as many stages as there are. */
static bool layout_layers(const char *text, int stages, int layers[])
{
    struct pipeline_layout layout;
    if (!pipeline_layout_read(text, &layout) || layout.stages != stages)
        return false;
    memcpy(layers, layout.layers, (size_t)stages * sizeof *layers);
    return true;
}

bool split_layers(const struct scenario *scenario, const struct strategy *s, int stages,
                  int layers[])
{
    if (stages > STAGES_MAX)
        return false;
    if (s->pp_layout[0] != '\0' && s->pp > 1)
        return layout_layers(s->pp_layout, stages, layers);
    for (int i = 0; i < stages; i++) {
        layers[i] = layers_of(scenario, s, stages, i);
        if (layers[i] < 0)
            return false;
    }
    return true;
}

static bool same_content(const struct stage_content *a, const struct stage_content *b, int kinds)
{
    for (int k = 0; k < kinds; k++)
        if (a->layers[k] < b->layers[k] || a->layers[k] > b->layers[k])
            return false;
    return a->embedding == b->embedding && a->head == b->head;
}

/* The class of that content, a new one if it is; -1: too many. */
static int class_of(struct split *out, const struct stage_content *content, int kinds)
{
    for (int c = out->classes - 1; c >= 0; c--)
        if (same_content(&out->content[c], content, kinds))
            return c;
    if (out->classes == STAGE_CLASSES_MAX)
        return -1;
    out->content[out->classes] = *content;
    out->stages_of[out->classes] = 0;
    return out->classes++;
}

/* Classes of the model's stages in the order of its layers. */
static bool find_classes(const struct scenario *scenario, const struct strategy *s, int stages,
                         struct split *out, unsigned char order[STAGES_MAX])
{
    const struct model *m = &scenario->model;
    int layers[STAGES_MAX];
    if (!split_layers(scenario, s, stages, layers))
        return false;
    for (int i = 0; i < stages; i++) {
        struct stage_content content = {.embedding = i == 0, .head = i == stages - 1};
        int n = layers[i];
        if (out->layers + n > m->layers)
            return false;
        model_count_kinds(m, out->layers, n, content.layers);
        content.mtp = content.head ? m->mtp_layers : 0;
        out->layers += n;
        out->most_layers = n > out->most_layers ? n : out->most_layers;
        int class = class_of(out, &content, m->kinds);
        if (class < 0)
            return false;
        order[i] = (unsigned char)class;
    }
    return true;
}

/* Only where the model goes round and round the ranks: the stages lie in its order. */
static void find_uniform(struct split *out, bool in_order)
{
    out->first = out->class_of[0];
    out->last = out->class_of[out->count - 1];
    out->inner = out->class_of[out->count > 2 ? 1 : 0];
    out->uniform = in_order && out->count > 2;
    for (int i = 2; i < out->count - 1; i++)
        out->uniform = out->uniform && out->class_of[i] == out->inner;
}

static void count_chunks(const struct split *split, int rank, unsigned char count[])
{
    memset(count, 0, (size_t)split->classes);
    for (int i = rank; i < split->count; i += split->ranks)
        count[split->class_of[i]]++;
}

static void find_distinct_ranks(struct split *out)
{
    unsigned char counts[PIPELINE_MAX_RANKS][STAGE_CLASSES_MAX];
    out->distinct_ranks = 0;
    for (int r = 0; r < out->ranks; r++) {
        int n = out->distinct_ranks, i = 0;
        count_chunks(out, r, counts[n]);
        while (i < n && memcmp(counts[i], counts[n], (size_t)out->classes) != 0)
            i++;
        if (i == n)
            out->distinct_rank[out->distinct_ranks++] = r;
    }
}

bool split_compute(const struct scenario *scenario, const struct strategy *s, struct split *out)
{
    unsigned char order[STAGES_MAX];
    out->ranks = s->pp;
    out->chunks = schedule_chunks(s->schedule, s->vpp);
    out->count = out->ranks * out->chunks;
    out->classes = out->layers = out->most_layers = 0;
    int stages = schedule_stages(s->schedule, out->ranks, out->chunks);
    bool in_order = true;
    if (!find_classes(scenario, s, stages, out, order))
        return false;
    for (int i = 0; i < out->count; i++) {
        int stage = schedule_stage(s->schedule, out->ranks, i / out->ranks, i % out->ranks);
        in_order = in_order && stage == i;
        out->class_of[i] = order[stage];
        out->stages_of[out->class_of[i]]++;
    }
    find_uniform(out, in_order);
    find_distinct_ranks(out);
    return true;
}

/* What a rank keeps at most, by class: micro-batches in flight, and stages. */
struct stock {
    int live[STAGE_CLASSES_MAX];
    unsigned char stages[STAGE_CLASSES_MAX];
};

static void take_stock(const struct split *split, const struct peak *peak, struct stock *out)
{
    memset(out->live, 0, (size_t)split->classes * sizeof *out->live);
    count_chunks(split, peak->rank, out->stages);
    for (int c = 0; c < split->chunks; c++)
        out->live[split->class_of[c * split->ranks + peak->rank]] += peak->live.chunk[c];
}

static bool as_full(const struct stock *a, const struct stock *b, int classes)
{
    for (int c = 0; c < classes; c++)
        if (a->live[c] < b->live[c] || a->stages[c] < b->stages[c])
            return false;
    return true;
}

/* Adds the rank after `count` unless one before is as full; drops those that it outdoes. */
static void admit(const struct split *split, struct peaks *out, struct stock *stock)
{
    int n = out->count, kept = 0;
    for (int i = 0; i < n; i++)
        if (as_full(&stock[i], &stock[n], split->classes))
            return;
    for (int i = 0; i <= n; i++) {
        if (i < n && as_full(&stock[n], &stock[i], split->classes))
            continue;
        if (kept != i) {
            out->peak[kept] = out->peak[i];
            stock[kept] = stock[i];
        }
        kept++;
    }
    out->count = kept;
}

void split_peaks(const struct split *split, const struct schedule_shape *shape, struct peaks *out)
{
    struct stock stock[PIPELINE_MAX_RANKS];
    out->count = 0;
    for (int r = 0; r < split->ranks; r++) {
        struct peak *next = &out->peak[out->count];
        next->rank = r;
        pipeline_in_flight(shape, r, &next->live);
        take_stock(split, next, &stock[out->count]);
        admit(split, out, stock);
    }
}
