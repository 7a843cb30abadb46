/* A profiler's trace by term, against a time line drawn by hand. */
#include "calibrate/runlog/kernel_names.h"
#include "calibrate/runlog/kineto.h"
#include "tests/unit/check.h"
#include <string.h>

static struct strategy strategy_of(int tp, int pp, int dp)
{
    struct strategy s;
    strategy_default(&s);
    s.tp = tp;
    s.pp = pp;
    s.dp = dp;
    return s;
}

static struct kineto read_trace(const char *text, const struct strategy *s)
{
    struct kineto k;
    struct error e;
    error_init(&e);
    assert_int_equal(kineto_read(text, strlen(text), "trace.json", s, &k, &e), STATUS_OK);
    return k;
}

#define KERNEL(name, ts, dur)                                                                      \
    "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"" name "\", \"ts\": " #ts ", \"dur\": " #dur  \
    ", \"args\": {\"stream\": 7}},\n"
#define COLLECTIVE(name, group, size, ts, dur)                                                     \
    "{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"" name "\", \"ts\": " #ts ", \"dur\": " #dur  \
    ", \"args\": {\"Process Group Description\": \"" group "\", \"Group size\": " #size "}},\n"
#define STEP(number, ts, dur)                                                                      \
    "{\"ph\": \"X\", \"cat\": \"user_annotation\", \"name\": \"ProfilerStep#" #number              \
    "\", \"ts\": " #ts ", \"dur\": " #dur "},\n"
#define TRACE(events)                                                                              \
    "{\"schemaVersion\": 1, \"traceEvents\": [\n" events                                           \
    "{\"ph\": \"M\", \"name\": \"process_name\", \"args\": {\"name\": \"python\"}}]}"

/* microseconds of the one step:
 *    0 -  100  gemm
 *  100 -  150  tensor-parallel all-gather, exposed
 *  150 -  250  attention, and beside it a reduction over the replicas from 200 to 300
 *  250 -  300  the reduction's exposed half
 *  300 -  360  elementwise, a copy from the host beside it until 380
 *  360 -  380  the copy's exposed part
 *  380 -  450  nothing
 *  450 -  480  Adam
 *  480 -  500  nothing */
static void test_terms(void **state)
{
    const struct strategy s = strategy_of(4, 1, 8);
    (void)state;
    struct kineto k = read_trace(
        TRACE(STEP(3, 0, 500) KERNEL("nvjet_tst_128x256_64x4_1x2_h_bz_TNT", 0, 100)
                  COLLECTIVE("ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage)",
                             "TENSOR_MODEL_PARALLEL_GROUP", 4, 100, 50)
                      KERNEL("flash::flash_fwd_kernel<...>", 150, 100)
                          COLLECTIVE("ncclDevKernel_ReduceScatter_Sum_f32_RING_LL",
                                     "DATA_PARALLEL_GROUP_WITH_CP", 8, 200, 100)
                              KERNEL("void at::native::vectorized_elementwise_kernel<4>", 300, 60)
            "{\"ph\": \"X\", \"cat\": \"gpu_memcpy\", \"name\": \"Memcpy HtoD (Pinned -> Device)\", "
            "\"ts\": 310, \"dur\": 70},\n"
            "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"aten::mm\", \"ts\": 0, \"dur\": 500},\n"
                                  KERNEL("void multi_tensor_apply_kernel<AdamFunctor>", 450, 30)),
        &s);
    check_near(k.step_s, 500e-6, 1e-12);
    check_near(k.term_s[TERM_GEMM], 100e-6, 1e-9);
    check_near(k.term_s[TERM_TP], 50e-6, 1e-9);
    check_near(k.term_s[TERM_ATTENTION], 100e-6, 1e-9);
    check_near(k.term_s[TERM_DP], 50e-6, 1e-9);
    check_near(k.busy_s[TERM_DP], 100e-6, 1e-9);
    check_near(k.term_s[TERM_MEMORY_BOUND], 60e-6, 1e-9);
    check_near(k.term_s[TERM_OFFLOAD], 20e-6, 1e-9);
    check_near(k.term_s[TERM_OPTIMIZER], 30e-6, 1e-9);
    check_near(k.term_s[TERM_HOST], 90e-6, 1e-9);
    check_near(k.kernels, 7, 0);
    assert_int_equal(k.unknown_count, 0);
}

/* Two streams share a moment; the terms sum to the step in any case. */
static void test_sum(void **state)
{
    const struct strategy s = strategy_of(1, 1, 8);
    (void)state;
    struct kineto k = read_trace(
        TRACE(KERNEL("sm90_xmma_gemm_bf16", 10, 30) KERNEL("fancy_new_thing", 20, 40)
                  COLLECTIVE("ncclDevKernel_AllReduce", "undefined", 8, 15, 95)),
        &s);
    double sum = 0;
    for (int t = 0; t < TERMS; t++)
        sum += k.term_s[t];
    check_near(k.step_s, 100e-6, 1e-12); /* without a mark: from the first kernel to the last */
    check_near(sum, k.step_s, 1e-12);
    check_near(k.term_s[TERM_GEMM], 20e-6, 1e-9);         /* 10 alone, 20 shared */
    check_near(k.term_s[TERM_MEMORY_BOUND], 30e-6, 1e-9); /* 20 shared, 20 alone */
    check_near(k.term_s[TERM_DP], 50e-6, 1e-9);
    assert_int_equal(k.unknown_count, 1);
    assert_string_equal(k.unknown[0], "fancy_new_thing");
}

