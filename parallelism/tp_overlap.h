#ifndef PARALLELISM_TP_OVERLAP_H
#define PARALLELISM_TP_OVERLAP_H

struct scenario;
struct strategy;
struct op;
struct ops;

/* Tensor-parallel transfers beside the products of their layer. */

/* The most that the stack hides of a collective of COMM_TP: a share of its time. */
double tp_hidden_most_frac(const struct scenario *scenario, const struct strategy *s,
                           const struct op *op);

/* Seconds of ops->op[i], a collective of COMM_TP, that the product beside it hides. seconds: of
 * every op of the block, repeats included, at the layers' clock. Of a transfer of c seconds beside
 * a product of g: share x min(c, g (t-1)/t) where both run in t parts, one a rank, so that the
 * first part has nothing beside it (Transformer Engine's ring exchange, PyTorch's asynchronous
 * tensor parallelism); share x min(c, g) where a whole transfer runs beside a whole product of the
 * backward pass. [Wang23] */
double tp_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                   const double seconds[], int i);

/* In how many parts product ops->op[i] runs, tokens split: one a rank beside a transfer in parts,
 * else 1. */
int tp_parts(const struct strategy *s, const struct ops *ops, int i);

#endif
