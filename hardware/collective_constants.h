#ifndef HARDWARE_COLLECTIVE_CONSTANTS_H
#define HARDWARE_COLLECTIVE_CONSTANTS_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"

/* The constants of the collectives of one network tier: of the scale-up domain in a gpu's
 * calibration, of the scale-out fabric in a tier of a system. The form: hardware/collective.c. */

enum {
    COLLECTIVE_REGIMES = 4,
    COLLECTIVE_SWITCHES = 2,
    COLLECTIVE_GROUPS = 5,
    COLLECTIVE_KNOTS = 28,
};

/* How the latency of a group of k domains with r ranks each grows: a tree with r and a little more
 * than log2(k), a ring with k r. */
enum collective_algorithm { COLLECTIVE_TREE, COLLECTIVE_RING, COLLECTIVE_ALGORITHMS };
extern const char *const collective_algorithm_names[COLLECTIVE_ALGORITHMS + 1];

/* One regime of algorithm and protocol (LL, LL128, Simple, NVLS; tree or ring): latency, and a
 * share of the tier's bandwidth as bus bandwidth of nccl-tests. */
struct collective_regime {
    enum collective_algorithm algorithm;
    double alpha_s;        /* fixed */
    double step_s;         /* each further rank inside a domain */
    double hop_s;          /* tree: each doubling of the domains; ring: each further domain */
    double bandwidth_frac; /* of the tier's bandwidth, for the largest group */
    double join;           /* p >= 1: t = (latency^p + transfer^p)^(1/p); 1: they add */
    double ranks; /* of the smallest group that can use it; 0: any. The first regime serves all */
};

/* The size from which the library uses the regimes `regime` and up, whether they are faster or not:
 * its planner weighs the latency they add against the bandwidth they gain. Planner's constants, not
 * measured ones. [NCCL-tuning] */
struct collective_switch {
    double ranks;           /* for groups of at least so many ranks */
    double alpha_s, step_s; /* latency that the larger protocol adds: fixed, each further rank */
    double low_frac, high_frac; /* bus bandwidth of both, of the tier's bandwidth */
};

struct collective_constants {
    int regimes; /* 0: not known */
    int switches, switch_regime; /* the first regime that lies beyond the switches */
    int groups, knots;
    int split[COLLECTIVE_GROUPS]; /* the first knots of a group, measured below its switch */
    struct collective_regime regime[COLLECTIVE_REGIMES];
    struct collective_regime
        standard_error[COLLECTIVE_REGIMES]; /* of each constant; 0: not known */
    struct collective_switch change[COLLECTIVE_SWITCHES];
    /* Ranks inside a domain, increasing, and bus bandwidth relative to the regimes'. Between them
     * 1/frac is linear in 1/ranks, beyond them constant. Scale-up: the groups measured. */
    double group_ranks[COLLECTIVE_GROUPS], group_frac[COLLECTIVE_GROUPS];
    /* Measured over regimes' time at increasing sizes, by group: sharpens the fit near measured
     * points. */
    double knot_bytes[COLLECTIVE_KNOTS];
    double ratio[COLLECTIVE_GROUPS][COLLECTIVE_KNOTS];
};

/* All collectives of a tier, and where their constants come from. Source kind none: not known. */
struct collective_calibration {
    struct collective_constants op[COLLECTIVES];
    enum source_kind kind;
    char source[192];
    char date[16];     /* ISO, of the fit */
    double samples;    /* rows fitted */
    double error_frac; /* mean absolute error, cross-validated; 0: not known */
    double low_bytes, high_bytes, low_ranks, high_ranks; /* range covered; high 0: not known */
};

/* Reads an object {"source": "measured: ...", "all_reduce": {"regimes": [..], ..}, ..} over what
 * `c` holds; an op that is given must hold every constant. */
enum status collective_calibration_read(const struct json *json, const struct json_value *object,
                                        struct collective_calibration *c, struct error *e);

/* Writes the ops that have constants as member `key`, nothing when none has; read back, they are
 * the same bits. */
void collective_calibration_write(struct json_writer *w, const char *key,
                                  const struct collective_calibration *c);

/* Marks measured constants as transferred from `from`; they stay, their error goes. */
void collective_calibration_transfer(struct collective_calibration *c, const char *from);

#endif
