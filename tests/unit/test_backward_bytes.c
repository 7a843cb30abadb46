/* What a backward pass holds besides saved tensors, and what of it counts beside logits and host
 * memory. */
#include "parallelism/step_parts.h"
#include "tests/unit/check.h"
#include "tests/unit/gpt.h"
#include "tests/unit/scenarios.h"

enum { TOKENS = 1000, HIDDEN = 512, HEADS = 4 }; /* heads of 128 */

static struct model gated_model(void)
{
    struct model m = gpt_model(8, HIDDEN, HEADS, 51200);
    m.gated_mlp = true;
    return m;
}

static struct shard flash_shard(int cp)
{
    struct shard s = gpt_shard(1, 1, (double)TOKENS * cp);
    s.cp = cp;
    s.cp_comm = CP_COMM_ALLGATHER;
    s.attention = ATTENTION_FLASH;
    return s;
}

static double backward_bytes(const struct model *m, const struct shard *s, const struct kernels *k)
{
    struct activations a;
    layer_activations(m, &m->kind[0], s, k, &a);
    return layer_backward_bytes(m, &m->kind[0], s, k, &a);
}

/* A token, h wide: the stream's gradient, 2 h, and that of FC1's output, 2 x 4 h of a plain MLP and
 * twice that of a gated one. Eight tensor ranks divide both. */
static void test_gradients_of_an_mlp(void **state)
{
    (void)state;
    struct kernels k = gpt_kernels();
    struct shard s = flash_shard(1);
    struct model plain = gpt_model(8, HIDDEN, HEADS, 51200), gated = gated_model();
    check_near(backward_bytes(&plain, &s, &k), TOKENS * HIDDEN * (2 + 8.0), 1e-12);
    check_near(backward_bytes(&gated, &s, &k), TOKENS * HIDDEN * (2 + 16.0), 1e-12);
    s.tp = 4;
    s.sequence_parallel = true;
    check_near(backward_bytes(&gated, &s, &k), TOKENS * HIDDEN * (2 + 16.0) / 4, 1e-12);
}

/* Keys and values of 16 ranks, and their gradients: 16 x 2 x (2 + 2) h a token, more than the 24 h
 * of a gated MLP that is gone by then; with them the gradients of output, queries, keys and values,
 * 8 h, and the queries' sum in fp32, 4 h. Of two ranks 16 h: the MLP's moment is the fuller one. */
static void test_gathered_keys_and_values(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    struct shard many = flash_shard(16), two = flash_shard(2);
    k.cp_gradient_bytes = 2;
    k.dropout = false;
    check_near(backward_bytes(&m, &many, &k), TOKENS * HIDDEN * (2 + 128 + 8 + 4 - 24.0), 1e-12);
    check_near(backward_bytes(&m, &two, &k), TOKENS * HIDDEN * (2 + 16.0), 1e-12);
}

/* Each token at two of four experts, h / 4 wide: the gradient of every expert's output, 2 x 2 h,
 * and of what FC2 read, 2 x 2 h / 4, are more than that of FC1's output, 2 x 2 x 2 h / 4. */
static void test_gradients_of_experts(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    struct shard s = flash_shard(1);
    m.experts = 4;
    m.experts_per_token = 2;
    m.moe_intermediate_size = HIDDEN / 4;
    m.kind[0].experts = true;
    check_near(backward_bytes(&m, &s, &k), TOKENS * HIDDEN * (2 + 4 + 1.0), 1e-12);
}

/* Eager norms keep 6 bytes an element more, of queries and keys too where those are normed. */
static void test_eager_norms(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    struct shard s = flash_shard(1);
    struct activations fused, eager;
    m.qk_norm = true;
    layer_activations(&m, &m.kind[0], &s, &k, &fused);
    k.fused_norm = false;
    layer_activations(&m, &m.kind[0], &s, &k, &eager);
    check_near(eager.bytes[MODULE_LAYERNORM] - fused.bytes[MODULE_LAYERNORM],
               6.0 * TOKENS * HIDDEN * (2 + 2), 1e-12);
}

/* What that kernel's ops of a layer move forward and back, and their launches. */
struct moved {
    double bytes[2], launches[2];
};

