#include "hardware/collective_links.h"
#include "hardware/collective_regimes.h"

#define RING(alpha_s, step_s, frac) {COLLECTIVE_RING, alpha_s, step_s, 0, frac, 1, 0}
/* Bus bandwidth of 2 and of 4 ranks over that of 8. */
#define GROUPS(two_frac, four_frac)                                                                \
    .groups = 3, .group_ranks = {2, 4, 8}, .group_frac = {two_frac, four_frac, 1}

/* clang-format off */
/* A100 over NVLink 3: three lines fitted to NCCL 2.27 on 8 GPUs; steps and small groups from 2
 * and 4. [MODELLING 4.4] Broadcast and reduce as all-gather and reduce-scatter; send/recv of 2 KiB
 * 8 us, 5 on H100, whose large messages reach 367 of 450 GB/s. */
#define NVLINK3_GATHER                                                                             \
    RING(7.85e-06, 9.5e-07, 0.02333), RING(1.305e-05, 9.5e-07, 0.4375),                            \
        RING(6.925e-05, 9.5e-07, 0.6913)
#define NVLINK3_SCATTER                                                                            \
    RING(8.25e-06, 9.5e-07, 0.06417), RING(9.85e-06, 9.5e-07, 0.3733),                             \
        RING(5.265e-05, 9.5e-07, 0.7117)
const struct collective_constants collective_nvlink3[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(8e-06, 1.9e-06, 0.05017),
                                       RING(1.23e-05, 1.9e-06, 0.4725),
                                       RING(7.62e-05, 1.9e-06, 0.7467)),
                               GROUPS(0.8393, 0.9554)},
    [COLLECTIVE_ALL_GATHER] = {REGIMES(NVLINK3_GATHER), GROUPS(0.6971, 0.9038)},
    [COLLECTIVE_REDUCE_SCATTER] = {REGIMES(NVLINK3_SCATTER), GROUPS(0.6971, 0.9038)},
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(1.12e-05, 4e-07, 0.2537),
                                       RING(3.72e-05, 4e-07, 0.6562),
                                       RING(7.92e-05, 4e-07, 0.7029)),
                               GROUPS(0.6971, 0.9038)},
    [COLLECTIVE_SEND_RECV] = {REGIMES(RING(8e-06, 0, 0.1),
                                      RING(1.4e-05, 0, 0.4),
                                      RING(3e-05, 0, 0.75))},
    [COLLECTIVE_BROADCAST] = {REGIMES(NVLINK3_GATHER)},
    [COLLECTIVE_REDUCE] = {REGIMES(NVLINK3_SCATTER)},
};

/* H100 over NVLink 4, NCCL 2.29, the same way. Send/recv has 4 channels of 20 GB/s up to 64 MiB and
 * twice as many for each doubling from there, up to the links: 256 MiB take no longer than 64.
 * [xxrjun/nccl-tests-cluster 455de4f, 8 H100] */
#define NVLINK4_GATHER                                                                             \
    RING(4.34e-06, 8.8e-07, 0.014), RING(5.94e-06, 8.8e-07, 0.4025),                               \
        RING(1.654e-05, 8.8e-07, 0.7194)
#define NVLINK4_SCATTER                                                                            \
    RING(4.24e-06, 8.8e-07, 0.04472), RING(5.14e-06, 8.8e-07, 0.5056),                             \
        RING(2.124e-05, 8.8e-07, 0.7525)
const struct collective_constants collective_nvlink4[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(5.1e-06, 1.5e-06, 0.05211),
                                       RING(7.3e-06, 1.5e-06, 0.5017),
                                       RING(5.04e-05, 1.5e-06, 1.007)),
                               GROUPS(0.7196, 0.7616)},
    [COLLECTIVE_ALL_GATHER] = {REGIMES(NVLINK4_GATHER), GROUPS(0.7716, 0.966)},
    [COLLECTIVE_REDUCE_SCATTER] = {REGIMES(NVLINK4_SCATTER), GROUPS(0.7375, 0.9233)},
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(5.9e-06, 3e-07, 0.105),
                                       RING(1.04e-05, 3e-07, 0.5639),
                                       RING(3.29e-05, 3e-07, 0.7156)),
                               GROUPS(0.8696, 0.8944)},
    [COLLECTIVE_SEND_RECV] = {REGIMES(RING(5e-06, 0, 0.1),
                                      RING(1e-05, 0, 0.182),
                                      {COLLECTIVE_RING, 8.1e-04, 0, 0, 0.816, 8, 0})},
    [COLLECTIVE_BROADCAST] = {REGIMES(NVLINK4_GATHER)},
    [COLLECTIVE_REDUCE] = {REGIMES(NVLINK4_SCATTER)},
};

/* MI300X: three lines of its all-reduce on 8 GPUs; the other ops share its bandwidths and 0.6 of
 * its latency. */
#define REST RING(3.9e-06, 6e-07, 0.273), RING(7.8e-06, 6e-07, 0.504), RING(3.06e-05, 6e-07, 0.705)
const struct collective_constants collective_xgmi[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(6.5e-06, 1e-06, 0.273),
                                       RING(1.3e-05, 1e-06, 0.504),
                                       RING(5.1e-05, 1e-06, 0.705))},
    ONE_RING(REST),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(REST)},
    [COLLECTIVE_SEND_RECV] = {REGIMES(REST)},
};

/* Links without a fit: one latency a step, one share of the rate. */
const struct collective_constants collective_pcie[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(8e-06, 5e-06, 0.35))},
    ONE_RING(RING(8e-06, 2.5e-06, 0.35)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(8e-06, 1e-06, 0.3))},
    [COLLECTIVE_SEND_RECV] = {REGIMES(RING(8e-06, 2.5e-06, 0.3))},
};

const struct collective_constants collective_ici[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(3e-06, 2e-06, 0.85))},
    ONE_RING(RING(3e-06, 1e-06, 0.85)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(3e-06, 4e-07, 0.8))},
    [COLLECTIVE_SEND_RECV] = {REGIMES(RING(3e-06, 1e-06, 0.8))},
};

const struct collective_constants collective_plain_switch[COLLECTIVES] = {
    [COLLECTIVE_ALL_REDUCE] = {REGIMES(RING(1e-05, 3e-06, 0.75))},
    ONE_RING(RING(1e-05, 1.5e-06, 0.75)),
    [COLLECTIVE_ALL_TO_ALL] = {REGIMES(RING(1e-05, 6e-07, 0.7))},
    [COLLECTIVE_SEND_RECV] = {REGIMES(RING(1e-05, 1.5e-06, 0.7))},
};
/* clang-format on */
