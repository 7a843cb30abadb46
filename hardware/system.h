#ifndef HARDWARE_SYSTEM_H
#define HARDWARE_SYSTEM_H
#include "base/fields.h"
#include "base/json_read.h"
#include "hardware/collective_constants.h"
#include "hardware/gpu.h"
#include "hardware/linear_cost.h"

/* A cluster: one kind of GPU, and the network tiers that connect them, outward from the GPU. Tier 0 is
 * the scale-up domain (NVLink, xGMI), tier 1 the scale-out fabric, further tiers its upper levels. */
enum topology { TOPOLOGY_SWITCH, TOPOLOGY_MESH, TOPOLOGY_FAT_TREE, TOPOLOGY_RAIL, TOPOLOGY_DRAGONFLY, TOPOLOGY_TORUS, TOPOLOGIES };
extern const char *const topology_names[TOPOLOGIES + 1];

enum { SYSTEM_TIERS_MAX = 4 };

struct tier {
    char name[32];        /* "scale_up", "scale_out" ... */
    char technology[32];  /* "nvlink4", "infiniband-ndr", "efa-v2", "slingshot-11", "roce" ... */
    double domain_gpus;   /* GPUs that one instance connects; 0: all */
    double bandwidth_bytes_per_s; /* per GPU and direction */
    double latency_s;             /* of one message between two of its ports */
    enum topology topology;
    double oversubscription;      /* 1: full bisection; x: x to 1 */
    double efficiency_frac;       /* achievable share of the line rate; 0: from constants */
    struct collective_calibration collective; /* of its own; without them the technology's */
};

struct system {
    char name[64];
    struct gpu gpu;
    double gpus;          /* in this cluster; set by --gpus */
    double gpus_per_node; /* GPUs of one host */
    double nics_per_node;
    int tiers;
    struct tier tier[SYSTEM_TIERS_MAX];
    double power_limit_w; /* 0: the gpu's */
    struct source source[16];
    char calibration_source[200];
    int calibration_kind; /* enum calibration_kind of the collectives */
};

enum status system_read(const struct json *json, const struct json_value *object, const char *catalog,
                        struct system *system, struct error *e);
enum status system_find(const char *name, const char *catalog, struct system *system, struct error *e);
const char *system_catalog_name(size_t i);

/* A system by parts, as cases and flags give it: gpu, GPUs per node, scale-up domain (0: gpus_per_node),
 * NIC rate per GPU in bytes/s (0: the usual one of that GPU's generation, marked assumed). */
struct system_parts {
    char gpu[64];
    double gpus, gpus_per_node, scale_up_domain, nic_bytes_per_s, power_limit_w;
};
enum status system_from_parts(const struct system_parts *parts, const char *catalog,
                              struct system *system, struct error *e);

/* GPUs of one scale-up domain, at most system->gpus. */
double system_domain_gpus(const struct system *system);

#endif
