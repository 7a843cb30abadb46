#ifndef PARALLELISM_MEMO_H
#define PARALLELISM_MEMO_H
#include "hardware/collective.h"
#include "model/ops.h"
#include <stdint.h>

/* Times that a search asks for again and again, by shape: of ops and of collectives. A table of
 * fixed size in which a newer entry takes the place of an older one; the answer is the same bits
 * with or without it. One scenario, one thread. */
enum { MEMO_WORDS = 9, MEMO_ENTRIES = 1 << 14 };

struct memo_key {
    uint64_t word[MEMO_WORDS];
};
struct memo {
    struct memo_entry {
        struct memo_key key;
        double seconds; /* negative: empty */
    } entry[MEMO_ENTRIES];
};

void memo_init(struct memo *memo);

struct scenario;
struct strategy;

/* op_cost_s and stack_collective_s through a memo; NULL: straight. */
double memo_op_s(struct memo *memo, const struct scenario *scenario, const struct strategy *s,
                 const struct op *op);
double memo_collective_s(struct memo *memo, const struct scenario *scenario, enum collective op,
                         double bytes, const struct group *g);

#endif
