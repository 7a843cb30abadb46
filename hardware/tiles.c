#include "hardware/tiles.h"
#include <math.h>

static const double splits[] = {1, 2, 3, 4, 6, 8, 12, 16, 32};
enum { SPLITS = sizeof splits / sizeof splits[0] };

/* Split-K is worth its partial sums only while each part keeps this many elements of K, and while
 * the chip is not full without it. */
static const double split_k_least = 256;
static const double split_waves = 2;

double meeting(double p)
{
    double root = exp2(1 / p) - 1;
    return root * root;
}

double meet_s(double a, double b, double h)
{
    double apart = a - b;
    return (a + b + sqrt(apart * apart + 4 * h * a * b)) / 2;
}

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

enum { TILES_MAX = 16 };

/* One tile Tm x Tn and split sk, CTAs = batch tiles(m / Tm) tiles(n / Tn) sk, q = CTAs / SMs:
 *     W      = ceil(q) - phi (ceil(q) - max(q, 1))                           waves
 *     t_k    = 2 (Tm Tn + a0 (Tm + Tn) + area) SMs / R                       one element of K
 *     T_math = t_k (W k / sk + k0 (1 + pers (W - 1)))
 *     T_mem  = T_bytes / min(1, CTAs / (beta SMs)) + sk T_partial
 *     T      = meet(T_math, T_mem) + T_split */
static double cut_s(const struct tiled_product *g, struct tile t, double ctas, double split,
                    double h)
{
    const struct gemm_constants *c = g->c;
    double waves = whole_units(ctas / g->sm_count, c->phi);
    double step_s =
        2 * (t.m * t.n + c->a0 * (t.m + t.n) + c->tile_area) * g->sm_count / g->flop_per_s;
    double math_s = step_s * (waves * g->k / split + c->k0 * (1 + c->persistence * (waves - 1)));
    double memory_s = g->memory_s / fmin(1, ctas / (c->beta * g->sm_count));
    if (split <= 1)
        return meet_s(math_s, memory_s, h);
    return meet_s(math_s, memory_s + split * g->partial_s, h) + c->split_s;
}

/* The fastest split of K, of those worth trying with that tile. */
static double tile_s(const struct tiled_product *p, struct tile t, double h)
{
    int split_count = p->partial_s < 0 ? 1 : SPLITS;
    double ctas = tiles_of(p, t), least = cut_s(p, t, ctas, 1, h);
    for (int i = 1; i < split_count; i++) {
        if (p->k / splits[i] < split_k_least || ctas * splits[i] >= split_waves * p->sm_count)
            break;
        least = fmin(least, cut_s(p, t, ctas * splits[i], splits[i], h));
    }
    return least;
}

double tiles_floor_s(const struct tile *menu, int tiles, double a0, double flop_per_s, double flop)
{
    double most = 0;
    for (int t = 0; t < tiles; t++)
        most = fmax(most, menu[t].m * menu[t].n / (menu[t].m + menu[t].n));
    return flop / flop_per_s * (most + a0) / most;
}

/* Libraries guess the fastest tile and miss it with a chance of `doubt`, then the next one with the
 * same chance: of times in rising order T_0 <= T_1 ... the mean with weights doubt^j is expected.
 * It rises with each of them, as a mean with weights by their ratios does not: a faster GPU is
 * never slower. */
double tiled_product_s(const struct tiled_product *p)
{
    double rising_s[TILES_MAX], h = meeting(p->c->p);
    for (int t = 0; t < p->tiles; t++) {
        double seconds = tile_s(p, p->menu[t], h);
        int at = t;
        for (; at > 0 && rising_s[at - 1] > seconds; at--)
            rising_s[at] = rising_s[at - 1];
        rising_s[at] = seconds;
    }
    double sum_s = 0, weights = 0, weight = 1;
    for (int t = 0; t < p->tiles && weight > 0; t++) {
        sum_s += weight * rising_s[t];
        weights += weight;
        weight *= p->c->doubt;
    }
    return sum_s / weights;
}
