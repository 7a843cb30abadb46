#ifndef HARDWARE_COLLECTIVE_REGIMES_H
#define HARDWARE_COLLECTIVE_REGIMES_H
#include "hardware/collective_constants.h"

/* Words of the tables of constants (collective_links.c, collective_fabrics.c). */

/* Regimes, counted. */
#define REGIME_COUNT(...)                                                                          \
    (int)(sizeof((struct collective_regime[]){__VA_ARGS__}) / sizeof(struct collective_regime))
#define REGIMES(...) .regimes = REGIME_COUNT(__VA_ARGS__), .regime = {__VA_ARGS__}

/* The ops that run as one ring and share its regimes. */
#define ONE_RING(...)                                                                              \
    [COLLECTIVE_ALL_GATHER] = {REGIMES(__VA_ARGS__)},                                              \
    [COLLECTIVE_REDUCE_SCATTER] = {REGIMES(__VA_ARGS__)},                                          \
    [COLLECTIVE_BROADCAST] = {REGIMES(__VA_ARGS__)}, [COLLECTIVE_REDUCE] = {REGIMES(__VA_ARGS__)}

#endif
