#ifndef HARDWARE_SCAN_H
#define HARDWARE_SCAN_H
#include "base/op.h"
#include "hardware/gpu.h"

/* The chunked scan of a recurrent mixer on one GPU. Pure functions; nothing fitted in this project:
 * rates of published kernels, assumed for other GPUs and shapes. */

/* FLOP (2 a multiply-add) of the products of a pass, per token
 *     H (s N P + k Q N + v Q P + q Q^2) + G g Q N
 * H heads, G groups, N key and P value dimension, Q chunk; the coefficients are scan.c's. */
double scan_flop(bool backward, const struct scan *scan);

/* HBM bytes of a pass: each kernel reads its inputs and writes its outputs once. */
double scan_bytes(bool backward, const struct scan *scan);

/* Seconds of a pass:
 *     T = ((F / (S f r))^2 + (t / Q c)^2)^(1/2)
 * S f SMs times clock, r FLOP per SM and clock, t tokens of a sequence, c the step of one chunk's
 * state to the next, which binds where few heads share a GPU. SSD's five kernels move their bytes
 * besides, the delta rule's take no less than theirs; never less than at the dense peak. */
double scan_s(const struct gpu *gpu, bool backward, const struct scan *scan);

/* What scan_s takes, for who explains it. */
struct scan_constants {
    double flop_per_sm_clock; /* r */
    double chunk_s;           /* c; 0: chunks do not wait for each other */
    bool adds_bytes;          /* the bytes' time is added, else a lower bound */
};
const struct scan_constants *scan_constants_of(bool backward, enum scan_form form);
extern const char scan_source[];

#endif
