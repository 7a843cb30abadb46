#ifndef HARDWARE_COLLECTIVE_LINKS_H
#define HARDWARE_COLLECTIVE_LINKS_H
#include "hardware/collective_constants.h"

/* Constants of collectives over scale-up links, by op. */
extern const struct collective_constants collective_nvlink3[COLLECTIVES],
    collective_nvlink4[COLLECTIVES], collective_xgmi[COLLECTIVES], collective_pcie[COLLECTIVES],
    collective_ici[COLLECTIVES], collective_plain_switch[COLLECTIVES];

#endif
