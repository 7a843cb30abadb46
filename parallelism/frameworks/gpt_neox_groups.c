/* Groups of GPT-NeoX's settings: gpt_neox.c names their sources. */
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/gpt_neox.h"
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/model_config.h"
#include <math.h>
#include <string.h>

static enum status refuse_others(struct framework_reader *r)
{
    const char *arch = reading_value(r, "model_arch");
    if (arch && strcmp(arch, "gpt2") != 0)
        return reading_error(r, "model_arch", "\"%.60s\" is not modelled: decoders alone are",
                             arch);
    static const char *const experts[] = {"moe_num_experts", "num_experts"}; /* newer, older */
    for (size_t i = 0; i < sizeof experts / sizeof *experts; i++) {
        if (reading_number(r, experts[i]) > 1)
            return reading_error(r, experts[i], "GPT-NeoX's experts are not modelled");
    }
    return r->e->status;
}

enum { WIDTH_MAX = 1 << 26 }; /* beyond any model */

/* The width of the MLP, and whether it is gated. "llama": 8/3 of the hidden size, a multiple of
 * 256. A gated activation divides what is told, 4 hidden sizes where nothing is, by three. */
static void read_width(struct framework_reader *r, struct model *m)
{
    static const char *const gated[] = {"geglu", "swiglu", "reglu", "bilinear", NULL};
    const char *type = reading_value(r, "mlp_type"), *activation = reading_value(r, "activation");
    int told = reading_number(r, "intermediate_size");
    int factor = reading_number(r, "expansion_factor");
    int given = reading_number(r, "mlp_multiple_of");
    bool llama = type && (strcmp(type, "llama") == 0 || strcmp(type, "gated") == 0);
    bool glu = !llama && activation && names_find(gated, activation) >= 0;
    double multiple = given > 0 ? given : llama ? 256 : 1;
    double width = told > 0 ? told : (factor > 0 ? factor : 4.0) * m->hidden_size;
    m->gated_mlp = llama || glu;
    if (llama && told > 0)
        multiple = 1;
    else if (llama)
        width = floor(2 * width / 3);
    if (glu)
        width = floor(floor(2 * width / 3) / 2);
    width = ceil(width / multiple) * multiple;
    if (width > WIDTH_MAX)
        reading_error(r, "intermediate_size", "a width of %g is no model's", width);
    else
        m->intermediate_size = (int)width;
}

/* The tokenizer's: EleutherAI's own is known by its file, GPT-2's is the default. */
static void read_vocabulary(struct framework_reader *r, struct model *m)
{
    static const int neox_20b = 50277, gpt2 = 50257;
    const char *file = reading_value(r, "vocab_file");
    if (file && (strstr(file, "20B_tokenizer") || strstr(file, "20b_tokenizer")))
        m->vocab_size = neox_20b;
    const char *type = reading_value(r, "tokenizer_type");
    bool gpt2_files = !type && file && strstr(file, "gpt2-vocab");
    if (((file || type) && !gpt2_files) || reading_number(r, "padded_vocab_size") > 0)
        return;
    m->vocab_size = gpt2;
    if (!file)
        text_add(r->notes, "no tokenizer is told: GPT-2's, of 50257 words, is the default\n");
}

/* To a multiple of 128, or of what is told, for each tensor rank. */
static void pad_vocabulary(struct framework_reader *r, struct model *m)
{
    static const int usual = 128;
    int divisor = reading_number(r, "make_vocab_size_divisible_by");
    if (reading_number(r, "padded_vocab_size") == 0)
        m->vocab_size = model_config_pad(m->vocab_size, (double)(divisor > 0 ? divisor : usual) *
                                                            r->run->strategy.tp);
}

static bool is_on_unless(struct framework_reader *r, const char *key)
{
    return !reading_value(r, key) || reading_switch(r, key);
}

static void read_layers(struct framework_reader *r, struct model *m)
{
    const char *norm = reading_value(r, "norm"), *positions = reading_value(r, "pos_emb");
    const char *type = reading_value(r, "mlp_type");
    bool tied = reading_switch(r, "gpt_j_tied");
    m->rotary = positions && strcmp(positions, "rotary") == 0;
    m->position_embeddings =
        !positions || strcmp(positions, "learned") == 0 ? m->max_position_embeddings : 0;
    m->layer_norm_bias = is_on_unless(r, "use_bias_in_norms") && !(norm && strstr(norm, "rmsnorm"));
    m->attention_bias = m->attention_output_bias = is_on_unless(r, "use_bias_in_attn_linear");
    m->mlp_bias = is_on_unless(r, "use_bias_in_mlp") && !(type && strcmp(type, "llama") == 0);
    m->parallel_block = reading_switch(r, "gpt_j_residual");
    m->norms_per_layer = m->parallel_block && tied ? 1 : 2;
}

enum status gpt_neox_read_model(struct framework_reader *r)
{
    struct model *m = &r->run->scenario.model;
    if (refuse_others(r) != STATUS_OK)
        return r->e->status;
    read_width(r, m);
    read_vocabulary(r, m);
    if (r->e->status != STATUS_OK || megatron_read_model(r) != STATUS_OK)
        return r->e->status;
    read_layers(r, m);
    pad_vocabulary(r, m);
    return r->e->status;
}

