#include "hardware/collective.h"
#include "hardware/collective_defaults.h"
#include "parallelism/sweep/knob.h"
#include <stdio.h>
#include <string.h>

/* ---- collectives ---- */

static void name_source(struct collective_calibration *c, const char *source)
{
    size_t n = strcspn(source, ":");
    char kind[24];
    snprintf(kind, sizeof kind, "%.*s", (int)n, source);
    int index = names_find(source_kind_names, kind);
    c->kind = index > SOURCE_NONE ? (enum source_kind)index : SOURCE_ASSUMED;
    snprintf(c->source, sizeof c->source, "%.180s", source[n] == ':' ? source + n + 2 : source);
}

/* A tier with constants of its own for every collective, equal to those in force: they can be
 * scaled then. A stated efficiency becomes the share that each collective's best regime reaches,
 * which is what it means. */
static struct collective_calibration *own_constants(struct system *system, int tier)
{
    struct tier *t = &system->tier[tier];
    const struct collective_calibration *gpu = &system->gpu.calibration.collective;
    if (t->collective.kind == SOURCE_NONE) {
        if (tier == 0 && gpu->kind != SOURCE_NONE) {
            t->collective.kind = gpu->kind;
            memcpy(t->collective.source, gpu->source, sizeof t->collective.source);
        } else {
            name_source(&t->collective, collective_default_source(t->technology));
        }
    }
    for (int op = 0; op < COLLECTIVES; op++) {
        struct collective_constants c =
            *collective_tier_constants(system, tier, (enum collective)op);
        double largest = 0;
        for (int i = 0; i < c.regimes; i++)
            largest = c.regime[i].bandwidth_frac > largest ? c.regime[i].bandwidth_frac : largest;
        for (int i = 0; i < c.regimes && tier > 0 && t->efficiency_frac > 0; i++)
            c.regime[i].bandwidth_frac *= t->efficiency_frac / largest;
        t->collective.op[op] = c;
    }
    if (tier > 0)
        t->efficiency_frac = 0;
    return &t->collective;
}

static void scale_latency(struct collective_constants *c, double factor)
{
    for (int i = 0; i < c->regimes; i++) {
        c->regime[i].alpha_s *= factor;
        c->regime[i].step_s *= factor;
        c->regime[i].hop_s *= factor;
    }
}

/* All of a collective is faster: so is what its planner weighs, and the switch stays. */
static void scale_switches(struct collective_constants *c, double factor)
{
    for (int i = 0; i < c->switches; i++) {
        c->change[i].alpha_s *= factor;
        c->change[i].step_s *= factor;
    }
}

static void scale_bandwidth(struct collective_constants *c, double factor)
{
    for (int i = 0; i < c->regimes; i++)
        c->regime[i].bandwidth_frac *= factor;
    for (int i = 0; i < c->switches; i++) {
        c->change[i].low_frac *= factor;
        c->change[i].high_frac *= factor;
    }
}

/* ---- latency of a tier ---- */

/* As the system states it, else that of a small message between two neighbours. */
static double latency(const struct scenario *scenario, const struct knob *knob)
{
    const struct tier *tier = &scenario->system.tier[knob->index];
    return tier->latency_s > 0 ? tier->latency_s : p2p_s(&scenario->system, 1, knob->index > 0);
}

/* The collectives' constants hold what a message waits: they go with it. The planner's are its own
 * tables, which no network changes: moved along they make a shorter latency turn to the larger
 * protocol too early, and the collective slower. */
static void set_latency(struct scenario *scenario, const struct knob *knob, double value)
{
    double factor = value / latency(scenario, knob);
    struct collective_calibration *c = own_constants(&scenario->system, knob->index);
    for (int op = 0; op < COLLECTIVES; op++)
        scale_latency(&c->op[op], factor);
    scenario->system.tier[knob->index].latency_s = value;
}

const struct knob_access knob_latency_access = {latency, set_latency};

/* ---- kernels ---- */

enum { KERNEL_GEMM, KERNEL_GROUPED_GEMM, KERNEL_ATTENTION, KERNEL_MEMORY_BOUND, KERNEL_CLASSES };

/* Then the classes of memory-bound kernels, then the collectives, in the order of their enums. */
const char *const knob_kernel_names[] = {
    "gemm",       "grouped_gemm",   "attention", "memory_bound", "elementwise", "norm",
    "softmax",    "cross_entropy",  "permute",   "quantise",     "optimizer",   "all_reduce",
    "all_gather", "reduce_scatter", "alltoall",  "sendrecv",     "broadcast",   "reduce",
    NULL,
};

_Static_assert(sizeof knob_kernel_names / sizeof *knob_kernel_names ==
                   KERNEL_CLASSES + MEMORY_CLASSES + COLLECTIVES + 1,
               "a name for every kind of kernel");

static void speed_gemm(struct calibration *c, double s)
{
    calibration_speed_up(c, "gemm", s);
}

static void speed_grouped(struct calibration *c, double s)
{
    calibration_speed_up(c, "grouped_gemm", s);
}

static void speed_attention(struct calibration *c, double s)
{
    calibration_speed_up(c, "attention", s);
}

static void speed_memory(struct calibration *c, int class_, double s)
{
    c->memory[class_].bandwidth_frac *= s;
    c->memory[class_].t0_s /= s;
}

static void speed_all_memory(struct calibration *c, double s)
{
    for (int class_ = 0; class_ < MEMORY_CLASSES; class_++)
        speed_memory(c, class_, s);
}

static void speed_collective(struct system *system, int op, double s)
{
    for (int tier = 0; tier < system->tiers && tier < 2; tier++) {
        struct collective_constants *c = &own_constants(system, tier)->op[op];
        scale_latency(c, 1 / s);
        scale_switches(c, 1 / s);
        scale_bandwidth(c, s);
    }
}

/* Divides the time of a kind of kernel by `speed`: scales the constants that price it. */
static void speed_up(struct scenario *scenario, int kernel, double s)
{
    static void (*const by_kind[KERNEL_CLASSES])(struct calibration *, double) = {
        speed_gemm, speed_grouped, speed_attention, speed_all_memory};
    struct calibration *c = &scenario->system.gpu.calibration;
    if (kernel < KERNEL_CLASSES)
        by_kind[kernel](c, s);
    else if (kernel < KERNEL_CLASSES + MEMORY_CLASSES)
        speed_memory(c, kernel - KERNEL_CLASSES, s);
    else
        speed_collective(&scenario->system, kernel - KERNEL_CLASSES - MEMORY_CLASSES, s);
}

static double speed(const struct scenario *scenario, const struct knob *knob)
{
    (void)scenario;
    (void)knob;
    return 1;
}

static void set_speed(struct scenario *scenario, const struct knob *knob, double value)
{
    speed_up(scenario, knob->index, value);
}

const struct knob_access knob_kernel_access = {speed, set_speed};
