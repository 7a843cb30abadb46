/* Scripts of Megatron-DeepSpeed: flags of Megatron-LM, and some that it alone has. */
#include "tests/unit/import_from.h"

/* --deepspeed is Megatron-DeepSpeed's alone; fused attention and sequence parallelism came later.
 */
static void test_megatron_deepspeed(void **state)
{
#define BLOOM                                                                                      \
    "deepspeed --num_nodes 2 --num_gpus 8 pretrain_gpt.py --num-layers 24 --hidden-size 2048 "     \
    "--num-attention-heads 16 --seq-length 2048 --max-position-embeddings 2048 --bf16 "            \
    "--micro-batch-size 2 --global-batch-size 64 --tensor-model-parallel-size 2 "                  \
    "--pipeline-model-parallel-size 2 --vocab-size 50257 --checkpoint-activations "
    static const char *const deepspeed = "--deepspeed --deepspeed_config ds.json --zero-stage 1 "
                                         "--deepspeed-activation-checkpointing";
    char text[1024];
    struct error e;
    (void)state;
    snprintf(text, sizeof text, BLOOM "%s\n", deepspeed);
    assert_int_equal(read_text(text, "x.sh", &e), STATUS_OK);
    assert_string_equal(import.stack, "megatron-deepspeed-2022");
    assert_int_equal(import.run.strategy.attention, ATTENTION_UNFUSED);
    assert_int_equal(import.run.strategy.recompute, RECOMPUTE_FULL);
    assert_int_equal(import.run.strategy.zero, 1);
    assert_non_null(strstr(text_string(&import.notes), "the stack megatron-deepspeed-2022"));
    snprintf(text, sizeof text, BLOOM "%s --use-flash-attn-v2\n", deepspeed);
    assert_int_equal(read_text(text, "x.sh", &e), STATUS_OK);
    assert_string_equal(import.stack, "megatron-core");
    assert_int_equal(import.run.strategy.attention, ATTENTION_FLASH);
    assert_int_equal(read_text(BLOOM "\n", "x.sh", &e), STATUS_OK);
    assert_string_equal(import.stack, "megatron-core");
#undef BLOOM
}

/* The JSON that such a script writes has GPT-NeoX's keys, too. */
static void test_megatron_deepspeed_json(void **state)
{
    struct error e;
    (void)state;
    assert_int_equal(
        read_text("cat <<EOT > ds.json\n{\"train_batch_size\": 64,\n"
                  "\"train_micro_batch_size_per_gpu\": 2, \"gradient_accumulation_steps\": 8,\n"
                  "\"steps_per_print\": 1, \"zero_optimization\": {\"stage\": 1,\n"
                  "\"overlap_comm\": true, \"reduce_bucket_size\": 500000000,\n"
                  "\"contiguous_gradients\": true, \"cpu_offload\": false,\n"
                  "\"offload_optimizer\": {\"device\": \"none\"}},\n"
                  "\"bf16\": {\"enabled\": true}, \"fp16\": {\"enabled\": false},\n"
                  "\"data_types\": {\"grad_accum_dtype\": \"fp32\"}}\nEOT\n"
                  "deepspeed --num_nodes 2 --num_gpus 8 pretrain_gpt.py --num-layers 24 "
                  "--hidden-size 2048 --num-attention-heads 16 --seq-length 2048 "
                  "--max-position-embeddings 2048 --micro-batch-size 2 --global-batch-size 64 "
                  "--tensor-model-parallel-size 2 --checkpoint-activations --deepspeed "
                  "--deepspeed_config ds.json --zero-stage 1 --bf16 --vocab-size 50257 "
                  "--train-iters 100 --lr 1e-4 --lr-decay-style cosine --weight-decay 0.1 "
                  "--adam-beta1 0.9 --clip-grad 1.0 --log-interval 10 --save-interval 1000\n",
                  "x.sh", &e),
        STATUS_OK);
    assert_string_equal(import.framework->name, "megatron-lm");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_megatron_deepspeed, teardown),
        cmocka_unit_test_teardown(test_megatron_deepspeed_json, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
