#ifndef HARDWARE_SYSTEM_FINISH_H
#define HARDWARE_SYSTEM_FINISH_H
#include "hardware/system.h"

/* What reading a system and building one by parts end with: the power limit replaces the gpu's cap,
 * so that all that ask for power ask the gpu; and whose constants the scale-up collectives have is
 * named: the tier's own, the gpu's, or the technology's. limit: where the power limit comes from.
 */
void system_finish(struct system *system, const struct source *limit);

#endif
