#ifndef PARALLELISM_PIPELINE_SCHEDULES_H
#define PARALLELISM_PIPELINE_SCHEDULES_H
#include <stdbool.h>

/* Pipeline schedules: names, legality, how a model's stages lie on the ranks, activations in
 * flight. */
enum schedule {
    SCHEDULE_NONE, /* one rank */
    SCHEDULE_GPIPE,
    SCHEDULE_1F1B,
    SCHEDULE_INTERLEAVED,
    SCHEDULE_ZB_H1,
    SCHEDULE_ZB_H2,
    SCHEDULE_ZB_V,
    SCHEDULE_DUALPIPE,
    SCHEDULE_DUALPIPEV,
    SCHEDULES
};
extern const char *const schedule_names[SCHEDULES + 1]; /* "none", "gpipe" ..., NULL-ended */

enum { PIPELINE_MAX_RANKS = 64, PIPELINE_MAX_CHUNKS = 32 };

/* The shape of a schedule. chunks: model chunks that a rank holds (virtual pipeline size): 1 for
 * none, gpipe, 1f1b, zb-h1, zb-h2; any for interleaved; 2 for zb-v and dualpipev (chunk 1 runs over
 * the ranks in reverse); 2 for dualpipe, where the model has `ranks` stages and rank r holds stage
 * r (chunk 0) and stage ranks-1-r (chunk 1), each of them on two ranks. */
struct schedule_shape {
    enum schedule schedule;
    int ranks;
    int chunks;
    int micro_batches; /* of one optimizer step; dualpipe: of both directions together */
    int group;         /* interleaved: micro-batches that a chunk runs in a row; 0: ranks */
};

/* Why a shape is illegal: the rule's name and a sentence. */
struct schedule_rule {
    const char *name;
    const char *reason;
};

/* NULL if legal, else the first rule it breaks (static storage). p2p_synchronous: transfers are not
 * overlapped with compute (interleaved then needs more than two ranks). */
const struct schedule_rule *schedule_legal(const struct schedule_shape *shape,
                                           bool p2p_synchronous);

/* Chunks that a rank holds, given the virtual pipeline size a strategy names (1 or 2 is meant as
 * "2" by zb-v, dualpipe, dualpipev; vpp counts for interleaved only). */
int schedule_chunks(enum schedule schedule, int vpp);

/* Stages that the model is cut into, and the stage (0-based, in the order of the layers) that is
 * chunk `chunk` of rank `rank`. */
int schedule_stages(enum schedule schedule, int ranks, int chunks);
int schedule_stage(enum schedule schedule, int ranks, int chunk, int rank);

/* Where the stage after (step 1) or before (step -1) a chunk of a rank lies; rank -1: there is
 * none. */
struct schedule_place {
    int chunk, rank;
};
struct schedule_place schedule_neighbour(const struct schedule_shape *shape, int chunk, int rank,
                                         int step);

/* Micro-batches that pass through a chunk: dualpipe sends half of them each way. */
double schedule_passes(const struct schedule_shape *shape);

/* True if the backward pass is split into input and weight gradients. */
bool schedule_splits_backward(enum schedule schedule);

/* Interleaved: the group size in force; the chunk and micro-batch of a rank's slot-th forward (the
 * backward runs the same table with the chunks reversed); the forwards before a rank's first
 * backward, less the one that pairs with it. */
struct interleaved_slot {
    int chunk, micro_batch;
};
int schedule_group(const struct schedule_shape *shape);
struct interleaved_slot interleaved_slot(const struct schedule_shape *shape, int slot);
int interleaved_warmup(const struct schedule_shape *shape, int rank);

/* Activations that a rank holds when it holds most, in chunks (one micro-batch through one chunk).
 * The activations of a chunk live from its forward to its backward, or to its weight gradient where
 * the backward is split. Of several moments with that many, the first. `chunk` is set up to
 * shape->chunks. */
struct in_flight {
    int total;
    int chunk[PIPELINE_MAX_CHUNKS];
};
void pipeline_in_flight(const struct schedule_shape *shape, int rank, struct in_flight *out);

#endif