static struct moved moved_by(const struct model *m, const struct kernels *k, enum op_name name)
{
    struct shard s = flash_shard(1);
    struct ops ops = {.n = 0};
    struct moved moved = {0};
    layer_ops(m, &m->kind[0], &s, k, &ops);
    for (int i = 0; i < ops.n; i++) {
        bool back = ops.op[i].phase != PHASE_FORWARD;
        if (ops.op[i].name != name)
            continue;
        moved.bytes[back] += ops.op[i].memory.bytes;
        moved.launches[back] += ops.op[i].launches;
    }
    return moved;
}

/* Kernels as PyTorch runs them one by one: how many, and bytes read and written an element of 16
 * bit, a digit each. */
static void check_kernels(const struct moved *moved, int back, double elements, const char *kernels)
{
    double bytes = 0, launches = 0;
    for (const char *p = kernels; *p; p += p[2] == '\0' ? 2 : 3) {
        bytes += p[0] - '0' + p[1] - '0';
        launches++;
    }
    check_near(moved->bytes[back], bytes * elements, 1e-12);
    check_near(moved->launches[back], launches, 0);
}

/* A norm: to fp32, square, mean, epsilon, root, product, to 16 bit, weight. Back: weight, its
 * gradient and sum, to fp32, product, the root's gradient and sum, the root's own in three, over
 * the mean's elements, x, twice that, times the gradient, sum of the two, to 16 bit. What passes
 * over a number a row moves nothing that counts. */
static void test_eager_norms_pass_over_and_over(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    k.fused_norm = false;
    struct moved norm = moved_by(&m, &k, OP_NAME_NORM_1);
    check_kernels(&norm, 0, TOKENS * HIDDEN, "24 44 40 00 00 44 42 22");
    check_kernels(&norm, 1, TOKENS * HIDDEN, "22 42 20 24 44 84 40 00 00 00 04 44 44 84 84 42");
}

/* A rotation of queries, then of keys: cosine, half negated, both halves, sine, sum. Back: cosine,
 * sine, half negated, each half into zeros, two sums. */
static void test_eager_rotation(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    m.rotary = true;
    k.fused_rope = false;
    struct moved both = moved_by(&m, &k, OP_NAME_ROPE);
    for (int i = 0; i < 2; i++)
        both.launches[i] /= 2;
    check_kernels(&both, 0, 2.0 * TOKENS * HIDDEN, "22 11 22 22 42");
    check_kernels(&both, 1, 2.0 * TOKENS * HIDDEN, "22 22 11 02 11 02 11 42 42");
}

static double activations_of(const struct scenario *c, const struct strategy *s)
{
    return legal_cost(c, s).memory_bytes[MEMORY_ACTIVATIONS];
}

/* Llama-3 8B, 8192 tokens: logits, gone when gradients come, are more than these; without them all
 * of the gradients count, 2 x 4096 + 2 x 2 x 14336 bytes a token, and beside few logits what they
 * are more. */
static void test_gradients_beside_logits(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    strategy_default(&s);
    s.dp = 8;
    c->job.seq_length = 8192;
    double with = activations_of(c, &s);
    c->stack.logits_bytes = 0;
    double without = activations_of(c, &s);
    check_near(without - with, 8192.0 * (2 * 4096 + 4 * 14336), 1e-9);
    c->stack.logits_bytes = 0.25; /* a part of the gradients, in whose place they come */
    check_near(without - activations_of(c, &s), 8192.0 * 0.25 * 128256, 1e-9);
    free(c);
}

/* Of 32 layers that keep their inputs, all offloaded, two stay; of half of them half of that. */
static void test_offloaded_layers_that_stay(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    strategy_default(&s);
    s.dp = 8;
    s.recompute = RECOMPUTE_FULL;
    double input = c->job.seq_length * 2 * 4096, head = 2 * input, none = activations_of(c, &s);
    s.offload_activations = 1;
    check_near(none - activations_of(c, &s), 30 * input + head, 1e-9);
    s.offload_activations = 0.5;
    check_near(none - activations_of(c, &s), (30 * input + head) / 2, 1e-9);
    free(c);
}

/* Tiles of as many tokens as the model is wide, 512 of 1000: of such a tile all that is saved and
 * the gradient of FC1's output, (16 + 8 + 16) h a token, and of the layer nothing of the MLP. */
