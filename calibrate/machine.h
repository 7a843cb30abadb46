#ifndef CALIBRATE_MACHINE_H
#define CALIBRATE_MACHINE_H
#include "calibrate/sample_table.h"
#include "calibrate/samples.h"
#include "hardware/gpu.h"

/* A machine as the samples of stepcast-bench show it, and the gpu that they were measured on. */
enum machine_table { MACHINE_HOST, MACHINE_FLEET, MACHINE_SUSTAINED, MACHINE_TABLES };

struct machine {
    struct samples samples; /* kernels, and collectives of groups that ran alone */
    struct sample_table table[MACHINE_TABLES]; /* without rows where nothing was measured */
    size_t rows;                               /* of all */
    size_t loops;   /* grouped products that were timed expert by expert: no samples of a kernel */
    bool catalog;   /* gpu: the part's catalog file, as it was before this measurement */
    struct gpu gpu; /* else: figures measured here, calibration the built-in defaults */
    struct sample_table head; /* the first file, for what its header notes */
    char about[256];          /* "cpu, Intel(R) Xeon(R) ..." */
    char source[160];         /* "stepcast-bench 0.1.0, NVIDIA H200, driver 580.1, ..." */
    char date[16];
};

/* Reads FOLDER/samples. `gpu_name`: the catalog name of the part, or NULL to know it by the
 * driver's name. STATUS_INPUT when the folder holds no sample, or the part is not known.
 * Zero-initialise; machine_free when done. */
enum status machine_load(const char *folder, const char *gpu_name, const char *catalog,
                         struct machine *machine, struct error *e);
void machine_free(struct machine *machine);

/* The catalog's name of a part that the driver calls so; NULL if it is not known. */
const char *machine_catalog_name(const char *driver_name);

/* What was reached, of the samples: the best forward product of a datatype, the bandwidth of the
 * largest copies, the bus bandwidth of the largest messages of an op among all `ranks` (0: the
 * largest group); 0 where nothing was measured. */
double machine_flop_per_s(const struct machine *machine, enum dtype dtype);
double machine_memory_bytes_per_s(const struct machine *machine);
double machine_bus_bytes_per_s(const struct machine *machine, enum collective op, double *ranks);

#endif
