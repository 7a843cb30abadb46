#include "calibrate/bench/launch.h"
#include "base/units.h"
#include <stdio.h>
#include <string.h>

const char *const launch_names[LAUNCH_KINDS + 1] = {"single", "mpi",  "torchrun",
                                                    "slurm",  "fork", NULL};

/* torchrun's own store listens on MASTER_PORT: rank 0 takes the next one. */
enum { DEFAULT_PORT = 29400, PORT_OFFSET = 1, SLURM_PORT = 20000, SLURM_PORTS = 10000 };

/* The variables by which a launcher tells rank, size and local rank; size NULL: not told. */
struct launcher {
    enum launch_kind kind;
    const char *rank, *size, *local_rank;
};
static const struct launcher launchers[] = {
    {LAUNCH_TORCHRUN, "RANK",                 "WORLD_SIZE",           "LOCAL_RANK"                },
    {LAUNCH_MPI,      "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    {LAUNCH_MPI,      "PMI_RANK",             "PMI_SIZE",             "MPI_LOCALRANKID"           },
    {LAUNCH_SLURM,    "SLURM_PROCID",         "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID"             },
};

static enum status read_int(const char *(*get)(const char *), const char *name, int *value,
                            struct error *e)
{
    double number;
    const char *text = get(name);
    struct error ignored;
    error_init(&ignored);
    if (number_parse(text ? text : "", &number, &ignored) != STATUS_OK || number < 0 ||
        number > 1e9 || number != (int)number)
        return error_set(e, STATUS_USAGE, "%s: expected a whole number, got \"%s\"", name,
                         text ? text : "");
    *value = (int)number;
    return STATUS_OK;
}

enum status slurm_first_host(const char *list, char *host, size_t size)
{
    size_t name = strcspn(list, ",[");
    const char *bracket = list[name] == '[' ? list + name + 1 : "";
    size_t number = strcspn(bracket, ",-]");
    if (name + number == 0 || (*bracket && !bracket[number]) ||
        (size_t)snprintf(host, size, "%.*s%.*s", (int)name, list, (int)number, bracket) >= size)
        return STATUS_INPUT;
    if (*bracket && strchr(bracket, ']')) { /* "rack[1-2]n1" keeps its tail */
        const char *tail = strchr(bracket, ']') + 1;
        size_t used = strlen(host), length = strcspn(tail, ",[");
        if (used + length >= size || tail[length] == '[')
            return STATUS_INPUT;
        memcpy(host + used, tail, length);
        host[used + length] = '\0';
    }
    return STATUS_OK;
}

static enum status slurm_meeting(const char *(*get)(const char *), struct launch *launch,
                                 struct error *e)
{
    const char *list = get("SLURM_STEP_NODELIST");
    int job = 0;
    if (!list || slurm_first_host(list, launch->address, sizeof launch->address) != STATUS_OK)
        return error_set(e, STATUS_USAGE, "SLURM_STEP_NODELIST names no host: set MASTER_ADDR");
    if (get("SLURM_JOB_ID") && read_int(get, "SLURM_JOB_ID", &job, e) != STATUS_OK)
        return e->status;
    launch->port = SLURM_PORT + job % SLURM_PORTS;
    return STATUS_OK;
}

/* Where ranks that have no MPI meet. */
static enum status meeting_point(const char *(*get)(const char *), struct launch *launch,
                                 struct error *e)
{
    const char *address = get("MASTER_ADDR");
    launch->port = DEFAULT_PORT;
    if (!address && launch->kind == LAUNCH_SLURM)
        return slurm_meeting(get, launch, e);
    if (!address)
        return error_set(e, STATUS_USAGE, "%d ranks and no MASTER_ADDR: where is rank 0?",
                         launch->size);
    if ((size_t)snprintf(launch->address, sizeof launch->address, "%s", address) >=
        sizeof launch->address)
        return error_set(e, STATUS_USAGE, "MASTER_ADDR is too long");
    if (get("MASTER_PORT") && read_int(get, "MASTER_PORT", &launch->port, e) != STATUS_OK)
        return e->status;
    launch->port += PORT_OFFSET;
    return launch->port < 65536 ? STATUS_OK
                                : error_set(e, STATUS_USAGE, "MASTER_PORT is over 65534");
}

static enum status read_ranks(const char *(*get)(const char *), const struct launcher *l,
                              struct launch *launch, struct error *e)
{
    if (read_int(get, l->rank, &launch->rank, e) != STATUS_OK ||
        read_int(get, l->size, &launch->size, e) != STATUS_OK)
        return e->status;
    if (launch->rank >= launch->size)
        return error_set(e, STATUS_USAGE, "%s is %d, but %s is %d", l->rank, launch->rank, l->size,
                         launch->size);
    if (get(l->local_rank))
        return read_int(get, l->local_rank, &launch->local_rank, e);
    return STATUS_OK;
}

enum status launch_from_environment(const char *(*get)(const char *name), int with_mpi,
                                    struct launch *launch, struct error *e)
{
    *launch = (struct launch){.kind = LAUNCH_SINGLE, .size = 1, .local_rank = -1};
    for (size_t i = 0; i < sizeof launchers / sizeof launchers[0]; i++) {
        const struct launcher *l = &launchers[i];
        if (!get(l->rank) || !get(l->size))
            continue;
        launch->kind = l->kind;
        if (read_ranks(get, l, launch, e) != STATUS_OK)
            return e->status;
        if (launch->size == 1)
            launch->kind = LAUNCH_SINGLE;
        if (launch->size == 1 || (launch->kind == LAUNCH_MPI && with_mpi))
            return STATUS_OK;
        return meeting_point(get, launch, e);
    }
    return STATUS_OK;
}
