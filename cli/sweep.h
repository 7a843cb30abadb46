#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H
#include "cli/arguments.h"
#include "parallelism/sweep/sweep.h"

/* The sweep command of one process of a team (NULL: alone). Rank 0 writes the answer; the others
 * return when they have handed their points over. */
enum status sweep_of_team(const struct arguments *arguments, const struct sweep_team *team,
                          struct error *e);

#endif
