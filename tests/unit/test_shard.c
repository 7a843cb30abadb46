#include "tests/unit/check.h"
#include "tests/unit/gpt.h"

/* [Korthikanti22] sec. 4: s b h (34 + 5 a s / h) / t bytes a layer under tensor and sequence
 * parallelism. */
static void test_activations_of_a_gpt_layer(void **state)
{
    (void)state;
    struct model m = gpt_model(96, 12288, 96, 51200);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(8, 1, 2048);
    struct activations a;
    layer_activations(&m, &m.kind[0], &s, &k, &a);
    double sum = 0;
    for (int i = 0; i < MODULES; i++)
        sum += a.bytes[i];
    check_near(sum, 2048.0 * 12288 * (34 + 5 * 96 * 2048.0 / 12288) / 8, 1e-12);
    check_near(sum - a.bytes[MODULE_CORE_ATTENTION], 34 * 2048.0 * 12288 / 8, 1e-12);
    check_near(a.bytes[MODULE_RESIDUAL], 2 * 2048.0 * 12288 / 8, 1e-12);
}

/* Without parallelism the same formula with t = 1; tensor parallelism alone keeps 10 s b h whole.
 */
static void test_activations_without_sequence_parallelism(void **state)
{
    (void)state;
    struct model m = gpt_model(48, 6144, 64, 51200);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(8, 4, 2048);
    s.sequence_parallel = false;
    struct activations a;
    layer_activations(&m, &m.kind[0], &s, &k, &a);
    double sum = 0, sbh = 2048.0 * 4 * 6144;
    for (int i = 0; i < MODULES; i++)
        sum += a.bytes[i];
    check_near(sum, sbh * (10 + 24.0 / 8 + 5 * 64 * 2048.0 / (6144 * 8)), 1e-12);
}

/* A layer has 12 h^2 matrix parameters; shards of tensor ranks sum to the whole but for the norms.
 */
static void test_parameters_of_shards_sum_to_the_layer(void **state)
{
    (void)state;
    struct model m = gpt_model(96, 12288, 96, 51200);
    struct shard s = gpt_shard(8, 1, 2048);
    double norms = 2.0 * 12288;
    struct shard_parameters p = layer_shard_parameters(&m, &m.kind[0], &s);
    check_near(8 * (p.dense - norms), 12.0 * 12288 * 12288, 1e-12);
    check_near(vocabulary_padded(&m, 8), 51200, 1e-12);
    m.vocab_size = 50257;
    check_near(vocabulary_padded(&m, 8), 51200, 1e-12);
    check_near(vocabulary_padded(&m, 1), 50304, 1e-12);
}

static double flop_of(const struct ops *ops, enum phase phase)
{
    double sum = 0;
    for (int i = 0; i < ops->n; i++)
        if (ops->op[i].kind == OP_GEMM && ops->op[i].phase == phase)
            sum += ops->op[i].repeat * 2 * ops->op[i].gemm.batch * ops->op[i].gemm.m *
                   ops->op[i].gemm.n * ops->op[i].gemm.k;
    return sum;
}

/* Forward work of a GPT layer: 24 B s h^2 (1 + s/6h), split over t; backward twice that.
 * [Narayanan21] */
static void test_flop_of_a_gpt_layer(void **state)
{
    (void)state;
    struct model m = gpt_model(96, 12288, 96, 51200);
    struct kernels k = gpt_kernels();
    for (int tp = 1; tp <= 8; tp *= 2) {
        struct shard s = gpt_shard(tp, 1, 2048);
        struct ops ops = {.n = 0};
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        double forward = 24.0 * 2048 * 12288 * 12288 * (1 + 2048 / (6 * 12288.0));
        check_near(tp * flop_of(&ops, PHASE_FORWARD), forward, 1e-12);
        check_near(tp *
                       (flop_of(&ops, PHASE_BACKWARD_INPUT) + flop_of(&ops, PHASE_BACKWARD_WEIGHT)),
                   2 * forward, 1e-12);
    }
}

/* One tensor rank communicates nothing; eight do, with two gathers and two scatters forward. */
static void test_tensor_parallel_communication(void **state)
{
    (void)state;
    struct model m = gpt_model(96, 12288, 96, 51200);
    struct kernels k = gpt_kernels();
    for (int tp = 1; tp <= 8; tp += 7) {
        struct shard s = gpt_shard(tp, 1, 2048);
        struct ops ops = {.n = 0};
        int collectives = 0, forward = 0;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        for (int i = 0; i < ops.n; i++) {
            bool c = ops.op[i].kind == OP_COLLECTIVE;
            collectives += c;
            forward += c && ops.op[i].phase == PHASE_FORWARD;
            if (c)
                check_near(ops.op[i].bytes, 2.0 * 2048 * 12288, 1e-12);
        }
        assert_int_equal(forward, tp == 1 ? 0 : 4);
        assert_int_equal(collectives, tp == 1 ? 0 : 10);
    }
}

