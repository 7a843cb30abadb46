#ifndef HARDWARE_COLLECTIVE_CONSTANTS_H
#define HARDWARE_COLLECTIVE_CONSTANTS_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"

/* The constants of the collectives of one network tier: of the scale-up domain in a gpu's
 * calibration, of the scale-out fabric in a tier of a system. The form: hardware/collective.c. */

enum { COLLECTIVE_REGIMES = 3, COLLECTIVE_GROUPS = 4 };

/* One protocol regime (LL, LL128, Simple, NVLS, tree ...): a latency that grows with the group, and
 * a share of the tier's bandwidth as bus bandwidth of nccl-tests. */
struct collective_regime {
    double alpha_s;        /* fixed */
    double step_s;         /* each further rank in the scale-up domain (ring step) */
    double level_s;        /* each doubling of the number of domains (tree) */
    double hop_s;          /* each further domain (ring) */
    double bandwidth_frac; /* of the tier's bandwidth, at large sizes and for the largest group */
};

struct collective_constants {
    int regimes; /* 0: not known */
    struct collective_regime regime[COLLECTIVE_REGIMES];
    /* Bus bandwidth of a group of group_ranks[i] ranks relative to the regime's (scale-up only;
     * none: 1). Increasing ranks; between them 1/frac is linear in 1/ranks, beyond them constant.
     */
    int groups;
    double group_ranks[COLLECTIVE_GROUPS], group_frac[COLLECTIVE_GROUPS];
    /* Bus bandwidth of two domains relative to what a ring gets from the NICs: a tree crosses the
     * boundary once, at most 2 (n-1)/n. Scale-out all-reduce only; 0: as 1. */
    double two_domain_gain;
};

/* All collectives of a tier, and where their constants come from. */
struct collective_calibration {
    struct collective_constants op[COLLECTIVES];
    enum source_kind kind;
    char source[192];
};

/* Reads an object {"source": "measured: ...", "all_reduce": {"regimes": [..], ..}, ..} over what
 * `c` holds; an op that is given must hold every constant. */
enum status collective_calibration_read(const struct json *json, const struct json_value *object,
                                        struct collective_calibration *c, struct error *e);

/* Writes the ops that have constants as member `key`, nothing when none has; read back, they are
 * the same bits. */
void collective_calibration_write(struct json_writer *w, const char *key,
                                  const struct collective_calibration *c);

#endif
