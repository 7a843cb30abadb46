#ifndef CALIBRATE_BENCH_RANDOM_H
#define CALIBRATE_BENCH_RANDOM_H
#include <stddef.h>
#include <stdint.h>

/* A stream of pseudo-random numbers; equal seeds give equal streams on every machine. */
struct random {
    uint64_t state;
};

/* A stream of its own for every seed and name: what is drawn does not depend on what else runs. */
struct random random_from(int seed, const char *name);
uint64_t random_bits(struct random *r);
double random_unit(struct random *r);                         /* uniform in [0, 1) */
void random_order(struct random *r, size_t *order, size_t n); /* a permutation of 0 .. n-1 */

#endif
