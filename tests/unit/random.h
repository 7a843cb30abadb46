#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H
#include <stdint.h>

/* Random numbers, the same on every machine. */
struct random {
    uint64_t state; /* not 0 */
};

/* Xorshift. [Marsaglia03] */
static inline uint64_t random_word(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state;
}

/* 0 to n - 1. */
static inline int random_below(struct random *r, int n)
{
    return (int)((random_word(r) >> 20) % (uint64_t)n);
}

static inline double random_between(struct random *r, double low, double high)
{
    return low + (high - low) * ((double)(random_word(r) >> 11) / 9007199254740992.0); /* 2^53 */
}

static inline int random_int(struct random *r, int low, int high)
{
    return low + (int)random_between(r, 0, high - low + 1);
}

#endif
