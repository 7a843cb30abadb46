#ifndef HARDWARE_ALIGNMENT_H
#define HARDWARE_ALIGNMENT_H
#include "base/op.h"

/* How much longer a GEMM takes whose rows do not start on 16 bytes (gemm_unaligned_factor): n or k
 * elements of the datatype not a multiple of 8 (16 bit) or 16 (8 bit). 1 when aligned. Tensor cores
 * need it for their full rate [NVIDIA, Matrix Multiplication Background User's Guide, table 1]. */
extern const double gemm_unaligned_factor;
double gemm_alignment_factor(enum dtype dtype, const struct gemm *g);

#endif
