#include "hardware/collective_defaults.h"
#include <string.h>

/* Columns of a regime: algorithm, alpha_s, step_s, hop_s, bandwidth_frac, join
 * (hardware/collective_constants.h). */

/* A100 over NVLink 3: three lines fitted to NCCL 2.27 on 8 GPUs; steps and small groups from 2
 * and 4. [MODELLING 4.4] Broadcast and reduce as all-gather and reduce-scatter, send/recv as
 * all-to-all. */
static const struct collective_constants nvlink3[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 8e-06, 1.9e-06, 0, 0.05017, 1},
                                          {COLLECTIVE_RING, 1.23e-05, 1.9e-06, 0, 0.4725, 1},
                                          {COLLECTIVE_RING, 7.62e-05, 1.9e-06, 0, 0.7467, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.8393, 0.9554, 1}},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.85e-06, 9.5e-07, 0, 0.02333, 1},
                                          {COLLECTIVE_RING, 1.305e-05, 9.5e-07, 0, 0.4375, 1},
                                          {COLLECTIVE_RING, 6.925e-05, 9.5e-07, 0, 0.6913, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.6971, 0.9038, 1}},
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 8.25e-06, 9.5e-07, 0, 0.06417, 1},
                                              {COLLECTIVE_RING, 9.85e-06, 9.5e-07, 0, 0.3733, 1},
                                              {COLLECTIVE_RING, 5.265e-05, 9.5e-07, 0, 0.7117, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.6971, 0.9038, 1}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.12e-05, 4e-07, 0, 0.2537, 1},
                                          {COLLECTIVE_RING, 3.72e-05, 4e-07, 0, 0.6562, 1},
                                          {COLLECTIVE_RING, 7.92e-05, 4e-07, 0, 0.7029, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.6971, 0.9038, 1}},
    [COLLECTIVE_SEND_RECV] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.12e-05, 4e-07, 0, 0.2537, 1},
                                         {COLLECTIVE_RING, 3.72e-05, 4e-07, 0, 0.6562, 1},
                                         {COLLECTIVE_RING, 7.92e-05, 4e-07, 0, 0.7029, 1}}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.85e-06, 9.5e-07, 0, 0.02333, 1},
                                         {COLLECTIVE_RING, 1.305e-05, 9.5e-07, 0, 0.4375, 1},
                                         {COLLECTIVE_RING, 6.925e-05, 9.5e-07, 0, 0.6913, 1}}                                  },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 8.25e-06, 9.5e-07, 0, 0.06417, 1},
                                      {COLLECTIVE_RING, 9.85e-06, 9.5e-07, 0, 0.3733, 1},
                                      {COLLECTIVE_RING, 5.265e-05, 9.5e-07, 0, 0.7117, 1}}       },
};

/* H100 over NVLink 4, NCCL 2.29, the same way. */
static const struct collective_constants nvlink4[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 5.1e-06, 1.5e-06, 0, 0.05211, 1},
                                          {COLLECTIVE_RING, 7.3e-06, 1.5e-06, 0, 0.5017, 1},
                                          {COLLECTIVE_RING, 5.04e-05, 1.5e-06, 0, 1.007, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.7196, 0.7616, 1}},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 4.34e-06, 8.8e-07, 0, 0.014, 1},
                                          {COLLECTIVE_RING, 5.94e-06, 8.8e-07, 0, 0.4025, 1},
                                          {COLLECTIVE_RING, 1.654e-05, 8.8e-07, 0, 0.7194, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.7716, 0.966, 1}},
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 4.24e-06, 8.8e-07, 0, 0.04472, 1},
                                              {COLLECTIVE_RING, 5.14e-06, 8.8e-07, 0, 0.5056, 1},
                                              {COLLECTIVE_RING, 2.124e-05, 8.8e-07, 0, 0.7525, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.7375, 0.9233, 1}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 5.9e-06, 3e-07, 0, 0.105, 1},
                                          {COLLECTIVE_RING, 1.04e-05, 3e-07, 0, 0.5639, 1},
                                          {COLLECTIVE_RING, 3.29e-05, 3e-07, 0, 0.7156, 1}},
                               .groups = 3,
                               .group_ranks = {2, 4, 8},
                               .group_frac = {0.8696, 0.8944, 1}},
    [COLLECTIVE_SEND_RECV] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 5.9e-06, 3e-07, 0, 0.105, 1},
                                         {COLLECTIVE_RING, 1.04e-05, 3e-07, 0, 0.5639, 1},
                                         {COLLECTIVE_RING, 3.29e-05, 3e-07, 0, 0.7156, 1}}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 4.34e-06, 8.8e-07, 0, 0.014, 1},
                                         {COLLECTIVE_RING, 5.94e-06, 8.8e-07, 0, 0.4025, 1},
                                         {COLLECTIVE_RING, 1.654e-05, 8.8e-07, 0, 0.7194, 1}}                                  },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 4.24e-06, 8.8e-07, 0, 0.04472, 1},
                                      {COLLECTIVE_RING, 5.14e-06, 8.8e-07, 0, 0.5056, 1},
                                      {COLLECTIVE_RING, 2.124e-05, 8.8e-07, 0, 0.7525, 1}}       },
};

