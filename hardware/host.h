#ifndef HARDWARE_HOST_H
#define HARDWARE_HOST_H
#include "hardware/system.h"

/* What one core of a host moves of its memory in an update of a training run's optimizer, bytes/s.
 * By 34 bytes a parameter three reports of runs with a core a rank give 7.7, 9.4 and 11.7 GB/s:
 * 10 s for 2.25 10^9 parameters a rank on A100 (deepspeedai/DeepSpeed issue 6834), 3.6 s for 10^9
 * on one thread (ISEEKYAN/Megatron-LM issue 188), 9.6 s for 3.3 10^9 on H100 (THUDM/slime issue
 * 1139). */
extern const double host_core_bytes_per_s;

/* The share of its host memory's peak that a node's cores reach together: what STREAM reaches on
 * two sockets. Assumed of an update: ZeRO-Offload's on a DGX-2 reached half (arXiv:2101.06840,
 * table 4: 2.57 s for 10^10 parameters, 256 GB/s), what does not shrink with the context ranks of
 * the offloaded runs of 65,536 tokens in calibrate/published/burstengine25.json is 0.5 to 0.7 s a
 * step: all of it. */
extern const double host_memory_frac;

/* Bytes/s of host memory that pass for one GPU while all GPUs of its node do the same, on `cores`
 * cores a GPU (0: all of the node's):
 *
 *     min(cores x host_core_bytes_per_s, host_memory_frac x share of the node's memory)
 *
 * GPUs that are not in use leave their share to the others. Where nobody states the memory's
 * bandwidth the cores alone count, and all of them as one. */
double host_memory_bytes_per_s(const struct system *system, double cores);

#endif
