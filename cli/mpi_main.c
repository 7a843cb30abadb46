#include "calibrate/fit/quiet.h"
#include "cli/help.h"
#include "cli/sweep.h"
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* stepcast-mpi: `stepcast sweep` under mpirun or srun, its points divided over the processes. */

struct process {
    struct sweep_team team;
    bool agreed; /* every process does so once, whatever becomes of it: none waits for ever */
};

/* The points of a rank, one after the other; returns their number. */
static int pack(const struct sweep *sweep, const struct sweep_team *team, int rank,
                struct sweep_point *out)
{
    int n = 0;
    for (int i = rank; i < sweep->count; i += team->ranks)
        out[n++] = sweep->points[i];
    return n;
}

static void unpack(const struct sweep_point *in, const struct sweep_team *team, int rank,
                   struct sweep *sweep)
{
    for (int i = rank; i < sweep->count; i += team->ranks)
        sweep->points[i] = *in++;
}

/* The first error by rank, in all processes. */
static enum status agree(struct process *process, struct error *e)
{
    const struct sweep_team *team = &process->team;
    struct error theirs = *e;
    process->agreed = true;
    int first = e->status == STATUS_OK ? team->ranks : team->rank, least = 0;
    MPI_Allreduce(&first, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (least == team->ranks)
        return STATUS_OK;
    MPI_Bcast(&theirs, (int)sizeof theirs, MPI_BYTE, least, MPI_COMM_WORLD);
    *e = theirs;
    return e->status;
}

static void move(const struct sweep_team *team, struct sweep *sweep, struct sweep_point *points)
{
    if (team->rank > 0) {
        int n = pack(sweep, team, team->rank, points);
        MPI_Send(points, n * (int)sizeof *points, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
        return;
    }
    for (int rank = 1; rank < team->ranks; rank++) {
        int n = (sweep->count - rank + team->ranks - 1) / team->ranks;
        MPI_Recv(points, n * (int)sizeof *points, MPI_BYTE, rank, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
        unpack(points, team, rank, sweep);
    }
}

/* Points that were searched are legal or nothing: they hold no pointer (step_cost.rule is NULL). */
static enum status gather(void *context, struct sweep *sweep, struct error *e)
{
    struct process *process = context;
    const struct sweep_team *team = &process->team;
    struct sweep_point *points = NULL;
    if (e->status == STATUS_OK) {
        size_t share = (size_t)(sweep->count / team->ranks + 1);
        points = calloc(share, sizeof *points);
        if (!points)
            error_set(e, STATUS_IO, "out of memory for the points of a process");
    }
    if (agree(process, e) == STATUS_OK)
        move(team, sweep, points);
    free(points);
    return e->status;
}

static enum status run(int argc, char **argv, const struct sweep_team *team, struct error *e)
{
    struct option_table table;
    struct arguments arguments;
    const char *word = argc > 1 ? argv[1] : "";
    const struct command *command = command_find("sweep");
    if (strcmp(word, "sweep") != 0) {
        error_set(e, STATUS_USAGE, "stepcast-mpi runs sweep, got \"%s\"", word);
        error_set_hint(e, "mpirun -np 8 stepcast-mpi sweep ...; stepcast has the other commands");
        return e->status;
    }
    option_table_init(&table);
    if (arguments_parse(&table, command, argc - 2, argv + 2, &arguments, e) == STATUS_OK) {
        const char *operand = command->name;
        struct arguments help = {.table = &table, .operands = &operand, .operand_count = 1};
        if (!argument_given(&arguments, "help"))
            sweep_of_team(&arguments, team, e);
        else if (team->rank == 0)
            help_command(&help, e);
    }
    arguments_free(&arguments);
    return e->status;
}

/* Rank 0 speaks for all: what the others would say, it says. */
static void silence(const struct sweep_team *team, struct error *e)
{
    bool done =
        team->rank == 0 || (freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr));
    if (!done)
        error_set(e, STATUS_IO, "cannot open /dev/null");
}

int main(int argc, char **argv)
{
    struct error e;
    struct process process = {.team = {.gather = gather}};
    struct sweep_team *team = &process.team;
    error_init(&e);
    fit_quiet();
    if (MPI_Init(&argc, &argv) != MPI_SUCCESS) {
        fprintf(stderr, "stepcast-mpi: MPI does not start\n");
        return STATUS_IO;
    }
    MPI_Comm_rank(MPI_COMM_WORLD, &team->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &team->ranks);
    team->context = &process;
    silence(team, &e);
    if (e.status == STATUS_OK)
        run(argc, argv, team, &e);
    if (!process.agreed)
        agree(&process, &e);
    if (e.message[0] != '\0') {
        char message[1400];
        error_format(&e, message, sizeof message);
        fprintf(stderr, "stepcast-mpi: %s", message);
    }
    MPI_Finalize();
    return (int)e.status;
}
