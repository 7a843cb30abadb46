#include "parallelism/pipeline_closed.h"
#include <float.h>

/* Zero-bubble schedules. F, B, W: forward, input gradient, weight gradient of a chunk; c one hop.
 */

static double max2(double a, double b)
{
    return a > b ? a : b;
}

/* ZB-H1 (depth d = 1) and ZB-H2 (d = 2). Of rank r, with w = d (p-1-r) warm-up forwards and weight
 * gradients d r micro-batches late: T_r = H_r + F_r + in_r + (m-1-w) (F_r + B_r) + (m-1-w-d r) W_r
 * + out_r,   H_r = sum over j < r of (F_j + c) in_r  = max(w max(F_j, j <= r), F_(r+1) + B_(r+1) +
 * 2c + in_(r+1)) out_r = max((w+1) B_r + (d (p-1) + 1) W_r,  (w+1) B_r + w W_r + down_r,  c +
 * F_(r+1) + out_(r+1)) down_r = c + B_(r-1) + max((d (r-1) + 1) W_(r-1), down_(r-1)) in: to the
 * first backward; out: after the last forward: on the rank to its last weight gradient, down with
 * the last backward, or up with the last forward. Where steps overlap a path that ends on rank q
 * counts from that rank's beginning, H_q. Uniform: the bubble is (p-1) (F + B - d W) for F = B = W.
 */
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

/* A family of paths: so many of each beyond the work of a rank. */
struct path {
    double forward, backward_input, backward_weight, hops;
};

static double path_s(const struct path *path, const struct chunk_time *t, double c)
{
    return path->forward * t->forward_s + path->backward_input * t->backward_input_s +
           path->backward_weight * t->backward_weight_s + path->hops * c;
}

static double longest_s(const struct path *paths, int n, const struct chunk_time *t, double c)
{
    double longest = 0;
    for (int i = 0; i < n; i++)
        longest = max2(longest, path_s(&paths[i], t, c));
    return longest;
}

/* The two ends of the model add to chunks of the ranks that hold them. Paths were found by
 * differentiating simulated makespans (tests/bench/bench_pipeline.c holds the result to the
 * simulation): counts beyond the work of a rank, of chunk times and of the extras of the first and
 * of the last stage. */
struct loaded_path {
    struct path chunk, first, last;
};

static double longest_loaded_s(const struct loaded_path *paths, int n,
                               const struct pipeline_uniform *u)
{
    double longest = 0;
    for (int i = 0; i < n; i++)
        longest = max2(longest, path_s(&paths[i].chunk, &u->chunk, u->p2p_s) +
                                    path_s(&paths[i].first, &u->first, 0) +
                                    path_s(&paths[i].last, &u->last, 0));
    return longest;
}

static double sum_s(const struct chunk_time *t)
{
    return t->forward_s + t->backward_input_s + t->backward_weight_s;
}

/* ZB-V: n = p-1; both ends lie on the first rank, which then sets the pace. For F = B = W the
 * bubble is the fill of (p-1) F, and none where steps overlap. */
static double zb_v_bubble_s(const struct pipeline_uniform *u, double n)
{
    const struct path meet[] = {
        {0,         2 * n, -2 * n, 6 * n - 2},
        {0,         n,     0,      5 * n - 2},
        {1,         0,     n - 1,  3 * n - 2},
        {2 * n - 1, 1 - n, 0,      3 * n - 2},
        {2 * n - 1, 1,     -2 * n, 4 * n - 2},
        {0,         1,     n - 1,  3 * n    }
    };
    const struct path overlap[] = {
        {0,         2 * n, -2 * n, 6 * n - 2},
        {2 * n - 1, 1,     -2 * n, 4 * n - 2},
        {2 * n,     -n,    -n,     2 * n    },
        {1 - n,     0,     n - 1,  2 * n - 2},
        {-n,        n,     0,      4 * n - 2},
        {n - 1,     1 - n, 0,      2 * n - 2},
        {-n,        1,     n - 1,  2 * n    }
    };
    return u->steps_overlap ? longest_s(overlap, 7, &u->chunk, u->p2p_s)
                            : longest_s(meet, 6, &u->chunk, u->p2p_s);
}

/* With fewer than 2p micro-batches the way down and up again is not hidden: absolute counts. The
 * ends are counted as on the path of the first rank, forwards once, the rest for every micro-batch:
 * an estimate. */
static double short_zb_v_s(const struct pipeline_uniform *u)
{
    double p = u->shape.ranks, m = u->shape.micro_batches, n = p - 1, short_of = 2 * p - 1 - m;
    const struct path few[] = {
        {2 * p,         2 * (p + m - 1), 2 * m, 4 * n            },
        {2 * p + m - 1, 2 * p + m - 1,   2 * m, 4 * p - 2 - 2 * m}
    };
    const struct path some[] = {
        {2 * m,                        2 * (p + m - 1),              2 * p,            2 * (m + p - 3)     },
        {2 * m,                        2 * m + n + short_of,         2 * m - short_of, 5 * n - 2 - short_of},
        {2 * m + 2 * n - 1 - short_of, 2 * m + 1 - n + 2 * short_of, 2 * m - short_of, 3 * n - 2           },
        {2 * p + m,                    2 * p + m,                    2 * p,            2 * n               }
    };
    double inner =
        m <= p ? longest_s(few, 2, &u->chunk, u->p2p_s) : longest_s(some, 4, &u->chunk, u->p2p_s);
    double forwards = u->first.forward_s + u->last.forward_s;
    return inner + m * (sum_s(&u->first) + sum_s(&u->last)) - (m - 1) * forwards;
}