/* Links without a fit: one latency a step, one share of the rate. MI300X: 313 of 448 GB/s on 8
 * GPUs. */
static const struct collective_constants xgmi[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 1.8e-06, 0, 0.7, 1}}            },
    [COLLECTIVE_ALL_GATHER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 9e-07, 0, 0.7, 1}}              },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 9e-07, 0, 0.7, 1}}              },
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 3.6e-07, 0, 0.7, 1}}            },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 9e-07, 0, 0.7, 1}}              },
    [COLLECTIVE_BROADCAST] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.2e-05, 9e-07, 0, 0.7, 1}}              },
    [COLLECTIVE_REDUCE] = {.regimes = 1, .regime = {{COLLECTIVE_RING, 1.2e-05, 9e-07, 0, 0.7, 1}}},
};

static const struct collective_constants pcie[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 5e-06, 0, 0.35, 1}}                },
    [COLLECTIVE_ALL_GATHER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 2.5e-06, 0, 0.35, 1}}              },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 2.5e-06, 0, 0.35, 1}}              },
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 1e-06, 0, 0.3, 1}}                 },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 2.5e-06, 0, 0.3, 1}}               },
    [COLLECTIVE_BROADCAST] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 8e-06, 2.5e-06, 0, 0.35, 1}}              },
    [COLLECTIVE_REDUCE] = {.regimes = 1, .regime = {{COLLECTIVE_RING, 8e-06, 2.5e-06, 0, 0.35, 1}}},
};

static const struct collective_constants ici[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3e-06, 2e-06, 0, 0.85, 1}}              },
    [COLLECTIVE_ALL_GATHER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3e-06, 1e-06, 0, 0.85, 1}}              },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3e-06, 1e-06, 0, 0.85, 1}}              },
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3e-06, 4e-07, 0, 0.8, 1}}               },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1, .regime = {{COLLECTIVE_RING, 3e-06, 1e-06, 0, 0.8, 1}} },
    [COLLECTIVE_BROADCAST] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3e-06, 1e-06, 0, 0.85, 1}}              },
    [COLLECTIVE_REDUCE] = {.regimes = 1, .regime = {{COLLECTIVE_RING, 3e-06, 1e-06, 0, 0.85, 1}}},
};

static const struct collective_constants plain_switch[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 3e-06, 0, 0.75, 1}}                },
    [COLLECTIVE_ALL_GATHER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 1.5e-06, 0, 0.75, 1}}              },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 1.5e-06, 0, 0.75, 1}}              },
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 6e-07, 0, 0.7, 1}}                 },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 1.5e-06, 0, 0.7, 1}}               },
    [COLLECTIVE_BROADCAST] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1e-05, 1.5e-06, 0, 0.75, 1}}              },
    [COLLECTIVE_REDUCE] = {.regimes = 1, .regime = {{COLLECTIVE_RING, 1e-05, 1.5e-06, 0, 0.75, 1}}},
};

