#include "parallelism/tp_overlap.h"
#include "base/minmax.h"
#include "parallelism/step.h"

/* The product beside a transfer: its pass, whether it follows the transfer in the list of ops (it
 * reads what is gathered) or comes before it (it makes what is scattered), whether both run in
 * parts. */
struct beside {
    enum phase phase;
    bool follows, in_parts;
};

/* What emit_tp_in brings to the layer's first product, its gradient scatters beside the weight
 * gradient, and what is gathered again for that arrives beside the input gradient; the last product
 * makes what emit_tp_out scatters, and its input gradient reads what is gathered. */
static struct beside beside_of(const struct op *op)
{
    bool forward = op->phase == PHASE_FORWARD, gathers = op->name == OP_NAME_TP_GATHER;
    if (op->name == OP_NAME_TP_REGATHER)
        return (struct beside){PHASE_BACKWARD_INPUT, true, false};
    if (!forward && !gathers)
        return (struct beside){PHASE_BACKWARD_WEIGHT, true, false};
    return (struct beside){op->phase, gathers == forward, true};
}

/* The nearest product of that pass; -1: none. */
static int product_beside(const struct ops *ops, int i, const struct beside *b)
{
    int step = b->follows ? 1 : -1;
    for (int j = i + step; j >= 0 && j < ops->n; j += step)
        if (ops->op[j].kind == OP_GEMM && ops->op[j].phase == b->phase)
            return j;
    return -1;
}

int tp_parts(const struct strategy *s, const struct ops *ops, int i)
{
    const struct op *op = &ops->op[i];
    if (s->tp == 1 || !(s->overlaps >> OVERLAP_TP & 1) || op->kind != OP_GEMM)
        return 1;
    for (int step = -1; step <= 1; step += 2)
        for (int j = i + step; j >= 0 && j < ops->n; j += step) {
            const struct op *near = &ops->op[j];
            if (near->phase != op->phase)
                continue;
            if (near->kind == OP_GEMM)
                break;
            if (near->comm != COMM_TP || near->kind != OP_COLLECTIVE ||
                near->name == OP_NAME_TP_REDUCE)
                continue;
            struct beside b = beside_of(near);
            if (b.in_parts && b.phase == op->phase && b.follows == (step < 0))
                return s->tp;
        }
    return 1;
}

double tp_hidden_most_frac(const struct scenario *scenario, const struct strategy *s,
                           const struct op *op)
{
    const struct stack *stack = &scenario->stack;
    if (op->name == OP_NAME_TP_REGATHER)
        return stack->wgrad_gather_hidden_frac;
    if (op->name == OP_NAME_TP_REDUCE)
        return 0;
    double asked = s->overlaps >> OVERLAP_TP & 1 ? stack->tp_hidden_frac : 0;
    return beside_of(op).in_parts ? asked : max2(asked, stack->wgrad_scatter_hidden_frac);
}

double tp_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                   const double seconds[], int i)
{
    double most = tp_hidden_most_frac(scenario, s, &ops->op[i]);
    if (most <= 0)
        return 0;
    struct beside b = beside_of(&ops->op[i]);
    int product = product_beside(ops, i, &b);
    if (product < 0)
        return 0;
    double cover = seconds[product] * (b.in_parts ? (s->tp - 1.0) / s->tp : 1);
    return most * min2(seconds[i], cover);
}
