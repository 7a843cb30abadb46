#include "parallelism/frameworks/launch.h"
#include "base/number.h"
#include "hardware/system.h"
#include <math.h>
#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct launch, member)
#define TORCH "torchrun python python3 torchrun_wrapper"
#define SLURM "srun sbatch salloc"
#define MPI "mpirun mpiexec"

/* Options of launchers that say how many processes they start. One process drives one GPU. */
static const struct {
    const char *programs; /* blank-separated */
    const char *option;
    size_t offset;
} options[] = {
    {TORCH,        "--nnodes",          AT(nodes)               },
    {TORCH,        "--nproc-per-node",  AT(gpus_per_node)       },
    {"deepspeed",  "--num-nodes",       AT(nodes)               },
    {"deepspeed",  "--num-gpus",        AT(gpus_per_node)       },
    {"accelerate", "--num-machines",    AT(nodes)               },
    {"accelerate", "--num-processes",   AT(processes)           },
    {SLURM,        "-N",                AT(slurm_nodes)         },
    {SLURM,        "--nodes",           AT(slurm_nodes)         },
    {SLURM,        "--ntasks-per-node", AT(slurm_tasks_per_node)},
    {SLURM,        "--tasks-per-node",  AT(slurm_tasks_per_node)},
    {SLURM,        "-n",                AT(slurm_tasks)         },
    {SLURM,        "--ntasks",          AT(slurm_tasks)         },
    {SLURM,        "--gpus-per-node",   AT(slurm_gpus_per_node) },
    {SLURM,        "--gres",            AT(slurm_gpus_per_node) },
    {SLURM,        "-G",                AT(slurm_gpus)          },
    {SLURM,        "--gpus",            AT(slurm_gpus)          },
    {MPI,          "-np",               AT(processes)           },
    {MPI,          "-n",                AT(processes)           },
    {MPI,          "--np",              AT(processes)           },
    {MPI,          "--npernode",        AT(gpus_per_node)       },
    {MPI,          "-npernode",         AT(gpus_per_node)       },
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool word_in(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = strstr(list, word); at && n > 0; at = strstr(at + 1, word)) {
        if ((at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    }
    return false;
}

static bool same_option(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (*a != *b && !(*a == '-' && *b == '_'))
            return false;
    }
    return *a == *b;
}

bool launch_is_launcher(const char *word)
{
    const char *name = base_name(word);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (word_in(options[i].programs, name))
            return true;
    }
    return false;
}

/* "16", "gpu:8", "gpu:h100:8", "1:16" (elastic: the most): the number after the last colon; 0:
 * none.
 */
static double last_number(const char *value)
{
    struct error e;
    double number = 0;
    const char *colon = strrchr(value, ':');
    char word[32] = "";
    const char *start = colon ? colon + 1 : value;
    size_t n = strcspn(start, ",(");
    if (n == 0 || n >= sizeof word)
        return 0;
    memcpy(word, start, n);
    error_init(&e);
    bool whole = number_parse(word, &number, &e) == STATUS_OK && number >= 1 &&
                 number <= SYSTEM_GPUS_MOST && !(number > floor(number));
    return whole ? number : 0;
}

bool launch_option(struct launch *launch, const char *program, const char *name, const char *value)
{
    const char *base = base_name(program);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (!word_in(options[i].programs, base) || !same_option(options[i].option, name))
            continue;
        double number = last_number(value);
        double *out = (double *)(void *)((char *)launch + options[i].offset);
        if (number > 0)
            *out = number;
        bool nodes = options[i].offset == AT(nodes) || options[i].offset == AT(slurm_nodes);
        if (number == 0 && (nodes || value_is_unresolved(value)))
            launch->untold = true;
        bool per_node = options[i].offset == AT(gpus_per_node) || options[i].offset == AT(nodes);
        if (per_node && !word_in(MPI, base))
            launch->torchrun = true;
        return true;
    }
    return false;
}

void launch_sbatch(struct launch *launch, const char *line)
{
    char word[2][64] = {"", ""};
    const char *at = line;
    while (*at != '\0') {
        at += strspn(at, " \t\r\n");
        size_t n = strcspn(at, " \t\r\n=");
        if (n == 0)
            break;
        if (*at == '#') /* a comment behind the options */
            return;
        size_t keep = n < sizeof word[0] ? n : sizeof word[0] - 1;
        memcpy(word[0], at, keep);
        word[0][keep] = '\0';
        at += n;
        at += strspn(at, " \t=");
        n = *at == '-' ? 0 : strcspn(at, " \t\r\n");
        keep = n < sizeof word[1] ? n : sizeof word[1] - 1;
        memcpy(word[1], at, keep);
        word[1][keep] = '\0';
        at += n;
        launch_option(launch, "sbatch", word[0], word[1]);
    }
}

double launch_gpus_per_node(const struct launch *l)
{
    if (l->gpus_per_node > 0)
        return l->gpus_per_node;
    if (l->slurm_gpus_per_node > 0)
        return l->slurm_gpus_per_node;
    return l->slurm_tasks_per_node > 1 ? l->slurm_tasks_per_node : 0;
}

double launch_gpus(const struct launch *l)
{
    double nodes = l->nodes > 0 ? l->nodes : l->slurm_nodes;
    bool one_node = nodes == 0 && !l->untold;
    if (l->torchrun && l->gpus_per_node > 0 && (nodes > 0 || one_node))
        return l->gpus_per_node * (nodes > 0 ? nodes : 1);
    if (l->processes > 0)
        return l->processes;
    if (l->slurm_gpus > 0)
        return l->slurm_gpus;
    double per_node = launch_gpus_per_node(l);
    if (nodes > 0 && per_node > 0)
        return nodes * per_node;
    if (l->slurm_tasks > 1)
        return l->slurm_tasks;
    return l->world_size;
}