/* Scale-out fabrics: an all-reduce runs as a tree (latency for each doubling of the nodes) or a
 * ring (for each node), the other ops as rings. Latencies of NCCL's planner [MODELLING 4.3], of EFA
 * and TCP from their smallest messages; shares of the NIC rate: 10 H100 nodes 48.9 of 50 GB/s,
 * all-to-all 44.8, send/recv 25; Alps 92 of 100; EFA and GCP from two-node runs. */
static const struct collective_constants infiniband[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 1e-05, 1.2e-06, 1.6e-05, 0.0679, 1},
                                          {COLLECTIVE_TREE, 3e-05, 2.5e-06, 4e-05, 0.194, 1},
                                          {COLLECTIVE_TREE, 4e-05, 8e-06, 0.00013, 0.5044, 1.5},
                                          {COLLECTIVE_RING, 2e-05, 6.8e-06, 6e-05, 0.97, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.5e-05, 6e-07, 6e-06, 0.0776, 1},
                                          {COLLECTIVE_RING, 2.5e-05, 1.9e-06, 9e-06, 0.3686, 1},
                                          {COLLECTIVE_RING, 1.5e-05, 3.4e-06, 2.5e-05, 0.97,
                                           1.25}}                                                  },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.5e-05, 6e-07, 6e-06, 0.0776, 1},
                                              {COLLECTIVE_RING, 2.5e-05, 1.9e-06, 9e-06, 0.3686, 1},
                                              {COLLECTIVE_RING, 1.5e-05, 3.4e-06, 2.5e-05, 0.97,
                                               1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 4e-05, 3e-07, 1e-05, 0.46, 1.2},
                                          {COLLECTIVE_RING, 8e-05, 3e-07, 2e-05, 0.92, 1.2}}                                                  },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 1.4e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.5e-05, 6e-07, 6e-06, 0.0776, 1},
                                         {COLLECTIVE_RING, 2.5e-05, 1.9e-06, 9e-06, 0.3686, 1},
                                         {COLLECTIVE_RING, 1.5e-05, 3.4e-06, 2.5e-05, 0.97, 1.25}}                                           },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 1.5e-05, 6e-07, 6e-06, 0.0776, 1},
                                      {COLLECTIVE_RING, 2.5e-05, 1.9e-06, 9e-06, 0.3686, 1},
                                      {COLLECTIVE_RING, 1.5e-05, 3.4e-06, 2.5e-05, 0.97, 1.25}}                                                  },
};

static const struct collective_constants roce[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 1.6e-05, 1.2e-06, 2.56e-05, 0.063, 1},
                                          {COLLECTIVE_TREE, 4.8e-05, 2.5e-06, 6.4e-05, 0.18, 1},
                                          {COLLECTIVE_TREE, 6.4e-05, 8e-06, 0.000208, 0.468, 1.5},
                                          {COLLECTIVE_RING, 3.2e-05, 6.8e-06, 9.6e-05, 0.9, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.072, 1},
                                          {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.342, 1},
                                          {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.9, 1.25}}                                                     },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.072, 1},
                                              {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.342, 1},
                                              {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.9,
                                               1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 6.4e-05, 3e-07, 1.6e-05, 0.4, 1.2},
                                          {COLLECTIVE_RING, 0.000128, 3e-07, 3.2e-05, 0.8, 1.2}}                                                     },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 2.24e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.072, 1},
                                         {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.342, 1},
                                         {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.9, 1.25}}                                              },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.072, 1},
                                      {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.342, 1},
                                      {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.9, 1.25}}                                                     },
};

static const struct collective_constants slingshot[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 1.6e-05, 1.2e-06, 2.56e-05, 0.0644, 1},
                                          {COLLECTIVE_TREE, 4.8e-05, 2.5e-06, 6.4e-05, 0.184, 1},
                                          {COLLECTIVE_TREE, 6.4e-05, 8e-06, 0.000208, 0.4784, 1.5},
                                          {COLLECTIVE_RING, 3.2e-05, 6.8e-06, 9.6e-05, 0.92, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.0736, 1},
                                          {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.3496, 1},
                                          {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.92, 1.25}}                                                      },
    [COLLECTIVE_REDUCE_SCATTER] =
        {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.0736, 1},
                    {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.3496, 1},
                    {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.92, 1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 6.4e-05, 3e-07, 1.6e-05, 0.375, 1.2},
                                          {COLLECTIVE_RING, 0.000128, 3e-07, 3.2e-05, 0.75, 1.2}}                                                      },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 2.24e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.0736, 1},
                                         {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.3496, 1},
                                         {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.92, 1.25}}                                               },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 2.4e-05, 6e-07, 9.6e-06, 0.0736, 1},
                                      {COLLECTIVE_RING, 4e-05, 1.9e-06, 1.44e-05, 0.3496, 1},
                                      {COLLECTIVE_RING, 2.4e-05, 3.4e-06, 4e-05, 0.92, 1.25}}                                                      },
};