double uniform_zb_v_s(const struct pipeline_uniform *u)
{
    double n = u->shape.ranks - 1, m = u->shape.micro_batches;
    double inner = 2 * m * sum_s(&u->chunk), ends = m * (sum_s(&u->first) + sum_s(&u->last));
    if (n < 1)
        return inner + ends;
    if (m < 2 * n + 1)
        return max2(short_zb_v_s(u), inner + ends);
    const struct loaded_path loaded[] = {
        {{0, n, -n - 1, 2 * n}, {0, -n, -n, 0},         {0, 0, -1, 0}},
        {{0, 0, n - 1, n},      {0, -n - 1, -n - 1, 0}, {0, 0, -1, 0}},
    };
    double beyond = longest_loaded_s(loaded, u->steps_overlap ? 1 : 2, u);
    return inner + max2(zb_v_bubble_s(u, n), ends + beyond);
}

/* DualPipe and DualPipeV: d ranks between the ends of a chunk; n chunk passes a rank in a step; P:
 * time of an overlapped pair. Published for p ranks: bubble (p/2 - 1) (P + B + W - 3W); the paths
 * here are those of the schedule itself, which has up to (p - 2) F, or less where B > F.
 * [DeepSeek-V3] */
struct dual {
    double ranks, depth, passes, pair_s;
    bool v;
};

static struct dual dual_of(const struct pipeline_uniform *u)
{
    bool v = u->shape.schedule == SCHEDULE_DUALPIPEV;
    double p = u->shape.ranks, m = u->shape.micro_batches,
           frac = u->pair_frac > 0 ? u->pair_frac : 1;
    return (struct dual){p, v ? p : p / 2, v ? 2 * m : m, frac * sum_s(&u->chunk), v};
}

int dualpipe_pairs(const struct schedule_shape *s, int rank)
{
    bool v = s->schedule == SCHEDULE_DUALPIPEV;
    int mirror = s->ranks - 1 - rank, position = v || rank < mirror ? rank : mirror;
    int depth = v ? s->ranks : s->ranks / 2, ahead = depth - 1 - position;
    int forwards = v ? 2 * s->micro_batches : s->micro_batches;
    return forwards - 2 * depth - ahead - (ahead == 0);
}

/* Hops of a path: in steady state a pair waits for a hop on all ranks but one in p. */
static double inner_dual_s(const struct pipeline_uniform *u, const struct dual *o)
{
    double d = o->depth, steady = o->passes * (1 - 1 / o->ranks);
    const struct path paths[] = {
        {3 * d, 2 * d + 1, 3,     steady + (o->v ? 2 * d - 4 : 3 * d - 3)},
        {2 * d, 3 * d,     3,     steady + (o->v ? 4 * d - 6 : 4 * d - 4)},
        {3 * d, d + 2,     d + 2, steady + (o->v ? d - 3 : 2 * d - 2)    },
    };
    const struct path apart = {2 * d, 5 * d - 2, 2 * d + 1, paths[1].hops}; /* fewer pairs */
    double together = longest_s(paths, 3, &u->chunk, u->p2p_s);
    double fewer = path_s(&apart, &u->chunk, u->p2p_s) - (2 * d - 2) * o->pair_s;
    return (o->passes - d - 2) * o->pair_s + max2(together, fewer);
}

/* The rank with both ends, by far or by little. DualPipe turns round over one hop more. Only for
 * pairs that gain nothing: a path that leaves the rank also leaves its pairs. */
static double beyond_loaded_dual_s(const struct pipeline_uniform *u, const struct dual *o)
{
    double d = o->depth, n = d - 1, turn = o->v ? 0 : 1;
    const struct loaded_path paths[] = {
        {{0, n, -n, 2 * n + turn},                 {0, -n, -n, 0},  {0, 0, 0, 0}                     },
        {{0, d - 2, 0, 2 * d - 4},                 {-1, 0, 0, 0},   {2 - d, 2 - d, -n, 0}            },
        {{-1, n, 0, 2 * n},                        {-1, 0, 0, 0},   {-n, -n, -d, 0}                  },
        {{0, n + d - 2, -n, 4 * d - 6 + turn},     {-1, -n, -n, 0}, {2 - d, 2 - d, -n, 0}            },
        {{n, d - 2, 0, 4 * d - 6 + turn},          {-1, -n, -n, 0}, {3 - 2 * d, 3 - 2 * d, -2 * n, 0}},
        {{d - 2, n, 0, 4 * n + 2 * turn},          {-1, -n, -n, 0}, {-2 * n, -2 * n, 1 - 2 * d, 0}   },
        {{n, n + d - 2, -n, 6 * d - 8 + 2 * turn},
         {-1, -2 * n, -2 * n, 0},
         {3 - 2 * d, 3 - 2 * d, -2 * n, 0}                                                           },
        {{d - 2, 2 * n, -n, 6 * n + 3 * turn},
         {-1, -2 * n, -2 * n, 0},
         {-2 * n, -2 * n, 1 - 2 * d, 0}                                                              },
    };
    return longest_loaded_s(paths, d > 1 ? 8 : 0, u);
}

static double loaded_dual_s(const struct pipeline_uniform *u, const struct dual *o)
{
    double ends = o->passes / 2 * (sum_s(&u->first) + sum_s(&u->last));
    double equal = o->passes * sum_s(&u->chunk), work = equal + ends;
    double gain = dualpipe_pairs(&u->shape, 0) * (sum_s(&u->chunk) - o->pair_s) * work / equal;
    return work - gain + (gain > 0 ? 0 : beyond_loaded_dual_s(u, o));
}

double uniform_dualpipe_s(const struct pipeline_uniform *u)
{
    struct dual o = dual_of(u);
    double loaded = loaded_dual_s(u, &o);
    return o.depth > 1 ? max2(inner_dual_s(u, &o), loaded) : loaded;
}
