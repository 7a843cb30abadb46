#include "hardware/collective_fabrics.h"
#include "hardware/collective_regimes.h"

#define TREE(alpha_s, step_s, hop_s, frac) {COLLECTIVE_TREE, alpha_s, step_s, hop_s, frac, 1, 0}
#define RING(alpha_s, step_s, hop_s, frac) {COLLECTIVE_RING, alpha_s, step_s, hop_s, frac, 1, 0}
#define PIPELINE_JOINED(alpha_s, step_s, hop_s, frac, join)                                        \
    {COLLECTIVE_RING, alpha_s, step_s, hop_s, frac, join, 0}
#define PIPELINE(alpha_s, step_s, hop_s, frac) PIPELINE_JOINED(alpha_s, step_s, hop_s, frac, 1.25)
#define SEND_RECV(alpha_s)                                                                         \
    {REGIMES(RING(alpha_s, 0, 0, 0.5)), .groups = 2, .group_ranks = {1, 2}, .group_frac = {1, 0.6}}

/* clang-format off */
/* An all-reduce runs as a tree (latency for each doubling of the nodes) or as a ring (for each
 * node), the other ops as rings, whose last regime is a pipeline that hides part of its latency.
 * The form is that of NCCL's planner [NCCL-tuning]; latencies are rounded from fits to the logs of
 * eleven fabrics, scaled by class (InfiniBand 1, RoCE 1.15, Slingshot 1.6, EFA 2.2 and 5, TCP 4), a
 * ring's per node the planner's: 2 x 14 us of an all-reduce. Shares of the NIC rate: 10 H100 nodes
 * 48.9 of 50 GB/s, all-to-all 44.8, send/recv 25; Alps 92 of 100; EFA and GCP from two-node runs.
 * The second regime of an all-reduce is LL128, with the share that it has in an all-gather, where
 * the network delivers 128 bytes in order (InfiniBand, RoCE, EFA from v2 on); where it does not,
 * NCCL stays with a slower protocol, at half of that [aws-ofi-nccl]. Send/recv reach 25
 * GB/s where one rank a node sends to its like, 15 where eight send each to the next, the last of a
 * node to the first of another, by another rail or another GPU; two are taken to be bound as eight.
 */
const struct collective_constants collective_infiniband[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(1e-05, 1.2e-06, 1.6e-05, 0.0679),
                                       TREE(1e-05, 2.5e-06, 4e-05, 0.3686),
                                       TREE(3e-05, 4e-06, 0.00018, 0.92),
                                       PIPELINE(2e-05, 6.8e-06, 2.8e-05, 0.97))},
    ONE_RING(RING(1.5e-05, 6e-07, 6e-06, 0.0776),
             RING(2.5e-05, 1.9e-06, 9e-06, 0.3686),
             PIPELINE(1.5e-05, 3.4e-06, 2.5e-05, 0.97)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(4e-05, 3e-07, 1e-05, 0.46),
                                       RING(8e-05, 3e-07, 2e-05, 0.92))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(1.4e-05),
};

/* RoCE is InfiniBand with latencies 1.15 and shares 0.98 times as large: the same adapters. Chosen on
 * eight of fifteen public logs, checked on the others (16.5 -> 10.4 %). Its gathers hide less of their
 * latency: 1.1 chosen on four logs of H200 (8.5 -> 7.8 %), checked on three of B200 (11.6 -> 10.1). */
const struct collective_constants collective_roce[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(1.15e-05, 1.2e-06, 1.84e-05, 0.0665),
                                       TREE(1.15e-05, 2.5e-06, 4.6e-05, 0.3612),
                                       TREE(3.45e-05, 4e-06, 0.000207, 0.9016),
                                       PIPELINE(2.3e-05, 6.8e-06, 3.22e-05, 0.95))},
    ONE_RING(RING(1.725e-05, 6e-07, 6.9e-06, 0.076),
             RING(2.875e-05, 1.9e-06, 1.035e-05, 0.3612),
             PIPELINE_JOINED(1.725e-05, 3.4e-06, 2.875e-05, 0.95, 1.1)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(4.6e-05, 3e-07, 1.15e-05, 0.45),
                                       RING(9.2e-05, 3e-07, 2.3e-05, 0.9))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(1.61e-05),
};

/* RCCL's all-reduces: a ring waits twice as long as NCCL's and adds that to its transfer, trees go
 * without LL128. Chosen on two logs (MI300X, MI355X: 25.8 -> 17.2 %), checked on five others (10.7 ->
 * 9.2 %). */
const struct collective_constants collective_rccl_all_reduce = {
    REGIMES(TREE(1.15e-05, 1.2e-06, 1.84e-05, 0.0665),
            TREE(1.15e-05, 2.5e-06, 4.6e-05, 0.18),
            TREE(3.45e-05, 4e-06, 0.000207, 0.9016),
            RING(4.6e-05, 1.36e-05, 6.44e-05, 0.95))};

