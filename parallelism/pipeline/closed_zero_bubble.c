#include "base/minmax.h"
#include "parallelism/pipeline/closed.h"
#include <float.h>

/* ZB-H1 (depth d = 1) and ZB-H2 (d = 2). F, B, W: forward, input gradient, weight gradient; c a
 * hop. Rank r has w = d (p-1-r) warm-up forwards, and weight gradients d r micro-batches late:
 *     T_r    = H_r + F_r + in_r + (m-1-w) (F_r + B_r) + (m-1-w-d r) W_r + out_r
 *     H_r    = sum over j < r of (F_j + c)
 *     in_r   = max(w max(F_j, j <= r), F_(r+1) + B_(r+1) + 2c + in_(r+1))
 *     out_r  = max((w+1) B_r + (d (p-1) + 1) W_r,
 *                  (w+1) B_r + w W_r + down_r,  c + F_(r+1) + out_(r+1))
 *     down_r = c + B_(r-1) + max((d (r-1) + 1) W_(r-1), down_(r-1))
 * in: to the first backward; out: after the last forward, on the rank to its last weight
 * gradient, down with the last backward, or up with the last forward. Where steps overlap a path
 * that ends on rank q counts from that rank's beginning, H_q. For equal ranks the bubble is that
 * of MODELLING 5.4, (p-1) (F + B - d W) where B >= W. [Qi24] */
static void ways_out(const struct pipeline *p, int d, const double *head, double *out)
{
    const double *f = p->forward_s, *b = p->backward_input_s, *w = p->backward_weight_s;
    int ranks = p->shape.ranks;
    double down[PIPELINE_MAX_RANKS] = {-DBL_MAX};
    for (int r = 1; r < ranks; r++)
        down[r] =
            p->p2p_s + b[r - 1] +
            max2((d * (r - 1) + 1) * w[r - 1] - (p->steps_overlap ? head[r - 1] : 0), down[r - 1]);
    for (int r = ranks - 1; r >= 0; r--) {
        int after = d * (ranks - 1 - r);
        double stay = (d * (ranks - 1) + 1) * w[r] - (p->steps_overlap ? head[r] : 0);
        out[r] = (after + 1) * b[r] + max2(stay, after * w[r] + down[r]);
        if (r + 1 < ranks)
            out[r] = max2(out[r], p->p2p_s + f[r + 1] + out[r + 1]);
    }
}

double zero_bubble_h_s(const struct pipeline *p, int d)
{
    const double *f = p->forward_s, *b = p->backward_input_s, *w = p->backward_weight_s;
    int ranks = p->shape.ranks, m = p->shape.micro_batches;
    double head[PIPELINE_MAX_RANKS] = {0}, most[PIPELINE_MAX_RANKS], out[PIPELINE_MAX_RANKS];
    most[0] = f[0];
    for (int r = 1; r < ranks; r++) {
        head[r] = head[r - 1] + f[r - 1] + p->p2p_s;
        most[r] = max2(most[r - 1], f[r]);
    }
    ways_out(p, d, head, out);
    double in = 0, longest = 0;
    for (int r = ranks - 1; r >= 0; r--) {
        int after = d * (ranks - 1 - r), pairs = m - 1 - after;
        if (r + 1 < ranks)
            in = max2(after * most[r], f[r + 1] + b[r + 1] + 2 * p->p2p_s + in);
        if (pairs < 1 || pairs < d * r) /* the paths in and out must not share a pair */
            continue;
        longest = max2(longest, head[r] + f[r] + in + pairs * (f[r] + b[r]) +
                                    (pairs - d * r) * w[r] + out[r]);
    }
    return longest;
}
