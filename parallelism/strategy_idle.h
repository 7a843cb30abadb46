#ifndef PARALLELISM_STRATEGY_IDLE_H
#define PARALLELISM_STRATEGY_IDLE_H

struct scenario;
struct strategy;
struct text;

/* A line for each key of a strategy that says something and changes nothing beside its other keys
 * and with this model and stack, such as "recompute-layers 3 changes nothing: it counts layers of
 * full recompute". */
void strategy_idle(const struct scenario *scenario, const struct strategy *s, struct text *out);

#endif