static const struct collective_constants efa[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 2.2e-05, 1.2e-06, 3.52e-05, 0.0595, 1},
                                          {COLLECTIVE_TREE, 6.6e-05, 2.5e-06, 8.8e-05, 0.17, 1},
                                          {COLLECTIVE_TREE, 8.8e-05, 8e-06, 0.000286, 0.442, 1.5},
                                          {COLLECTIVE_RING, 4.4e-05, 6.8e-06, 0.000132, 0.85,
                                           1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 3.3e-05, 6e-07, 1.32e-05, 0.068, 1},
                                          {COLLECTIVE_RING, 5.5e-05, 1.9e-06, 1.98e-05, 0.323, 1},
                                          {COLLECTIVE_RING, 3.3e-05, 3.4e-06, 5.5e-05, 0.85,
                                           1.25}}       },
    [COLLECTIVE_REDUCE_SCATTER] =
        {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 3.3e-05, 6e-07, 1.32e-05, 0.068, 1},
                    {COLLECTIVE_RING, 5.5e-05, 1.9e-06, 1.98e-05, 0.323, 1},
                    {COLLECTIVE_RING, 3.3e-05, 3.4e-06, 5.5e-05, 0.85, 1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 8.8e-05, 3e-07, 2.2e-05, 0.35, 1.2},
                                          {COLLECTIVE_RING, 0.000176, 3e-07, 4.4e-05, 0.7, 1.2}}       },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 3.08e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 3.3e-05, 6e-07, 1.32e-05, 0.068, 1},
                                         {COLLECTIVE_RING, 5.5e-05, 1.9e-06, 1.98e-05, 0.323, 1},
                                         {COLLECTIVE_RING, 3.3e-05, 3.4e-06, 5.5e-05, 0.85, 1.25}}},
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 3.3e-05, 6e-07, 1.32e-05, 0.068, 1},
                                      {COLLECTIVE_RING, 5.5e-05, 1.9e-06, 1.98e-05, 0.323, 1},
                                      {COLLECTIVE_RING, 3.3e-05, 3.4e-06, 5.5e-05, 0.85, 1.25}}       },
};

static const struct collective_constants efa1[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 5e-05, 1.2e-06, 8e-05, 0.0595, 1},
                                          {COLLECTIVE_TREE, 0.00015, 2.5e-06, 0.0002, 0.17, 1},
                                          {COLLECTIVE_TREE, 0.0002, 8e-06, 0.00065, 0.442, 1.5},
                                          {COLLECTIVE_RING, 0.0001, 6.8e-06, 0.0003, 0.85, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.5e-05, 6e-07, 3e-05, 0.068, 1},
                                          {COLLECTIVE_RING, 0.000125, 1.9e-06, 4.5e-05, 0.323, 1},
                                          {COLLECTIVE_RING, 7.5e-05, 3.4e-06, 0.000125, 0.85,
                                           1.25}}                                                    },
    [COLLECTIVE_REDUCE_SCATTER] =
        {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.5e-05, 6e-07, 3e-05, 0.068, 1},
                    {COLLECTIVE_RING, 0.000125, 1.9e-06, 4.5e-05, 0.323, 1},
                    {COLLECTIVE_RING, 7.5e-05, 3.4e-06, 0.000125, 0.85, 1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 0.0002, 3e-07, 5e-05, 0.35, 1.2},
                                          {COLLECTIVE_RING, 0.0004, 3e-07, 0.0001, 0.7, 1.2}}                                                    },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 7e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.5e-05, 6e-07, 3e-05, 0.068, 1},
                                         {COLLECTIVE_RING, 0.000125, 1.9e-06, 4.5e-05, 0.323, 1},
                                         {COLLECTIVE_RING, 7.5e-05, 3.4e-06, 0.000125, 0.85,
                                          1.25}}                                             },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 7.5e-05, 6e-07, 3e-05, 0.068, 1},
                                      {COLLECTIVE_RING, 0.000125, 1.9e-06, 4.5e-05, 0.323, 1},
                                      {COLLECTIVE_RING, 7.5e-05, 3.4e-06, 0.000125, 0.85, 1.25}}                                                    },
};

