#ifndef PARALLELISM_OP_COST_H
#define PARALLELISM_OP_COST_H
#include "model/ops.h"
#include "parallelism/strategy.h"
#include "parallelism/terms.h"

/* What one op costs on a system under a stack, and what is asked of it. */

struct scenario;
struct group;
struct gpu;

/* The term an op's time belongs to. */
enum term op_term(const struct op *op);

/* Matmul work of an op, FLOP of one run; 0 for memory-bound ops and collectives. */
double op_flop(const struct op *op);

/* HBM traffic of an op, bytes of one run; of a collective what it moves through memory. */
double op_bytes(const struct op *op);

/* True if the op's time goes with the SM clock: matmuls and attention. */
bool op_clocked(const struct op *op);

/* The time of a product or of attention at the GPU's peak. */
double op_peak_s(const struct gpu *gpu, const struct op *op);

/* Seconds of one run of an op on this system under this stack, before overlap: hardware cost times
 * the stack's factor for its class. What every report explains. */
double op_cost_s(const struct scenario *scenario, const struct strategy *s, const struct op *op);

/* The stack's factor for memory-bound kernels: a stack whose constants are of compiled layers takes
 * longer without torch.compile. */
double stack_memory_factor(const struct scenario *scenario, const struct strategy *s);

/* Which of a stack's constants a memory-bound op takes: STACK_MEMORY, expert layers their own
 * STACK_EXPERTS; STACK_CONSTANTS: none, it runs as the benchmark's. */
int op_memory_constant(const struct op *op);

/* Time of the stack's generation of fused attention over the benchmarked kernel's, but for what
 * surrounds its products (attention_around_s). */
double stack_flash_factor(const struct scenario *scenario);

/* Whether DeepEP's or Hybrid-EP's kernels carry it: priced by expert_exchange_s. No exchange of
 * experts takes a factor of the stack's. */
bool op_is_expert_exchange(const struct strategy *s, const struct op *op);

/* Which of a stack's constants a collective of this group takes: by whether it leaves the scale-up
 * domain. */
int stack_network_constant(const struct group *g);

/* Keys and values on their way round the context ranks. */
bool op_is_ring(const struct op *op);

/* Whether the messages of a ring over this group take no factor of the stack's. */
bool ring_is_unstretched(const struct group *g);

/* A collective under the stack, with its collective_wait_s: its factors stretch traffic inside the
 * scale-up domain and traffic that leaves it. */
double stack_collective_s(const struct scenario *scenario, enum collective op, double bytes,
                          const struct group *g);

/* The largest share of a collective's time that the stack hides behind compute under this strategy,
 * 0 .. 1; of an exchange of experts that has another micro-batch's compute beside it. */
double op_hidden_frac(const struct scenario *scenario, const struct strategy *s,
                      const struct op *op);

/* Seconds of ops->op[i] that compute hides: that share, of tensor-parallel transfers what the
 * product beside them covers. seconds: of every op of the block, repeats included. */
double op_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                   const double seconds[], int i);

#endif