/* Of several steps the one of median length. */
static void test_median_step(void **state)
{
    const struct strategy s = strategy_of(1, 1, 1);
    (void)state;
    struct kineto k = read_trace(TRACE(STEP(1, 0, 900) KERNEL("gemm_a", 0, 100) STEP(2, 900, 400)
                                           KERNEL("gemm_a", 900, 300) STEP(3, 1300, 500)
                                               KERNEL("gemm_a", 1300, 450)),
                                 &s);
    assert_int_equal(k.steps, 3);
    check_near(k.step_s, 500e-6, 1e-12);
    check_near(k.term_s[TERM_GEMM], 450e-6, 1e-9);
    check_near(k.term_s[TERM_HOST], 50e-6, 1e-9);
}

static void check_group(const char *description, enum term term)
{
    if (communicator_term(description) != term)
        fail_msg("%s is %d", description, (int)communicator_term(description));
}

static void test_communicators(void **state)
{
    (void)state;
    check_group("TENSOR_MODEL_PARALLEL_GROUP", TERM_TP);
    check_group("PIPELINE_MODEL_PARALLEL_GROUP", TERM_PP);
    check_group("CONTEXT_PARALLEL_GROUP", TERM_CP);
    check_group("EXPERT_MODEL_PARALLEL_GROUP", TERM_EP);
    check_group("EXPERT_DATA_PARALLEL_GROUP", TERM_DP);
    check_group("EXPERT_TENSOR_PARALLEL_GROUP", TERM_TP);
    check_group("DATA_PARALLEL_GROUP_WITH_CP", TERM_DP);
    check_group("mesh_tp", TERM_TP);
    check_group("mesh_dp_shard_cp", TERM_DP);
    check_group("default_pg", TERMS);
    check_group("", TERMS);
}

static void check_kernel(const char *name, enum term term, bool collective)
{
    struct kernel_class class = kernel_class_of(name);
    if (class.term != term || class.collective != collective || !class.known)
        fail_msg("%s is %d", name, (int)class.term);
}

static void test_kernel_names(void **state)
{
    (void)state;
    check_kernel("void cutlass::device_kernel<flash::enable_sm90_or_later<...>>", TERM_ATTENTION,
                 false);
    check_kernel("cudnn_generated_fort_native_sdpa_sm90_flash_fprop_wgmma_f16", TERM_ATTENTION,
                 false);
    check_kernel("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n_tilesize128x128x64", TERM_GEMM, false);
    check_kernel("nvjet_hsh_256x128_64x4_2x1_v_bz_coopA_NTT", TERM_GEMM, false);
    check_kernel("Cijk_Ailk_Bjlk_BBS_BH_Bias_HAS_SAV_UserArgs_MT256x256x64", TERM_GEMM, false);
    check_kernel("ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)", TERM_DP, true);
    check_kernel("void transformer_engine::normalization::rmsnorm_fwd_tuned_kernel<...>",
                 TERM_MEMORY_BOUND, false);
    check_kernel("void at::native::(anonymous namespace)::multi_tensor_apply_kernel<...>",
                 TERM_OPTIMIZER, false);
    check_kernel("triton_poi_fused_mul_silu_3", TERM_MEMORY_BOUND, false);
    check_kernel("deep_ep::internode::dispatch<...>", TERM_EP, false);
    /* mamba_ssm's scan, flash-linear-attention's, and what stands around them */
    check_kernel("_chunk_scan_fwd_kernel", TERM_ATTENTION, false);
    check_kernel("_chunk_state_bwd_db_kernel", TERM_ATTENTION, false);
    check_kernel("_state_passing_fwd_kernel", TERM_ATTENTION, false);
    check_kernel("chunk_gated_delta_rule_fwd_kernel_h_blockdim64", TERM_ATTENTION, false);
    check_kernel("chunk_bwd_kernel_dqkwg", TERM_ATTENTION, false);
    check_kernel("merge_16x16_to_64x64_inverse_kernel", TERM_ATTENTION, false);
    check_kernel("l2norm_fwd_kernel", TERM_MEMORY_BOUND, false);
    check_kernel("void causal_conv1d_fwd_kernel<...>", TERM_MEMORY_BOUND, false);
}

static void refused(const char *text, const char *message)
{
    const struct strategy s = strategy_of(1, 1, 1);
    struct kineto k;
    struct error e;
    error_init(&e);
    assert_int_equal(kineto_read(text, strlen(text), "trace.json", &s, &k, &e), STATUS_INPUT);
    assert_string_equal(e.message, message);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("{}", "expected \"traceEvents\", a list");
    refused("{\"traceEvents\": []}", "no kernel with a time is in the trace");
    refused("[{\"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"gemm\", \"ts\": 1, \"dur\": -3}]",
            "no kernel with a time is in the trace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terms),         cmocka_unit_test(test_sum),
        cmocka_unit_test(test_median_step),   cmocka_unit_test(test_communicators),
        cmocka_unit_test(test_kernel_names),  cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