static const struct collective_constants tcpx[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 4e-05, 1.2e-06, 6.4e-05, 0.0595, 1},
                                          {COLLECTIVE_TREE, 0.00012, 2.5e-06, 0.00016, 0.17, 1},
                                          {COLLECTIVE_TREE, 0.00016, 8e-06, 0.00052, 0.442, 1.5},
                                          {COLLECTIVE_RING, 8e-05, 6.8e-06, 0.00024, 0.85, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.068, 1},
                                          {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.323, 1},
                                          {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.85, 1.25}}                                                    },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.068, 1},
                                              {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.323, 1},
                                              {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.85,
                                               1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 0.00016, 3e-07, 4e-05, 0.3, 1.2},
                                          {COLLECTIVE_RING, 0.00032, 3e-07, 8e-05, 0.6, 1.2}}                                                    },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 5.6e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.068, 1},
                                         {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.323, 1},
                                         {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.85, 1.25}}                                             },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.068, 1},
                                      {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.323, 1},
                                      {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.85, 1.25}}                                                    },
};

static const struct collective_constants ethernet[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {.regimes = 4,
                               .regime = {{COLLECTIVE_TREE, 4e-05, 1.2e-06, 6.4e-05, 0.049, 1},
                                          {COLLECTIVE_TREE, 0.00012, 2.5e-06, 0.00016, 0.14, 1},
                                          {COLLECTIVE_TREE, 0.00016, 8e-06, 0.00052, 0.364, 1.5},
                                          {COLLECTIVE_RING, 8e-05, 6.8e-06, 0.00024, 0.7, 1.25}},
                               .two_domain_gain = 2.8},
    [COLLECTIVE_ALL_GATHER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.056, 1},
                                          {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.266, 1},
                                          {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.7, 1.25}}                                                   },
    [COLLECTIVE_REDUCE_SCATTER] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.056, 1},
                                              {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.266, 1},
                                              {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.7,
                                               1.25}}},
    [COLLECTIVE_ALL_TO_ALL] = {.regimes = 2,
                               .regime = {{COLLECTIVE_RING, 0.00016, 3e-07, 4e-05, 0.25, 1.2},
                                          {COLLECTIVE_RING, 0.00032, 3e-07, 8e-05, 0.5, 1.2}}                                                   },
    [COLLECTIVE_SEND_RECV] = {.regimes = 1,
                               .regime = {{COLLECTIVE_RING, 5.6e-05, 0, 0, 0.5, 1}},
                               .groups = 2,
                               .group_ranks = {1, 8},
                               .group_frac = {1, 0.6}},
    [COLLECTIVE_BROADCAST] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.056, 1},
                                         {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.266, 1},
                                         {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.7, 1.25}}                                            },
    [COLLECTIVE_REDUCE] = {.regimes = 3,
                               .regime = {{COLLECTIVE_RING, 6e-05, 6e-07, 2.4e-05, 0.056, 1},
                                      {COLLECTIVE_RING, 0.0001, 1.9e-06, 3.6e-05, 0.266, 1},
                                      {COLLECTIVE_RING, 6e-05, 3.4e-06, 0.0001, 0.7, 1.25}}                                                   },
};

