#ifndef CALIBRATE_BENCH_LAUNCH_H
#define CALIBRATE_BENCH_LAUNCH_H
#include "base/error.h"
#include <stddef.h>

/* How this process was started, and which of several it is. */
enum launch_kind {
    LAUNCH_SINGLE,   /* one process */
    LAUNCH_MPI,      /* mpirun, or srun with an MPI or PMI plug-in: ranks meet through MPI */
    LAUNCH_TORCHRUN, /* RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT: ranks meet through TCP */
    LAUNCH_SLURM,    /* srun without MPI: ranks meet through TCP on the step's first host */
    LAUNCH_FORK,     /* one process that starts a copy of itself per GPU */
    LAUNCH_KINDS
};
extern const char *const launch_names[LAUNCH_KINDS + 1];

struct launch {
    enum launch_kind kind;
    int rank, size;
    int local_rank;    /* as the launcher gives it; -1: unknown */
    char address[256]; /* where rank 0 listens */
    int port;
};

/* Reads the launcher's environment variables, through `get` (getenv). with_mpi: the program can use
 * MPI. STATUS_USAGE when they contradict each other or lack an address. */
enum status launch_from_environment(const char *(*get)(const char *name), int with_mpi,
                                    struct launch *launch, struct error *e);

/* First host of a Slurm node list: "gpu[07-09,12],x1" gives "gpu07". STATUS_INPUT if it has none.
 */
enum status slurm_first_host(const char *list, char *host, size_t size);

#endif
