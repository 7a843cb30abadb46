#ifndef HARDWARE_SYSTEM_H
#define HARDWARE_SYSTEM_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "hardware/collective_constants.h"
#include "hardware/gpu.h"
#include "hardware/topology.h"

/* A cluster: one kind of GPU, and the network tiers that connect them, outward from the GPU. Tier 0 is
 * the scale-up domain (NVLink, xGMI), tier 1 the scale-out fabric, further tiers its upper levels. */
enum { SYSTEM_TIERS_MAX = 4, TIER_FIELDS_MAX = 8, SYSTEM_FIELDS_MAX = 8 };

struct tier {
    char name[32];        /* "scale_up", "scale_out" ... */
    char technology[32];  /* "nvlink4", "infiniband-ndr", "efa-v2", "slingshot-11", "roce" ... */
    double domain_gpus;   /* GPUs that one instance connects; 0: all */
    double bandwidth_bytes_per_s; /* per GPU and direction */
    double latency_s;             /* of one hop of a small message; 0: from constants */
    enum topology topology;
    double oversubscription;      /* 1: full bisection; x: x to 1 */
    double efficiency_frac;       /* achievable share of the line rate; 0: from constants */
    struct collective_calibration collective; /* of its own; without them the technology's */
    struct source source[TIER_FIELDS_MAX];    /* by row of tier_fields */
};

/* More than any cluster has; degrees of parallelism are ints. */
enum { SYSTEM_GPUS_MOST = 10000000 };

struct system {
    char name[64];
    char note[256];
    struct gpu gpu;
    double gpus;          /* in this cluster; set by --gpus; at most SYSTEM_GPUS_MOST */
    double gpus_per_node; /* GPUs of one host */
    double nics_per_node;
    int tiers;
    struct tier tier[SYSTEM_TIERS_MAX];
    double power_limit_w; /* 0: the gpu's */
    struct source source[SYSTEM_FIELDS_MAX]; /* by row of system_fields */
    char calibration_source[200];
};

extern const struct field system_fields[], tier_fields[];
extern const size_t system_field_count, tier_field_count;

/* Reads a system file: figures by system_fields, "gpu" (a name, or a gpu file's object), and "tiers", a
 * list from the scale-up domain outward of objects by tier_fields, each with "collective" where it has
 * constants of its own. What is left out comes from the gpu: GPUs per node, scale-up domain; one NIC a
 * GPU. */
enum status system_read(const struct json *json, const struct json_value *object, const char *catalog,
                        struct system *system, struct error *e);

/* Writes the members of a system file, into an open object; the gpu by its name. */
void system_write(struct json_writer *w, const struct system *system);

/* The same with the gpu's own members and constants, so that no catalog is needed to read it back. */
void system_write_whole(struct json_writer *w, const struct system *system);

/* By catalog name or path, as gpu_find: CATALOG/systems/NAME.json, then CATALOG/NAME.json. */
enum status system_find(const char *name, const char *catalog, struct system *system, struct error *e);

/* Names of the compiled-in catalog, sorted; NULL past the end. */
const char *system_catalog_name(size_t i);

/* A system by parts, as cases and flags give it. 0 takes the gpu's usual figure: GPUs per node, scale-up
 * domain (within the node unless the gpu's domains span nodes, as in NVL72), NICs per node (one a GPU), NIC
 * rate per GPU in bytes/s (marked assumed), power limit. */
struct system_parts {
    char gpu[64];
    double gpus, gpus_per_node, nics_per_node, scale_up_domain, nic_bytes_per_s, power_limit_w;
};
enum status system_from_parts(const struct system_parts *parts, const char *catalog,
                              struct system *system, struct error *e);

/* One scale-up domain of `gpus` GPUs and nothing else; no constants of collectives. */
void system_of_domain(const struct gpu *gpu, double gpus, struct system *system);

/* GPUs of one scale-up domain, at most system->gpus. */
double system_domain_gpus(const struct system *system);

#endif