/* A gated MLP whose two input matrices each reduce their gradients: one all-reduce more than four.
 */
static void test_gradients_reduced_by_each_linear(void **state)
{
    (void)state;
    struct model m = gpt_model(48, 6144, 64, 51200);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(4, 1, 2048);
    struct ops ops = {.n = 0};
    double reductions = 0;
    m.gated_mlp = true;
    k.reduces_each_linear = true;
    s.sequence_parallel = false;
    layer_ops(&m, &m.kind[0], &s, &k, &ops);
    for (int i = 0; i < ops.n; i++)
        if (ops.op[i].kind == OP_COLLECTIVE)
            reductions += ops.op[i].repeat;
    check_near(reductions, 5, 1e-12);
}

/* Query, key, value, gate and up that each gather their input: 3 and 2 gathers and scatters where
 * there were one and one, beside the two of what leaves the layer, which stay. KempnerForge's
 * profile of tensor parallelism counts 12 gathers a layer and micro-batch under full recompute, 5
 * forward, 5 again and 2 back, and 8 scatters, of which the last recomputed one is not needed. */
static void test_exchanges_of_each_linear(void **state)
{
    (void)state;
    struct model m = gpt_model(48, 6144, 64, 51200);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(4, 1, 2048);
    struct ops ops = {.n = 0};
    double gathers[2] = {0}, scatters[2] = {0}; /* forward, backward */
    m.gated_mlp = true;
    k.exchanges_each_linear = k.keeps_gathered_input = true;
    layer_ops(&m, &m.kind[0], &s, &k, &ops);
    for (int i = 0; i < ops.n; i++) {
        const struct op *op = &ops.op[i];
        if (op->kind == OP_COLLECTIVE)
            (op->collective == COLLECTIVE_ALL_GATHER ? gathers
                                                     : scatters)[op->phase != PHASE_FORWARD] +=
                op->repeat;
    }
    check_near(gathers[0], 5, 1e-12);
    check_near(gathers[1], 2, 1e-12);
    check_near(scatters[0], 2, 1e-12);
    check_near(scatters[1], 5, 1e-12);
}

/* A parallel block's MLP reads what attention reads: one norm where the model has one (GPT-J), two
 * where each has its own (GPT-NeoX), and one reduction of their input's gradient less either way.
 */
static void test_parallel_block(void **state)
{
    (void)state;
    double reductions[3] = {0}, norms[3] = {0};
    for (int i = 0; i < 3; i++) {
        struct model m = gpt_model(48, 6144, 64, 51200);
        struct kernels k = gpt_kernels();
        struct shard s = gpt_shard(4, 1, 2048);
        struct ops ops = {.n = 0};
        m.parallel_block = i > 0;
        m.norms_per_layer = i == 1 ? 1 : 2;
        s.sequence_parallel = false;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        for (int j = 0; j < ops.n; j++) {
            const struct op *op = &ops.op[j];
            bool back = op->phase == PHASE_BACKWARD_INPUT;
            norms[i] += op->name == OP_NAME_NORM_2 && op->phase == PHASE_FORWARD;
            reductions[i] += back && op->name == OP_NAME_TP_REDUCE ? op->repeat : 0;
        }
    }
    check_near(norms[0], 1, 0);
    check_near(norms[1], 0, 0);
    check_near(norms[2], 1, 0);
    check_near(reductions[0], 2, 0);
    check_near(reductions[1], 1, 0);
    check_near(reductions[2], 1, 0);
}

/* Gathered logits: 2 B of each whole row travel, and every rank computes the loss of all of them.
 */
static void test_gathered_logits(void **state)
{
    (void)state;
    struct model m = gpt_model(48, 6144, 64, 51200);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(4, 1, 2048);
    struct ops split = {.n = 0}, whole = {.n = 0};
    head_ops(&m, &s, &k, &split);
    check_near(loss_vocabulary(&m, &s, &k), 51200 / 4, 1e-12);
    k.gathers_logits = true;
    head_ops(&m, &s, &k, &whole);
    check_near(loss_vocabulary(&m, &s, &k), 51200, 1e-12);
    double gathered = 0, bytes[2] = {0, 0};
    for (int i = 0; i < whole.n; i++)
        if (whole.op[i].kind == OP_COLLECTIVE && whole.op[i].bytes > gathered)
            gathered = whole.op[i].bytes;
    for (int i = 0; i < split.n; i++)
        bytes[0] += split.op[i].name == OP_NAME_CROSS_ENTROPY ? split.op[i].memory.bytes : 0;
    for (int i = 0; i < whole.n; i++)
        bytes[1] += whole.op[i].name == OP_NAME_CROSS_ENTROPY ? whole.op[i].memory.bytes : 0;
    check_near(gathered, 2048.0 * 51200 * 2, 1e-12);
    check_near(bytes[1], 4 * bytes[0] + 2048.0 * 51200 * 8, 1e-12);
}

