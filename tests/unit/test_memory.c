#include "parallelism/step_parts.h"
#include "tests/unit/check.h"
#include "tests/unit/gpt.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

static const double gib = 1024.0 * 1024 * 1024;

/* GPT-3 175B at tp 8, pp 8 on 64 GPUs, as in [Korthikanti22] and MODELLING 12: selective recompute,
 * three virtual stages, fp16 with fp32 main gradients (18 B a parameter). */
static void gpt3_on_64(struct scenario *c, struct strategy *s)
{
    struct error e;
    error_init(&e);
    memset(c, 0, sizeof *c);
    c->model = gpt_model(96, 12288, 96, 51200);
    assert_int_equal(system_find("dgx-a100", NULL, &c->system, &e), STATUS_OK);
    assert_int_equal(stack_find("megatron-lm-2022", NULL, &c->stack, &e), STATUS_OK);
    c->system.gpus = 64;
    job_default(&c->job);
    c->job.seq_length = 2048;
    c->job.global_batch = 64;
    c->job.precision = DTYPE_FP16;
    strategy_default(s);
    s->tp = s->pp = 8;
    s->vpp = 3;
    s->schedule = SCHEDULE_INTERLEAVED;
    s->sequence_parallel = true;
    s->recompute = RECOMPUTE_SELECTIVE;
    s->attention = ATTENTION_UNFUSED;
}

static struct step_parts *take_apart(const struct scenario *c, const struct strategy *s)
{
    struct step_parts *parts = malloc(sizeof *parts);
    assert_non_null(parts);
    assert_null(strategy_illegal(c, s, NULL, 0));
    step_take_apart(c, s, parts);
    return parts;
}

/* Weights, gradients and optimizer state of 12 layers without the embedding: 12 x 12 h^2 / 8 x 18 B
 * = 45.5625 GiB; norms, replicated over tensor ranks, add 0.01. */
static void test_states_of_gpt3(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    gpt3_on_64(&c, &s);
    struct step_parts *p = take_apart(&c, &s);
    double by_kind[MEMORY_KINDS];
    for (int i = 0; i < p->layout.loads; i++) {
        if (p->layout.load[i].rank != 0)
            continue;
        struct rank_load load = p->layout.load[i];
        load.parameters.dense -= p->shard.embedding.parameters.dense;
        rank_memory(&c, &load, &p->zero, &s, by_kind);
        double states =
            by_kind[MEMORY_WEIGHTS] + by_kind[MEMORY_GRADIENTS] + by_kind[MEMORY_OPTIMIZER_STATE];
        check_near(states / gib, 45.5625, 5e-4);
    }
    free(p);
}

/* First-stage activations: 2048 x 12288 x 96 layers x 34/8 B x (1 + (p-1)/(p v)) = 12.3516 GiB, and
 * the embedding's dropout mask of each micro-batch in flight. */
static void test_activations_of_gpt3(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    gpt3_on_64(&c, &s);
    struct step_parts *p = take_apart(&c, &s);
    double masks = 8 * 2048.0 * 12288 / 8; /* a chunk 0 micro-batch each: p of them live */
    for (int i = 0; i < p->layout.loads; i++)
        if (p->layout.load[i].rank == 0) {
            double bytes = p->layout.load[i].activation_bytes;
            check_near(bytes / gib, 12.3516, 0.02);
            assert_true(bytes / gib - 12.3516 < 2 * masks / gib + 1e-3);
            assert_true(bytes / gib > 12.3515);
        }
    free(p);
}

/* More recompute and a higher ZeRO stage never need more memory. */
static void test_memory_falls_with_recompute_and_zero(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    gpt3_on_64(&c, &s);
    struct error e;
    error_init(&e);
    assert_int_equal(stack_find("default", NULL, &c.stack, &e), STATUS_OK);
    s.pp = 4;
    s.dp = 2;
    double last = HUGE_VAL;
    for (int r = RECOMPUTE_NONE; r < RECOMPUTES; r++) {
        struct step_cost cost;
        s.recompute = (enum recompute)r;
        step_estimate(&c, &s, &cost);
        assert_true(cost.legal);
        assert_true(cost.memory_total_bytes < last);
        last = cost.memory_total_bytes;
    }
    for (int zero = 1; zero <= 3; zero += 2) {
        struct step_cost cost;
        s.zero = zero;
        step_estimate(&c, &s, &cost);
        assert_true(cost.legal);
        assert_true(cost.memory_total_bytes < last);
        last = cost.memory_total_bytes;
    }
}

