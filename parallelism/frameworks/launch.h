#ifndef PARALLELISM_FRAMEWORKS_LAUNCH_H
#define PARALLELISM_FRAMEWORKS_LAUNCH_H
#include "parallelism/frameworks/settings.h"

/* How many GPUs a launch command takes: torchrun, srun, mpirun, deepspeed, accelerate, #SBATCH. */
struct launch {
    double nodes, gpus_per_node; /* torchrun's, deepspeed's */
    double slurm_nodes, slurm_tasks_per_node, slurm_tasks, slurm_gpus_per_node, slurm_gpus;
    double processes;  /* mpirun -np, accelerate --num_processes */
    double world_size; /* WORLD_SIZE, NGPU: assigned in the file */
    bool untold;       /* a launcher's size is no number; often a variable that is not set */
    bool torchrun;     /* a launcher that starts one process a GPU on each node */
};

/* Takes one option of a launcher ("--nnodes", "16"); false: it says nothing of sizes. */
bool launch_option(struct launch *launch, const char *program, const char *name,
                   const char *value);
/* Options of a "#SBATCH ..." line. */
void launch_sbatch(struct launch *launch, const char *line);

/* GPUs in all, GPUs of a node; 0: the file does not say. */
double launch_gpus(const struct launch *launch);
double launch_gpus_per_node(const struct launch *launch);

/* True for a launcher's name ("torchrun", "/usr/bin/srun"): its options come before the program it
 * starts. */
bool launch_is_launcher(const char *word);

#endif