/* Tensor ranks gather what the products take: 8 bits of 16 in fp8, the sums still in 16. */
static void test_quantised_gather(void **state)
{
    (void)state;
    struct model m = gpt_model(2, 512, 8, 1024);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(2, 1, 1000);
    double gathered[2] = {0, 0}, scattered[2] = {0, 0};
    s.precision = DTYPE_FP8;
    for (int narrow = 0; narrow < 2; narrow++) {
        struct ops ops = {.n = 0};
        k.quantised_gather = narrow;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        for (int i = 0; i < ops.n; i++) {
            gathered[narrow] += ops.op[i].name == OP_NAME_TP_GATHER ? ops.op[i].bytes : 0;
            scattered[narrow] += ops.op[i].name == OP_NAME_TP_SCATTER ? ops.op[i].bytes : 0;
        }
    }
    check_near(gathered[0], 4 * 2 * 1000 * 512.0, 1e-12);
    check_near(gathered[1], gathered[0] / 2, 1e-12);
    check_near(scattered[1], scattered[0], 1e-12);
}

static double cast_bytes(const struct ops *ops, enum phase phase)
{
    double bytes = 0;
    for (int i = 0; i < ops->n; i++)
        if (ops->op[i].name == OP_NAME_QUANTISE && ops->op[i].phase == phase)
            bytes += ops->op[i].memory.bytes;
    return bytes;
}

/* A layer of h = 512 has products 512 -> 1536, 512, 2048 and 2048 -> 512: 3584 elements a token go
 * in, 4608 come out, 12 h^2 are weights. Each is read in 16 bits and written in 8 wherever a
 * product takes it; nvfp4 writes half a byte and a sixteenth, and a Hadamard pass on what makes the
 * weight gradient takes 2 more. */
static void test_casts_of_each_product(void **state)
{
    (void)state;
    struct model m = gpt_model(2, 512, 8, 1024);
    struct kernels k = gpt_kernels();
    struct shard s = gpt_shard(1, 1, 1000);
    double in = 3584e3, out = 4608e3, weights = 12 * 512 * 512;
    k.fused_quantise = k.casts_each_product = true;
    for (int four = 0; four < 2; four++) {
        struct ops ops = {.n = 0};
        double each = four ? 2 + 0.5 + 1.0 / 16 : 3, hadamard = four ? 2 : 0;
        s.precision = four ? DTYPE_NVFP4 : DTYPE_FP8;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        check_near(cast_bytes(&ops, PHASE_FORWARD), each * (in + weights), 1e-12);
        check_near(cast_bytes(&ops, PHASE_BACKWARD_INPUT), each * (out + weights), 1e-12);
        check_near(cast_bytes(&ops, PHASE_BACKWARD_WEIGHT), (each + hadamard) * (in + out), 1e-12);
    }
    struct ops ops = {.n = 0};
    s.precision = DTYPE_BF16;
    layer_ops(&m, &m.kind[0], &s, &k, &ops);
    check_near(cast_bytes(&ops, PHASE_FORWARD), 0, 0);
}

/* Gemma norms what attention and MLP add to the stream: two norms more of 4 B an element forward
 * and 8 B back, and 2 B of input each kept; Gemma 4's seven norms come to three more. */
static void test_post_norms(void **state)
{
    static const int norms[] = {2, 4, 7};
    static const double more[] = {0, 2, 5};
    double kept[3], forward[3], backward[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct model m = gpt_model(2, 1024, 16, 51200);
        struct kernels k = gpt_kernels();
        struct shard s = gpt_shard(2, 1, 2048);
        struct activations a;
        struct ops ops;
        m.norms_per_layer = norms[i];
        layer_activations(&m, &m.kind[0], &s, &k, &a);
        kept[i] = a.bytes[MODULE_LAYERNORM];
        ops.n = 0;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        forward[i] = backward[i] = 0;
        for (int j = 0; j < ops.n; j++)
            if (ops.op[j].module == MODULE_LAYERNORM)
                *(ops.op[j].phase == PHASE_FORWARD ? &forward[i] : &backward[i]) +=
                    ops.op[j].memory.bytes;
        double stream = 2048.0 * 1024 / 2;
        check_near(kept[i] - kept[0], more[i] * 2 * stream, 1e-12);
        check_near(forward[i], (2 + more[i]) * 4 * stream, 1e-12);
        check_near(backward[i], (2 + more[i]) * 8 * stream, 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantised_gather),
        cmocka_unit_test(test_casts_of_each_product),
        cmocka_unit_test(test_parallel_block),
        cmocka_unit_test(test_activations_of_a_gpt_layer),
        cmocka_unit_test(test_activations_without_sequence_parallelism),
        cmocka_unit_test(test_parameters_of_shards_sum_to_the_layer),
        cmocka_unit_test(test_flop_of_a_gpt_layer),
        cmocka_unit_test(test_tensor_parallel_communication),
        cmocka_unit_test(test_gradients_reduced_by_each_linear),
        cmocka_unit_test(test_exchanges_of_each_linear),
        cmocka_unit_test(test_gathered_logits),
        cmocka_unit_test(test_post_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
