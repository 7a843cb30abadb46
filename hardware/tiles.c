#include "hardware/tiles.h"
#include <math.h>

static const double splits[] = {1, 2, 3, 4, 6, 8, 12, 16, 32};
enum { SPLITS = sizeof splits / sizeof splits[0] };

/* Split-K is worth its partial sums only while each part keeps this many elements of K, and while
 * the chip is not full without it. */
static const double split_k_least = 256;
static const double split_waves = 2;

double join_s(double a, double b, double p)
{
    double larger = fmax(a, b), smaller = fmin(a, b);
    return larger > 0 ? larger * pow(1 + pow(smaller / larger, p), 1 / p) : 0;
}

/* 1 / (1 + (cache / bytes)^16): a set cycled through an LRU cache is kept whole or lost whole. The
 * sixteenth power is what the L40S sweep shows at 96 MiB (fitted 20 to 35). */
double miss_frac(double bytes, double cache_bytes)
{
    double ratio = cache_bytes / bytes, square = ratio * ratio;
    double fourth = square * square, eighth = fourth * fourth;
    return 1 / (1 + eighth * eighth);
}

double whole_units(double x, double share)
{
    double whole = ceil(x);
    return whole - share * (whole - fmax(x, 1));
}

static double tiles_of(const struct tiled_product *g, struct tile t)
{
    return g->batch * whole_units(g->m / t.m, g->c->edge) * whole_units(g->n / t.n, g->c->edge);
}

/* One way to cut a product. */
struct cut {
    double math_s, memory_s, split_s;
};
enum { TILES_MAX = 16 };

/* One tile Tm x Tn and split sk, CTAs = batch tiles(m / Tm) tiles(n / Tn) sk, q = CTAs / SMs:
 *     W      = ceil(q) - phi (ceil(q) - max(q, 1))                           waves
 *     t_k    = 2 (Tm Tn + a0 (Tm + Tn) + area) SMs / R                       one element of K
 *     T_math = t_k (W k / sk + k0 (1 + pers (W - 1)))
 *     T_mem  = T_bytes / min(1, CTAs / (beta SMs)) + sk T_partial
 *     T      = (T_math^p + T_mem^p)^(1/p) + T_split */
static struct cut cut_of(const struct tiled_product *g, struct tile t, double ctas, double split)
{
    const struct gemm_constants *c = g->c;
    double waves = whole_units(ctas / g->sm_count, c->phi);
    double step_s =
        2 * (t.m * t.n + c->a0 * (t.m + t.n) + c->tile_area) * g->sm_count / g->flop_per_s;
    struct cut cut = {.math_s = step_s *
                                (waves * g->k / split + c->k0 * (1 + c->persistence * (waves - 1))),
                      .memory_s = g->memory_s / fmin(1, ctas / (c->beta * g->sm_count))};
    if (split > 1) {
        cut.memory_s += split * g->partial_s;
        cut.split_s = c->split_s;
    }
    return cut;
}

/* What a cut cannot be below. */
static double bound_s(const struct cut *cut)
{
    return fmax(cut->math_s, cut->memory_s) + cut->split_s;
}

/* The split of K of the least bound, of those worth trying with that tile. */
static struct cut tile_cut(const struct tiled_product *p, struct tile t)
{
    int split_count = p->partial_s < 0 ? 1 : SPLITS;
    double ctas = tiles_of(p, t);
    struct cut best = cut_of(p, t, ctas, 1);
    for (int i = 1; i < split_count; i++) {
        if (p->k / splits[i] < split_k_least || ctas * splits[i] >= split_waves * p->sm_count)
            break;
        struct cut cut = cut_of(p, t, ctas * splits[i], splits[i]);
        if (bound_s(&cut) < bound_s(&best))
            best = cut;
    }
    return best;
}

double tiles_floor_s(const struct tile *menu, int tiles, double a0, double flop_per_s, double flop)
{
    double most = 0;
    for (int t = 0; t < tiles; t++)
        most = fmax(most, menu[t].m * menu[t].n / (menu[t].m + menu[t].n));
    return flop / flop_per_s * (most + a0) / most;
}

/* Libraries guess the fastest tile and often miss it. Of tiles with bounds b_i the mean is
 * expected, with weights
 *     w_i = (min b / b_i)^(1 / doubt)
 * Its parts are joined once, since powers are dear. */
double tiled_product_s(const struct tiled_product *p)
{
    struct cut cuts[TILES_MAX], mean = {0};
    double least = HUGE_VAL, weights = 0, surety = p->c->doubt > 0 ? 1 / p->c->doubt : HUGE_VAL;
    for (int t = 0; t < p->tiles; t++) {
        cuts[t] = tile_cut(p, p->menu[t]);
        least = fmin(least, bound_s(&cuts[t]));
    }
    if (!(least > 0) || !(least < HUGE_VAL))
        return least;
    for (int t = 0; t < p->tiles; t++) {
        double weight = pow(least / bound_s(&cuts[t]), surety);
        weights += weight;
        mean.math_s += weight * cuts[t].math_s;
        mean.memory_s += weight * cuts[t].memory_s;
        mean.split_s += weight * cuts[t].split_s;
    }
    return (join_s(mean.math_s, mean.memory_s, p->c->p) + mean.split_s) / weights;
}
