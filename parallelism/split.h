#ifndef PARALLELISM_SPLIT_H
#define PARALLELISM_SPLIT_H
#include "model/model.h"
#include "parallelism/pipeline/schedules.h"

/* How a model's layers lie on the pipeline. Depends on the model, the stack, pp, vpp, schedule and
 * layout; not on the shard. Stages that hold the same are of one class: most splits have three or
 * four classes, and costs are worked out once a class. */
enum { STAGES_MAX = PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS, STAGE_CLASSES_MAX = 96 };

struct stage_content {
    double layers[MODEL_LAYER_KINDS_MAX]; /* by kind */
    bool embedding, head;
    int mtp; /* multi-token-prediction layers */
};

struct split {
    int ranks, chunks, count; /* count = ranks * chunks */
    int layers;               /* of the model that the stages hold */
    int most_layers;          /* of one stage */
    int classes;
    struct stage_content content[STAGE_CLASSES_MAX];
    int stages_of[STAGE_CLASSES_MAX];   /* stages of a class */
    unsigned char class_of[STAGES_MAX]; /* of stage chunk * ranks + rank */
    /* Classes of the first stage, of the last, and of all between if those are alike (uniform) and
     * the stages lie in the order of the layers. */
    bool uniform;
    int first, inner, last;
    /* One rank of each kind: no other rank before it holds the same number of stages of each class.
     */
    int distinct_ranks;
    int distinct_rank[PIPELINE_MAX_RANKS];
};

struct scenario;
struct strategy;

/* Layers of each of `stages` stages (at most STAGES_MAX) in the order of the model; false if the
 * layout holds less than nothing somewhere, or is for another number of stages. */
bool split_layers(const struct scenario *scenario, const struct strategy *s, int stages,
                  int layers[]);

/* Splits by the stack's rule: a layout string, explicit first and last, fewer in first and last,
 * embedding and head counted as a layer each, else the earlier stages one more. False if the layout
 * does not fit the model (a stage would hold less than nothing), or has more than STAGE_CLASSES_MAX
 * different stages; `layers` tells how many layers found a place. */
bool split_compute(const struct scenario *scenario, const struct strategy *s, struct split *out);

/* Ranks that can be the fullest of a schedule, with what they keep in flight: no other rank keeps
 * as much of everything. */
struct peak {
    int rank;
    struct in_flight live;
};
struct peaks {
    int count;
    struct peak peak[PIPELINE_MAX_RANKS];
};
void split_peaks(const struct split *split, const struct schedule_shape *shape, struct peaks *out);

#endif
