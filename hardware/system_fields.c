#include "hardware/system.h"
#include <math.h>

#define FIGURE(type, key, member, unit, least, required, help)                                     \
    FIELD_ROW(type, key, FIELD_NUMBER, unit, member, least, HUGE_VAL, required, NULL, help)
#define WORD(type, key, member, required, help)                                                    \
    FIELD_ROW(type, key, FIELD_STRING, UNIT_NONE, member, 0, 0, required, NULL, help)

const struct field system_fields[] = {
    WORD(system, "name", name, true, "catalog name"),
    WORD(system, "note", note, false, "what a reader must know"),
    FIELD_ROW(system, "gpus", FIELD_NUMBER, UNIT_NONE, gpus, 1, SYSTEM_GPUS_MOST, false, NULL,
              "GPUs of this cluster"),
    FIGURE(system, "gpus_per_node", gpus_per_node, UNIT_NONE, 1, false, "GPUs of one host"),
    FIGURE(system, "nics_per_node", nics_per_node, UNIT_NONE, 0, false,
           "scale-out NICs of one host"),
    FIGURE(system, "power_limit", power_limit_w, UNIT_WATTS, 1, false,
           "power limit of each GPU, below its board's cap"),
};
const size_t system_field_count = sizeof system_fields / sizeof system_fields[0];

const struct field tier_fields[] = {
    WORD(tier, "name", name, false, "scale_up, scale_out ..."),
    WORD(tier, "technology", technology, true, "nvlink4, infiniband-ndr, efa-v2 ..."),
    FIELD_ROW(tier, "topology", FIELD_ENUM, UNIT_NONE, topology, 0, 0, false, topology_names,
              "how its GPUs are joined"),
    FIGURE(tier, "domain_gpus", domain_gpus, UNIT_NONE, 1, false,
           "GPUs that one instance connects; without it: all"),
    FIGURE(tier, "bandwidth", bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 1e6, true,
           "rate per GPU, one direction"),
    FIGURE(tier, "latency", latency_s, UNIT_SECONDS, 0, false, "one hop of a small message"),
    FIGURE(tier, "oversubscription", oversubscription, UNIT_NONE, 1, false,
           "1 full bisection, x: x to 1"),
    FIELD_ROW(tier, "efficiency", FIELD_NUMBER, UNIT_FRACTION, efficiency_frac, 0.01, 1, false,
              NULL, "share of the line rate that is reached"),
};
const size_t tier_field_count = sizeof tier_fields / sizeof tier_fields[0];

_Static_assert(sizeof system_fields / sizeof system_fields[0] <= SYSTEM_FIELDS_MAX,
               "a source for each row of system_fields");
_Static_assert(sizeof tier_fields / sizeof tier_fields[0] <= TIER_FIELDS_MAX,
               "a source for each row of tier_fields");
