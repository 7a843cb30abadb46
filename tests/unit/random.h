#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H
#include <stdint.h>

/* Random numbers, the same on every machine. */
struct random {
    uint64_t state; /* not 0 */
};

static inline double random_between(struct random *r, double low, double high)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return low + (high - low) * ((double)(r->state >> 11) / 9007199254740992.0);
}

static inline int random_int(struct random *r, int low, int high)
{
    return low + (int)random_between(r, 0, high - low + 1);
}

#endif
