#ifndef HARDWARE_TILES_H
#define HARDWARE_TILES_H
#include "hardware/calibration.h"

/* Products of matrices cut into tiles, one CTA a tile: what gemm.c and grouped.c share. */
struct tile {
    double m, n;
};
struct tiled_product {
    const struct gemm_constants *c;
    double batch, m, n, k;
    double flop_per_s, sm_count;
    double memory_s;  /* operands and output, once */
    double partial_s; /* partial sums of one split of K; negative: K is not split */
    const struct tile *menu;
    int tiles;
};

/* With the tile and split of K that a library is expected to take, without the launch. */
double tiled_product_s(const struct tiled_product *p);

/* Matmul work of `flop` at a rate that no shape exceeds with these tiles: R AI / (AI + a0), AI = Tm
 * Tn / (Tm + Tn), whatever the waves. */
double tiles_floor_s(const struct tile *menu, int tiles, double a0, double flop_per_s, double flop);

/* Units that x of them take: whole ones, at least one, less the share of what the last leaves over:
 *     ceil(x) - share (ceil(x) - max(x, 1))
 * Waves of CTAs over the SMs (share phi), tiles along a side (share edge). */
double whole_units(double x, double share);

/* p-norm of two times that overlap: between their maximum (p large) and their sum (p = 1). */
double join_s(double a, double b, double p);

/* The non-rectangular hyperbola that meets the p-norm at a = b, and its h:
 *     T = (a + b + sqrt((a - b)^2 + 4 h a b)) / 2,    h = (2^(1/p) - 1)^2
 * It rises with both, is their maximum for h = 0 and their sum for h = 1, and takes a root where
 * the norm takes three powers. */
double meeting(double p);
double meet_s(double a, double b, double h);

/* Share of the bytes of a set that is used again and again, of `bytes` in all, that a cache of
 * `cache_bytes` cannot hold: sharp, as with LRU. */
double miss_frac(double bytes, double cache_bytes);

#endif