/* The kinds sum to the total. */
static void test_kinds_sum_to_total(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    struct step_cost cost;
    gpt3_on_64(&c, &s);
    step_estimate(&c, &s, &cost);
    double sum = 0;
    for (int i = 0; i < MEMORY_KINDS; i++)
        sum += cost.memory_bytes[i];
    check_near(sum, cost.memory_total_bytes, 1e-12);
}

/* Gradients of 4 bytes, in bf16 training of 6 (megatron-deepspeed of 2022). */
static void test_gradients_by_precision(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    struct step_cost fp16, bf16;
    gpt3_on_64(&c, &s);
    c.stack.gradient_bytes = 4;
    c.stack.gradient_bytes_bf16 = 6;
    step_estimate(&c, &s, &fp16);
    c.job.precision = DTYPE_BF16;
    step_estimate(&c, &s, &bf16);
    check_near(bf16.memory_bytes[MEMORY_GRADIENTS], 1.5 * fp16.memory_bytes[MEMORY_GRADIENTS],
               1e-12);
}

/* Of ranks that hold as much the first is named. */
static void test_first_of_equal_ranks(void **state)
{
    (void)state;
    static struct scenario c;
    struct strategy s;
    struct step_cost cost;
    gpt3_on_64(&c, &s);
    struct step_parts *p = take_apart(&c, &s);
    p->layout.loads = 2;
    p->layout.load[0].rank = 3;
    p->layout.load[1] = p->layout.load[0];
    p->layout.load[1].rank = 5;
    struct step_inputs in = step_parts_inputs(&c, p);
    step_evaluate(&in, &s, &cost);
    assert_int_equal(cost.memory_stage, 3);
    free(p);
}

/* DeepSeek-V3's multi-token-prediction layer: a projection of two streams of 7168 to one and an
 * expert layer, under tp 2 half of the projection; embedding and head are the model's. */
static void test_prediction_layer_shares_the_head(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("deepseek-v3", "dgx-h100", 256);
    struct strategy s;
    strategy_default(&s);
    s.tp = 2;
    s.sequence_parallel = true;
    s.ep = 16;
    s.dp = 128;
    struct step_parts *p = take_apart(c, &s);
    const struct shard_parameters *layer = &p->shard.layer[p->shard.kinds - 1].parameters;
    assert_true(layer->expert > 0);
    check_near(p->shard.mtp.parameters.dense, 7168.0 * 7168 + layer->dense, 1e-12);
    check_near(p->shard.mtp.parameters.expert, layer->expert, 0);
    free(p);
    free(c);
}

/* ZeRO-3 that keeps what it gathered holds all 8.03 10^9 parameters of Llama 3 8B in 2 bytes, and
 * no buffer of two layers or of the vocabulary's matrix (128,256 x 4096, the larger) beside them.
 */
static void test_gathered_parameters_kept(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_cost freed, kept;
    strategy_default(&s);
    s.dp = 8;
    s.zero = 3;
    s.reshard_after_forward = true;
    step_estimate(c, &s, &freed);
    s.reshard_after_forward = false;
    step_estimate(c, &s, &kept);
    double all = 8030261248, vocabulary = 128256.0 * 4096;
    check_near(kept.memory_bytes[MEMORY_COMMUNICATION] - freed.memory_bytes[MEMORY_COMMUNICATION],
               c->stack.param_gather_bytes * (all - vocabulary), 1e-4);
    check_near(c->stack.param_gather_bytes, 2, 0);
    free(c);
}

/* Whole gradients of Llama 3 8B in fp32 between micro-batches: 29.9 GiB, as KempnerForge's run of
 * 32 shards shows them (51.3 GiB, states and activations of the same batch 21.4). */
