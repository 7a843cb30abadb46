#ifndef HARDWARE_COLLECTIVE_FABRICS_H
#define HARDWARE_COLLECTIVE_FABRICS_H
#include "hardware/collective_constants.h"

/* Constants of collectives over scale-out fabrics, by op. */
extern const struct collective_constants collective_infiniband[COLLECTIVES],
    collective_roce[COLLECTIVES], collective_slingshot[COLLECTIVES], collective_efa[COLLECTIVES],
    collective_efa1[COLLECTIVES], collective_tcpx[COLLECTIVES], collective_tcpxo[COLLECTIVES],
    collective_ethernet[COLLECTIVES];

/* RCCL's all-reduce over a fabric of verbs or of Slingshot. */
extern const struct collective_constants collective_rccl_all_reduce;

#endif
