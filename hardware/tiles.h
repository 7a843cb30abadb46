#ifndef HARDWARE_TILES_H
#define HARDWARE_TILES_H
#include "hardware/calibration.h"
#include "hardware/gpu.h"

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

/* Share of the bytes of a set that is used again and again, of `bytes` in all, that a cache of
 * `cache_bytes` cannot hold: sharp, as with LRU. */
double miss_frac(double bytes, double cache_bytes);

#endif
