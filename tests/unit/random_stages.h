#ifndef TESTS_UNIT_RANDOM_STAGES_H
#define TESTS_UNIT_RANDOM_STAGES_H
#include "parallelism/pipeline/forms.h"
#include "parallelism/pipeline/pipeline.h"
#include "tests/unit/random.h"

struct stages {
    double forward_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
    double backward_input_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
    double backward_weight_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
};

/* What varies: stage times by +-variation, extra work on the first and the last stage of up to
 * end_layers layers, a hop of up to hop_layers layers' forward time. */
struct spread {
    double variation, end_layers, hop_layers;
};

static inline void add_extra(struct stages *t, int i, double forward, double input, double weight)
{
    t->forward_s[i] += forward;
    t->backward_input_s[i] += input;
    t->backward_weight_s[i] += weight;
}

/* Index of the model's last stage (MODELLING 5.4: chunk 1 of a V schedule ends on rank 0). */
static inline int last_stage_index(const struct schedule_shape *s)
{
    for (int c = 0; c < s->chunks; c++)
        for (int r = 0; r < s->ranks; r++)
            if (schedule_neighbour(s, c, r, 1).rank < 0)
                return c * s->ranks + r;
    return 0;
}

/* Chunks of 1 to 4 layers of forward time 1, backward 1.6 to 2.4 of it, some of it recompute. p
 * points into t. */
static inline void random_stages(struct random *r, const struct schedule_shape *s,
                                 struct spread spread, struct stages *t, struct pipeline *p)
{
    int n = s->ranks * s->chunks, layers = random_int(r, 1, 4), last = last_stage_index(s);
    double ratio = random_between(r, 1.6, 2.4), weight = random_between(r, 0.35, 0.5);
    for (int i = 0; i < n; i++) {
        double b = layers * ratio * (1 + random_between(r, -spread.variation, spread.variation));
        t->forward_s[i] = layers * (1 + random_between(r, -spread.variation, spread.variation));
        t->backward_input_s[i] = b * (1 - weight);
        t->backward_weight_s[i] = b * weight;
    }
    double first = random_between(r, 0, spread.end_layers),
           end = random_between(r, 0, spread.end_layers);
    add_extra(t, 0, first, first * ratio * (1 - weight), first * ratio * weight);
    add_extra(t, last, end, end * ratio * (1 - weight), end * ratio * weight);
    if (s->schedule == SCHEDULE_DUALPIPE) /* every stage twice */
        for (int i = 0; i < s->ranks; i++) {
            t->forward_s[s->ranks + i] = t->forward_s[s->ranks - 1 - i];
            t->backward_input_s[s->ranks + i] = t->backward_input_s[s->ranks - 1 - i];
            t->backward_weight_s[s->ranks + i] = t->backward_weight_s[s->ranks - 1 - i];
        }
    *p = (struct pipeline){.shape = *s,
                           .forward_s = t->forward_s,
                           .backward_input_s = t->backward_input_s,
                           .backward_weight_s = t->backward_weight_s,
                           .p2p_s = random_between(r, 0, spread.hop_layers)};
}

/* What no makespan of those stages is below. */
static inline double stages_bound_s(const struct pipeline *p)
{
    struct pipeline hidden = *p;
    if (p->p2p_synchronous)
        hidden.p2p_s = 0;
    return pipeline_forms[p->shape.schedule]->bound_s(&hidden);
}

/* 2 to 16 ranks, 1 to 8 chunks, micro-batches a multiple of the ranks up to eight times; legal. */
static inline struct schedule_shape random_shape(struct random *r, enum schedule schedule)
{
    for (;;) {
        struct schedule_shape s = {.schedule = schedule, .ranks = random_int(r, 2, 16)};
        s.chunks = schedule_chunks(schedule, random_int(r, 1, 8));
        s.micro_batches = s.ranks * random_int(r, 1, 8);
        if (!schedule_legal(&s, false))
            return s;
    }
}

#endif