/* fp16's block may hold bf16's name; without any it trains in fp32, which is told. */
enum status gpt_neox_read_precision(struct framework_reader *r)
{
    static const char *const names[] = {"fp16", "fp32", "bfloat16", NULL};
    const char *name = reading_value(r, "precision"), *type = reading_value(r, "fp16.type");
    bool bf16 = reading_switch(r, "bf16.enabled"), fp16 = reading_switch(r, "fp16.enabled");
    bf16 =
        bf16 || (name && strcmp(name, "bfloat16") == 0) || (type && strcmp(type, "bfloat16") == 0);
    fp16 = fp16 || (name && strcmp(name, "fp16") == 0);
    if (name && !value_is_unresolved(name) && names_find(names, name) < 0)
        return reading_error(r, "precision", "expected fp16, fp32 or bfloat16, got %.40s", name);
    if (!name && !bf16 && !fp16)
        text_add(r->notes, "no precision is told: fp32 is taken, as it trains then; "
                           "--precision tells\n");
    r->run->scenario.job.precision = bf16 ? DTYPE_BF16 : fp16 ? DTYPE_FP16 : DTYPE_FP32;
    if (reading_switch(r, "fp32_allreduce"))
        r->run->scenario.stack.gradient_reduce_bytes = 4;
    return STATUS_OK;
}

/* Of three sizes two tell the third; all three must agree. */
enum status gpt_neox_read_batch(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    int stages = reading_number(r, "pipe_parallel_size"); /* 0: none, as 1 */
    s->pp = stages > 1 ? stages : 1;
    int batch = reading_count(r, "train_batch_size");
    int micro = reading_count(r, "train_micro_batch_size_per_gpu");
    int steps = reading_count(r, "gradient_accumulation_steps");
    double replicas = r->run->scenario.system.gpus / ((double)s->tp * s->pp);
    if (r->e->status != STATUS_OK || deepspeed_read_batch(r) != STATUS_OK)
        return r->e->status;
    double product = (double)micro * steps * replicas;
    if (batch > 0 && product >= 1 && (product > batch || product < batch))
        return reading_error(r, "train_batch_size",
                             "%d is not %d sequences x %d micro-batches x %g replicas", batch,
                             micro, steps, replicas);
    return STATUS_OK;
}

/* Its pipeline reduces gradients behind the last micro-batch. */
enum status gpt_neox_read_sharding(struct framework_reader *r)
{
    const char *bucket = reading_value(r, "zero_optimization.reduce_bucket_size");
    if (bucket && !value_is_unresolved(bucket))
        field_set(framework_field(OBJECT_STACK, "dp_bucket_parameters"), bucket,
                  &r->run->scenario.stack, r->e);
    if (r->e->status != STATUS_OK || deepspeed_read_sharding(r) != STATUS_OK)
        return r->e->status;
    if (r->run->strategy.pp > 1)
        r->run->strategy.overlaps = 0;
    return STATUS_OK;
}

/* "[[["flash"], 32]]", here as words; without it every layer attends to all by separate kernels. */
enum status gpt_neox_read_attention(struct framework_reader *r)
{
    static const char *const known[] = {"flash", "global", NULL};
    struct strategy *s = &r->run->strategy;
    const char *config = reading_value(r, "attention_config");
    s->attention = reading_switch(r, "te_mha") ? ATTENTION_FLASH : ATTENTION_UNFUSED;
    bool flash = false, others = false;
    for (const char *at = config; at && *at != '\0';) {
        char word[32] = "";
        size_t n = strcspn(at, " ");
        memcpy(word, at, n < sizeof word ? n : sizeof word - 1);
        bool count = strspn(word, "0123456789") == strlen(word);
        if (!count && names_find(known, word) < 0)
            return reading_error(r, "attention_config",
                                 "\"%s\" is not modelled: flash and global attention are", word);
        flash = flash || strcmp(word, "flash") == 0;
        others = others || strcmp(word, "global") == 0;
        at += n + strspn(at + n, " ");
    }
    if (flash)
        s->attention = ATTENTION_FLASH;
    if (flash && others)
        text_add(r->notes,
                 "attention_config has fused and unfused layers: all are taken as fused\n");
    return STATUS_OK;
}

/* Fused kernels are built and used where told. */
enum status gpt_neox_read_rest(struct framework_reader *r)
{
    struct kernels *k = &r->run->scenario.stack.kernels;
    bool causal = reading_switch(r, "scaled_upper_triang_masked_softmax_fusion");
    static const char *const adams[] = {"adam", "adamw", "fusedadam", NULL};
    const char *optimizer = reading_value(r, "optimizer.type");
    if (optimizer && names_find(adams, optimizer) < 0)
        text_addf(r->notes, "the optimizer %.40s is taken as Adam with moments in fp32\n",
                  optimizer);
    k->fused_softmax = reading_switch(r, "scaled_masked_softmax_fusion") || causal;
    k->fused_activation = reading_switch(r, "bias_gelu_fusion");
    k->fused_residual = reading_switch(r, "bias_dropout_fusion");
    k->fused_rope = reading_switch(r, "rope_fusion");
    megatron_read_dropout(r);
    if (reading_switch(r, "checkpoint_activations"))
        r->run->strategy.recompute = RECOMPUTE_FULL;
    return STATUS_OK;
}

/* num_nodes is -1 where all of the host file's count, which no setting tells. */
void gpt_neox_read_launch(struct framework_reader *r, struct launch *launch)
{
    const char *nodes = reading_value(r, "num_nodes");
    int all = reading_number(r, "global_num_gpus"), each = reading_number(r, "num_gpus");
    launch->processes = all;
    launch->gpus_per_node = each;
    launch->nodes = nodes && *nodes != '-' ? reading_number(r, "num_nodes") : 0;
    launch->torchrun = all == 0 && each > 0 && launch->nodes > 0;
}