static void test_mlp_in_tiles(void **state)
{
    (void)state;
    struct model m = gated_model();
    struct kernels k = gpt_kernels();
    struct shard s = flash_shard(1);
    struct activations a;
    s.tiled_mlp = true;
    check_near(backward_bytes(&m, &s, &k), 2.0 * TOKENS * HIDDEN + 40.0 * HIDDEN * HIDDEN, 1e-12);
    layer_activations(&m, &m.kind[0], &s, &k, &a);
    check_near(a.bytes[MODULE_MLP] + a.bytes[MODULE_MLP_ACT], 0, 0);
    s.micro_batch = 100; /* then attention's moment is the fuller: 8 h and 4 h */
    check_near(backward_bytes(&m, &s, &k), 100.0 * TOKENS * HIDDEN * (2 + 12), 1e-12);
}

/* Llama-3 8B: its MLP's forward pass once more a micro-batch and layer, with and without recompute;
 * its loss in 4 x 4096 bytes a token, less than the gradients are, instead of 8 x 128,256. */
static void test_tiles_of_a_step(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_parts *parts = malloc(sizeof *parts);
    assert_non_null(parts);
    strategy_default(&s);
    s.dp = 8;
    step_take_apart(c, &s, parts);
    const struct block_cost *layer = &parts->shard.layer[0];
    double mlp_s = layer->module_forward_s[MODULE_MLP] + layer->module_forward_s[MODULE_MLP_ACT];
    for (int how = 0; how < RECOMPUTES; how += RECOMPUTE_FULL) {
        struct step_cost whole, tiled;
        s.recompute = (enum recompute)how;
        s.tiles = 0;
        step_estimate(c, &s, &whole);
        s.tiles = 1u << TILE_MLP;
        step_estimate(c, &s, &tiled);
        check_near(tiled.term_s[TERM_RECOMPUTE] - whole.term_s[TERM_RECOMPUTE],
                   tiled.micro_batches * 32 * mlp_s, 1e-9);
        assert_true(tiled.hardware_flop > whole.hardware_flop);
        s.tiles |= 1u << TILE_LOSS;
        step_estimate(c, &s, &tiled);
        check_near(tiled.memory_bytes[MEMORY_LOGITS], c->job.seq_length * 4 * 4096, 1e-12);
        check_near(whole.memory_bytes[MEMORY_LOGITS], c->job.seq_length * 8 * 128256, 1e-3);
    }
    free(parts);
    free(c);
}

/* Logits of few words are less than a tile's: 8 x 1024 bytes a token, 4 x 4096. */
static void test_tiles_of_a_small_vocabulary(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_cost cost;
    strategy_default(&s);
    s.dp = 8;
    c->model.vocab_size = 1024;
    s.tiles = 1u << TILE_LOSS;
    step_estimate(c, &s, &cost);
    check_near(cost.memory_bytes[MEMORY_LOGITS], c->job.seq_length * 8 * 1024, 1e-12);
    free(c);
}

/* In 8 tiles, as torchtitan's: an eighth of 4 bytes a logit, 2 bytes of what the head reads and 4
 * of its gradient. */
static void test_tiles_that_a_stack_sets(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_cost cost;
    struct error e;
    error_init(&e);
    assert_int_equal(stack_find("torchtitan", NULL, &c->stack, &e), STATUS_OK);
    strategy_default(&s);
    s.dp = 8;
    s.torch_compile = true;
    s.tiles = 1u << TILE_LOSS;
    step_estimate(c, &s, &cost);
    check_near(cost.memory_bytes[MEMORY_LOGITS],
               c->job.seq_length * (128256.0 * 4 / 8 + (2 + 4) * 4096), 1e-12);
    free(c);
}

static void test_words_of_tiles(void **state)
{
    (void)state;
    struct text words = {0};
    struct strategy s;
    strategy_default(&s);
    s.tiles = 1u << TILE_LOSS | 1u << TILE_MLP;
    strategy_describe_rest(&s, &words);
    assert_string_equal(text_string(&words), ", loss in tiles, mlp in tiles");
    text_free(&words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_an_mlp),
        cmocka_unit_test(test_gathered_keys_and_values),
        cmocka_unit_test(test_gradients_of_experts),
        cmocka_unit_test(test_eager_norms),
        cmocka_unit_test(test_eager_norms_pass_over_and_over),
        cmocka_unit_test(test_eager_rotation),
        cmocka_unit_test(test_gradients_beside_logits),
        cmocka_unit_test(test_offloaded_layers_that_stay),
        cmocka_unit_test(test_mlp_in_tiles),
        cmocka_unit_test(test_tiles_of_a_step),
        cmocka_unit_test(test_tiles_of_a_small_vocabulary),
        cmocka_unit_test(test_tiles_that_a_stack_sets),
        cmocka_unit_test(test_words_of_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