static void test_gradients_held_whole(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_cost cost;
    strategy_default(&s);
    s.dp = 8;
    s.zero = 3;
    s.micro_batch = 1;
    c->job.global_batch = 8;
    c->stack.accumulates_whole = true;
    step_estimate(c, &s, &cost);
    double all = 8030261248;
    check_near(cost.memory_bytes[MEMORY_GRADIENTS], c->stack.gradient_bytes * all / 8, 1e-4);
    c->job.global_batch = 16;
    step_estimate(c, &s, &cost);
    check_near(cost.memory_bytes[MEMORY_GRADIENTS], 29.9 * gib, 2e-3);
    free(c);
}

/* A rank of 4 GB of gradients, 10 of activations kept, at its logits and after them. */
static double held_by(bool planned, double logits, double working, double reduced, int batch)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct rank_load load = {
        .parameters = {8e9, 0},
        .activation_bytes = 10e9,
        .logits_bytes = logits,
        .working_bytes = working,
        .backward_bytes = 1e9
    };
    struct zero_cost zero = {.zero = 3, .reduction_bytes = reduced};
    struct strategy s;
    double by_kind[MEMORY_KINDS];
    strategy_default(&s);
    s.dp = 8;
    s.micro_batch = 1;
    s.reshard_after_forward = true;
    c->job.global_batch = batch;
    zero.dense = zero.expert = (struct sharding){.state = 8, .gradient = 8, .parameter = 8};
    c->stack.plans_memory = planned;
    c->stack.weight_bytes = c->stack.optimizer_bytes = c->stack.context_bytes = 0;
    c->stack.allocator_frac = 0;
    c->stack.gradient_bytes = 4;
    double sum = rank_memory(c, &load, &zero, &s, by_kind);
    free(c);
    return sum;
}

/* A caching allocator holds logits, a layer computed again and gradients side by side; a planned
 * step the fuller of two moments: the logits, or the layer's backward pass (2 + 1 GB) with 4 GB of
 * gradients, which earlier micro-batches have left at the logits too, and their reduction (3). */
static void test_planned_moments(void **state)
{
    (void)state;
    check_near(held_by(false, 20e9, 2e9, 3e9, 8), 4e9 + 10e9 + 20e9 + 2e9 + 3e9, 1e-12);
    check_near(held_by(true, 20e9, 2e9, 3e9, 8), 10e9 + 20e9, 1e-12);
    check_near(held_by(true, 20e9, 2e9, 3e9, 16), 4e9 + 10e9 + 20e9, 1e-12);
    check_near(held_by(true, 8e9, 2e9, 3e9, 8), 10e9 + 3e9 + 4e9 + 3e9, 1e-12);
    check_near(held_by(true, 1e9, 2e9, 0, 8), 10e9 + 3e9 + 4e9, 1e-12);
}

/* Of 1 + 2 + ... GB with tensor and data ranks, each a communicator: what the allocator took leaves
 * out context and communicators, what tensors hold the allocator's share too. */
static void test_what_a_figure_counts(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    double by_kind[MEMORY_KINDS], sum = 0;
    strategy_default(&s);
    s.tp = 2;
    s.dp = 4;
    for (int i = 0; i < MEMORY_KINDS; i++)
        sum += by_kind[i] = (i + 1) * 1e9;
    c->stack.context_bytes = 0.5e9;
    c->stack.communicator_bytes = 0.25e9;
    check_near(memory_measured(c, &s, by_kind, MEMORY_OF_DEVICE), sum, 1e-12);
    check_near(memory_measured(c, &s, by_kind, MEMORY_RESERVED), sum - 1e9, 1e-12);
    check_near(memory_measured(c, &s, by_kind, MEMORY_ALLOCATED),
               sum - 0.5e9 - by_kind[MEMORY_OVERHEAD], 1e-12);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_of_gpt3),
        cmocka_unit_test(test_activations_of_gpt3),
        cmocka_unit_test(test_memory_falls_with_recompute_and_zero),
        cmocka_unit_test(test_kinds_sum_to_total),
        cmocka_unit_test(test_gradients_by_precision),
        cmocka_unit_test(test_first_of_equal_ranks),
        cmocka_unit_test(test_prediction_layer_shares_the_head),
        cmocka_unit_test(test_gathered_parameters_kept),
        cmocka_unit_test(test_gradients_held_whole),
        cmocka_unit_test(test_planned_moments),
        cmocka_unit_test(test_what_a_figure_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