static const struct technology {
    const char *name, *source;
    const struct collective_constants *op;
} technologies[] = {
    {"nvlink2",        "transferred: A100, NCCL 2.27.3",                                   nvlink3     },
    {"nvlink3",        "measured: 8x A100, NCCL 2.27.3, ai-dynamo/aiconfigurator 095f58a", nvlink3     },
    {"nvlink",         "measured: 8x H100, NCCL 2.29.2, ai-dynamo/aiconfigurator 095f58a", nvlink4     },
    {"xgmi",           "assumed: 8x MI300X near 313 of 448 GB/s",                          xgmi        },
    {"infinity",       "assumed: 8x MI300X near 313 of 448 GB/s",                          xgmi        },
    {"pcie",           "assumed: PCIe through host memory",                                pcie        },
    {"ici",            "assumed",                                                          ici         },
    {"infiniband",     "assumed: NCCL's latencies; shares of 10 H100 nodes",               infiniband  },
    {"roce",           "assumed: NCCL's latencies; shares of GCP a3-ultra",                roce        },
    {"slingshot",      "assumed: NCCL's latencies; shares of Alps",                        slingshot   },
    {"efa-v1",         "assumed: latencies and shares of 2 AWS p4de nodes",                efa1        },
    {"efa",            "assumed: latencies and shares of 2 AWS p5 nodes",                  efa         },
    {"gpudirect-tcpx", "assumed: latencies and shares of 2 GCP a3 nodes",                  tcpx        },
    {"ethernet",       "assumed",                                                          ethernet    },
    {"tcp",            "assumed",                                                          ethernet    },
    {"",               "assumed: a plain switched fabric",                                 plain_switch},
};

static const struct technology *technology_find(const char *name)
{
    const struct technology *best = &technologies[sizeof technologies / sizeof *technologies - 1];
    for (size_t i = 0; i < sizeof technologies / sizeof *technologies; i++) {
        size_t n = strlen(technologies[i].name);
        if (strncmp(name, technologies[i].name, n) == 0 && n > strlen(best->name))
            best = &technologies[i];
    }
    return best;
}

const struct collective_constants *collective_default(const char *technology, enum collective op)
{
    return &technology_find(technology)->op[op];
}

const char *collective_default_source(const char *technology)
{
    return technology_find(technology)->source;
}

/* NCCL's planner inside a node, on NVLink: a ring of LL costs 6.6 + 0.6 us a step at `ll` GB/s a
 * GPU, one of Simple 8.4 + 3.4 us a step at `ring`; NVLS 25 us at `nvls` as bus bandwidth, from
 * `nvls_ranks` on (a measured threshold). Rates over the links' datasheet rate. [NCCL-tuning] */
static const struct planner {
    const char *technology;
    double ll_frac, ring_frac, nvls_frac, nvls_ranks;
} planners[] = {
    {"nvlink2", 39.0 / 150,  120.0 / 150, 0,                              0},
    {"nvlink3", 87.7 / 300,  240.0 / 300, 0,                              0},
    {"nvlink4", 141.0 / 450, 360.0 / 450, 2 * 0.85 * 360 / 450 * 15 / 16, 5},
    {"nvlink5", 282.0 / 900, 720.0 / 900, 2 * 0.74 * 720 / 900 * 15 / 16, 6},
};

static const struct planner *planner_find(const char *technology)
{
    for (size_t i = 0; i < sizeof planners / sizeof *planners; i++)
        if (strncmp(technology, planners[i].technology, strlen(planners[i].technology)) == 0)
            return &planners[i];
    return NULL;
}

void collective_default_switches(const char *technology, enum collective op,
                                 struct collective_constants *c)
{
    const double alpha_s = 8.4e-6 - 6.6e-6, step_s = 3.4e-6 - 0.6e-6;
    const double nvls_s = 25e-6, ll_s = 6.6e-6, ll_step_s = 0.6e-6;
    const struct planner *p = planner_find(technology);
    bool reduce = op == COLLECTIVE_ALL_REDUCE;
    c->switches = 0;
    if (!p || !(reduce || op == COLLECTIVE_ALL_GATHER || op == COLLECTIVE_REDUCE_SCATTER))
        return;
    c->change[c->switches++] =
        (struct collective_switch){2, alpha_s, (reduce ? 2 : 1) * step_s, p->ll_frac, p->ring_frac};
    if (reduce && p->nvls_frac > 0)
        c->change[c->switches++] = (struct collective_switch){
            p->nvls_ranks, nvls_s - ll_s, -2 * ll_step_s, p->ll_frac, p->nvls_frac};
}