/* Slingshot: all-gathers wait 30 us and more a node, by logs of Polaris (256 nodes) and Kestrel (16).
 */
const struct collective_constants collective_slingshot[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(1.6e-05, 1.2e-06, 2.56e-05, 0.0644),
                                       TREE(1.6e-05, 2.5e-06, 6.4e-05, 0.184),
                                       TREE(4.8e-05, 4e-06, 0.000288, 0.8726),
                                       PIPELINE(3.2e-05, 6.8e-06, 4.48e-05, 0.92))},
    ONE_RING(RING(2.4e-05, 6e-07, 2.4e-05, 0.0736),
             RING(4e-05, 1.9e-06, 3e-05, 0.3496),
             PIPELINE(2.4e-05, 3.4e-06, 5e-05, 0.92)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(6.4e-05, 3e-07, 1.6e-05, 0.375),
                                       RING(0.000128, 3e-07, 3.2e-05, 0.75))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(2.24e-05),
};

const struct collective_constants collective_efa[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(2.2e-05, 1.2e-06, 3.52e-05, 0.0595),
                                       TREE(2.2e-05, 2.5e-06, 8.8e-05, 0.323),
                                       TREE(6.6e-05, 4e-06, 0.000396, 0.8062),
                                       PIPELINE(4.4e-05, 6.8e-06, 6.16e-05, 0.85))},
    ONE_RING(RING(3.3e-05, 6e-07, 1.32e-05, 0.068),
             RING(5.5e-05, 1.9e-06, 1.98e-05, 0.323),
             PIPELINE(3.3e-05, 3.4e-06, 5.5e-05, 0.85)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(8.8e-05, 3e-07, 2.2e-05, 0.35),
                                       RING(0.000176, 3e-07, 4.4e-05, 0.7))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(3.08e-05),
};

const struct collective_constants collective_efa1[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(5e-05, 1.2e-06, 8e-05, 0.0595),
                                       TREE(5e-05, 2.5e-06, 0.0002, 0.17),
                                       TREE(0.00015, 4e-06, 0.0009, 0.8062),
                                       PIPELINE(0.0001, 6.8e-06, 0.00014, 0.85))},
    ONE_RING(RING(7.5e-05, 6e-07, 3e-05, 0.068),
             RING(0.000125, 1.9e-06, 4.5e-05, 0.323),
             PIPELINE(7.5e-05, 3.4e-06, 0.000125, 0.85)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(0.0002, 3e-07, 5e-05, 0.35),
                                       RING(0.0004, 3e-07, 0.0001, 0.7))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(7e-05),
};

/* GPUDirect-TCPX on GCP a3-high runs rings of the Simple protocol alone, and waits a millisecond for
 * an all-gather over two nodes, by one log; an all-reduce twice that, and another log agrees. */
const struct collective_constants collective_tcpx[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(PIPELINE(0.0003, 6.8e-06, 0.0015, 0.85))},
    ONE_RING(PIPELINE(0.00015, 3.4e-06, 0.00075, 0.85)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(0.00032, 3e-07, 8e-05, 0.6))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(5.6e-05),
};

/* TCPXO on GCP a3-mega: 0.90 of the NICs as a tree, 0.94 as a ring; LL128 is an option of its profile
 * that is off unless asked for. */
const struct collective_constants collective_tcpxo[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(4e-05, 1.2e-06, 6.4e-05, 0.0595),
                                       TREE(4e-05, 2.5e-06, 0.00016, 0.17),
                                       TREE(0.00012, 4e-06, 0.00072, 0.9),
                                       PIPELINE(8e-05, 6.8e-06, 0.000112, 0.94))},
    ONE_RING(RING(9e-05, 6e-07, 3.6e-05, 0.068),
             RING(0.00015, 1.9e-06, 5.4e-05, 0.17),
             PIPELINE(9e-05, 3.4e-06, 0.00015, 0.94)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(0.00016, 3e-07, 4e-05, 0.3),
                                       RING(0.00032, 3e-07, 8e-05, 0.6))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(5.6e-05),
};

const struct collective_constants collective_ethernet[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(TREE(4e-05, 1.2e-06, 6.4e-05, 0.049),
                                       TREE(4e-05, 2.5e-06, 0.00016, 0.14),
                                       TREE(0.00012, 4e-06, 0.00072, 0.6639),
                                       PIPELINE(8e-05, 6.8e-06, 0.000112, 0.7))},
    ONE_RING(RING(6e-05, 6e-07, 2.4e-05, 0.056),
             RING(0.0001, 1.9e-06, 3.6e-05, 0.266),
             PIPELINE(6e-05, 3.4e-06, 0.0001, 0.7)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(0.00016, 3e-07, 4e-05, 0.25),
                                       RING(0.00032, 3e-07, 8e-05, 0.5))},
    [COLLECTIVE_SEND_RECV] = SEND_RECV(5.6e-05),
};
/* clang-format on */
