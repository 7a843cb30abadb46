#include "calibrate/bench/random.h"

/* FNV-1a over the name. */
struct random random_from(int seed, const char *name)
{
    uint64_t state = 0xcbf29ce484222325U ^ (uint64_t)seed;
    for (; *name; name++)
        state = (state ^ (unsigned char)*name) * 0x100000001b3U;
    return (struct random){state};
}

/* splitmix64: a Weyl sequence through a bijective mixer. [Steele14] */
uint64_t random_bits(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

double random_unit(struct random *r)
{
    return (double)(random_bits(r) >> 11) * 0x1p-53;
}

static size_t random_below(struct random *r, size_t n)
{
    return (size_t)(random_unit(r) * (double)n);
}

/* Fisher and Yates: each of the n! orders is equally likely. */
void random_order(struct random *r, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i > 1; i--) {
        size_t j = random_below(r, i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
}
