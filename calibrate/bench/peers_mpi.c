#include "calibrate/bench/peers.h"
#ifdef BENCH_MPI
#include <mpi.h>

const bool peers_have_mpi = true;

/* Errors come back as codes, so that they can be named. */
static enum status mpi_try(int code, const char *call, struct error *e)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    if (code == MPI_SUCCESS)
        return STATUS_OK;
    MPI_Error_string(code, text, &length);
    return error_set(e, STATUS_IO, "%s: %s", call, text);
}

static enum status mpi_open(struct peers *peers, const struct launch *launch, struct error *e)
{
    (void)launch;
    if (mpi_try(MPI_Init(NULL, NULL), "MPI_Init", e) != STATUS_OK ||
        mpi_try(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN),
                "MPI_Comm_set_errhandler", e) != STATUS_OK ||
        mpi_try(MPI_Comm_rank(MPI_COMM_WORLD, &peers->rank), "MPI_Comm_rank", e) != STATUS_OK)
        return e->status;
    return mpi_try(MPI_Comm_size(MPI_COMM_WORLD, &peers->size), "MPI_Comm_size", e);
}

static enum status mpi_gather(struct peers *peers, const void *in, size_t bytes, void *out,
                              struct error *e)
{
    (void)peers;
    int n = (int)bytes;
    return mpi_try(MPI_Allgather(in, n, MPI_BYTE, out, n, MPI_BYTE, MPI_COMM_WORLD),
                   "MPI_Allgather", e);
}

static void mpi_close(struct peers *peers)
{
    (void)peers;
    int up = 0, down = 1;
    if (MPI_Initialized(&up) == MPI_SUCCESS && up && MPI_Finalized(&down) == MPI_SUCCESS && !down)
        MPI_Finalize();
}
#else

const bool peers_have_mpi = false;

static enum status mpi_open(struct peers *peers, const struct launch *launch, struct error *e)
{
    (void)peers, (void)launch;
    return error_set(e, STATUS_IO, "built without MPI");
}

static enum status mpi_gather(struct peers *peers, const void *in, size_t bytes, void *out,
                              struct error *e)
{
    (void)peers, (void)in, (void)bytes, (void)out;
    return error_set(e, STATUS_IO, "built without MPI");
}

static void mpi_close(struct peers *peers)
{
    (void)peers;
}
#endif

const struct peers_transport peers_mpi = {mpi_open, mpi_gather, mpi_close};
