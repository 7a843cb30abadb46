#include "model/op_emit.h"
#include <assert.h>
#include <string.h>

struct op *emit_op(struct emitter *e, enum op_kind kind, enum op_name name, enum module module,
                   enum phase phase)
{
    assert(e->out->n < OPS_MAX);
    struct op *op = &e->out->op[e->out->n++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->name = name;
    op->module = module;
    op->phase = phase;
    op->dtype = shard_dtype16(e->shard);
    op->repeat = 1;
    op->launches = 1;
    return op;
}

struct op *emit_memory(struct emitter *e, enum op_name name, enum module module, enum phase phase,
                       struct memory_op memory, double launches)
{
    struct op *op = emit_op(e, OP_MEMORY, name, module, phase);
    op->memory = memory;
    op->launches = launches;
    return op;
}

static int comm_size(const struct shard *s, enum comm comm)
{
    const int size[COMMS] = {
        [COMM_TP] = s->tp, [COMM_CP] = s->cp, [COMM_EP] = s->ep,    [COMM_ETP] = s->etp,
        [COMM_PP] = 2,     [COMM_DP] = 2,     [COMM_EXPERT_DP] = 2,
    };
    return size[comm];
}

static enum comm comm_of(enum op_name name)
{
    if (name == OP_NAME_CP_EXCHANGE)
        return COMM_CP;
    if (name == OP_NAME_DISPATCH || name == OP_NAME_COMBINE)
        return COMM_EP;
    return name == OP_NAME_ETP_GATHER || name == OP_NAME_ETP_SCATTER ? COMM_ETP : COMM_TP;
}

void emit_collective(struct emitter *e, enum op_name name, enum module module, enum phase phase,
                     enum collective collective, double bytes)
{
    enum comm comm = comm_of(name);
    if (comm_size(e->shard, comm) <= 1)
        return;
    struct op *op = emit_op(e, OP_COLLECTIVE, name, module, phase);
    op->collective = collective;
    op->comm = comm;
    op->bytes = bytes;
}

enum dtype shard_dtype16(const struct shard *shard)
{
    return shard->precision == DTYPE_FP16 ? DTYPE_FP16 : DTYPE_BF16;
}

bool trains_with_dropout(const struct model *model, const struct kernels *kernels)
{
    return kernels->dropout && !model->gated_mlp && model->scan_heads == 0;
}

double shard_dtype16_bytes(void)
{
    return 2;
}

static bool quantised(enum dtype dtype)
{
    return dtype_is_fp8(dtype) || dtype == DTYPE_NVFP4;
}

/* Bytes of a quantised element with its share of the scales. */
static double quantised_bytes(enum dtype dtype)
{
    double scale_bytes = dtype == DTYPE_MXFP8 ? 1.0 / 32 : dtype == DTYPE_NVFP4 ? 1.0 / 16 : 0;
    return dtype_bytes(dtype) + scale_bytes;
}

/* Each expert's product is launched alone. */
static bool one_by_one(const struct emitter *e, const struct linear *l)
{
    return l->groups > 0 && !e->kernels->grouped_gemm;
}

/* nvfp4 adds a Hadamard pass to the copy that the weight gradient reads. */
static double hadamard_bytes(enum dtype dtype)
{
    return dtype == DTYPE_NVFP4 ? 2 : 0;
}

/* Casts of n 16-bit elements, `bytes` read and written an element. Where each expert's product is
 * launched alone, so is its cast, with a kernel beside it (largest values first, or the scales'
 * layout). */
static void emit_cast(struct emitter *e, const struct linear *l, enum phase phase, double n,
                      double bytes)
{
    bool alone = one_by_one(e, l);
    double casts = alone ? l->groups : 1;
    struct op *op =
        emit_memory(e, OP_NAME_QUANTISE, l->module, phase,
                    (struct memory_op){MEMORY_QUANTISE, n * bytes / casts}, alone ? 2 : 1);
    op->repeat = casts;
}

/* One quantisation pass over n 16-bit elements: read 2 B, write the row copy and the transposed
 * copy that the weight gradient needs (both of dtype_bytes), scales included. Where the kernel
 * before it writes the copies itself, nothing is read and two 1-byte copies replace one 2-byte
 * output: no pass at all. Where each expert's product is launched alone, no kernel before writes
 * the copies. MODELLING 2.5, appendix B */
static void emit_quantise(struct emitter *e, const struct linear *l, enum phase phase, double n,
                          bool fused)
{
    bool written_before = fused && e->kernels->fused_quantise && !one_by_one(e, l);
    if (!quantised(l->dtype) || e->kernels->casts_each_product || written_before)
        return;
    emit_cast(e, l, phase, n, 2 + 2 * quantised_bytes(l->dtype) + hadamard_bytes(l->dtype));
}

/* Each product casts what it reads: the input along its rows forward and, kept in 16 bit, along its
 * columns for the weight gradient, the gradient along both, the weight once forward and once back.
 * [torchao, prototype/mx_formats/mx_linear.py, mx_mm; float8/float8_linear.py] */
static void emit_casts_of_each(struct emitter *e, const struct linear *l)
{
    if (!quantised(l->dtype) || !e->kernels->casts_each_product)
        return;
    double groups = l->groups > 0 ? l->groups : 1, weight = groups * l->in * l->out;
    double in = groups * l->tokens * l->in, out = groups * l->tokens * l->out;
    double bytes = 2 + quantised_bytes(l->dtype);
    emit_cast(e, l, PHASE_FORWARD, in + weight, bytes);
    emit_cast(e, l, PHASE_BACKWARD_INPUT, out + weight, bytes);
    emit_cast(e, l, PHASE_BACKWARD_WEIGHT, in + out, bytes + hadamard_bytes(l->dtype));
}

static void emit_product(struct emitter *e, const struct linear *l, enum phase phase,
                         const struct gemm *shape)
{
    bool grouped = l->groups > 0;
    bool one_launch = !grouped || e->kernels->grouped_gemm;
    struct op *op =
        emit_op(e, grouped && one_launch ? OP_GROUPED_GEMM : OP_GEMM, l->name, l->module, phase);
    op->dtype = l->dtype;
    op->gemm = *shape;
    op->gemm.batch = grouped && one_launch ? l->groups : 1;
    op->gemm.skew = grouped ? e->shard->expert_imbalance : 1;
    op->repeat = one_launch ? 1 : l->groups;
    op->launches = one_launch ? 1 : e->kernels->expert_launches;
}

/* dW of in x out: accumulated in the GEMM, or written in 16 bit and added by a kernel of its own.
 */
static void emit_weight_gradient(struct emitter *e, const struct linear *l)
{
    bool fused = e->kernels->gradient_accumulation_fusion;
    double main_bytes = e->kernels->gradient_bytes;
    struct gemm g = {l->in, l->out, l->tokens, 1, fused ? main_bytes : 2, fused, 1};
    emit_product(e, l, PHASE_BACKWARD_WEIGHT, &g);
    if (!fused)
        emit_memory(e, OP_NAME_GRADIENT_ACCUMULATE, l->module, PHASE_BACKWARD_WEIGHT,
                    (struct memory_op){MEMORY_ELEMENTWISE, (2 + 2 * main_bytes) * l->in * l->out *
                                                               (l->groups > 0 ? l->groups : 1)},
                    1);
}

void emit_linear(struct emitter *e, const struct linear *l)
{
    double groups = l->groups > 0 ? l->groups : 1;
    emit_casts_of_each(e, l);
    emit_quantise(e, l, PHASE_FORWARD, groups * l->tokens * l->in, l->input_fused);
    emit_product(e, l, PHASE_FORWARD, &(struct gemm){l->tokens, l->out, l->in, 1, 2, false, 1});
    emit_quantise(e, l, PHASE_BACKWARD_INPUT, groups * l->tokens * l->out, l->gradient_fused);
    emit_product(e, l, PHASE_BACKWARD_INPUT,
                 &(struct gemm){l->tokens, l->in, l->out, 1, 2, false, 1});
    emit_weight_gradient(e, l);
}

/* Norm: forward reads and writes 2 B an element; backward reads dy, x, y and writes dx (8 B). Eager
 * kernels pass over it again and again, in fp32 between two casts, bytes read and written:
 *     forward: cast 2 + 4, square 4 + 4, mean 4, product 4 + 4, cast 4 + 2, weight 2 + 2
 *     backward: weight 2 + 2, its gradient 4 + 2 and its sum 2, cast 2 + 4, product 4 + 4, the
 *         root's gradient 8 + 4 and its sum 4, the mean's 4, the square's 4 + 4, 4 + 4 and 8 + 4,
 *         both gradients' sum 8 + 4, cast 4 + 2
 * [Transformers, modeling_llama.py: LlamaRMSNorm.forward; PyTorch, FunctionsManual.cpp:
 * pow_backward, mean_backward] */
void emit_norm(struct emitter *e, enum op_name name, double elements)
{
    bool fused = e->kernels->fused_norm;
    enum memory_class kind = fused ? MEMORY_NORM : MEMORY_ELEMENTWISE;
    emit_memory(e, name, MODULE_LAYERNORM, PHASE_FORWARD,
                (struct memory_op){kind, elements * (fused ? 4 : 36)}, fused ? 1 : 8);
    emit_memory(e, name, MODULE_LAYERNORM, PHASE_BACKWARD_INPUT,
                (struct memory_op){kind, elements * (fused ? 8 : 92)}, fused ? 2 : 16);
}

void emit_norms(struct emitter *e, enum op_name name, int count, double elements)
{
    for (int i = 0; i < count; i++)
        emit_norm(e, name, elements);
}

/* Bias, dropout and residual add: fused 7 B with a dropout mask (6 without) and 5 B (0 without)
 * back; one kernel each otherwise: bias 4, dropout 5, add 6 forward. */
void emit_residual(struct emitter *e, enum op_name name, double elements)
{
    bool dropout = trains_with_dropout(e->model, e->kernels), fused = e->kernels->fused_residual;
    double forward = fused ? (dropout ? 7 : 6) : (dropout ? 15 : 6);
    double backward = dropout ? 5 : 0;
    emit_memory(e, name, MODULE_RESIDUAL, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, elements * forward}, fused ? 1 : 2);
    if (backward > 0 || !fused)
        emit_memory(
            e, name, MODULE_RESIDUAL, PHASE_BACKWARD_INPUT,
            (struct memory_op){MEMORY_ELEMENTWISE, elements * (fused ? backward : backward + 6)},
            1);
}

/* What a product takes in 8 or 4 bits may be gathered so; sums are scattered in 16. */
static double gathered_bytes(const struct emitter *e, enum module module, double bytes)
{
    enum dtype precision = e->shard->precision;
    bool narrow = e->kernels->quantised_gather && quantised(precision) && module != MODULE_HEAD;
    return narrow ? bytes * quantised_bytes(precision) / shard_dtype16_bytes() : bytes;
}

/* Tensor-parallel communication around a column-parallel, row-parallel pair of linears. With
 * sequence parallelism: gather in, scatter out, mirrored in the backward pass, and the input
 * gathered again for the weight gradient; else an all-reduce out and one back. [Korthikanti22
 * sec. 4.2] */
void emit_tp_in(struct emitter *e, enum module module, double bytes, double times)
{
    int first = e->out->n;
    if (e->shard->sequence_parallel) {
        emit_collective(e, OP_NAME_TP_GATHER, module, PHASE_FORWARD, COLLECTIVE_ALL_GATHER,
                        gathered_bytes(e, module, bytes));
        emit_collective(e, OP_NAME_TP_SCATTER, module, PHASE_BACKWARD_INPUT,
                        COLLECTIVE_REDUCE_SCATTER, bytes);
        if (!e->kernels->keeps_gathered_input)
            emit_collective(e, OP_NAME_TP_REGATHER, module, PHASE_BACKWARD_WEIGHT,
                            COLLECTIVE_ALL_GATHER, gathered_bytes(e, module, bytes));
    } else {
        emit_collective(e, OP_NAME_TP_REDUCE, module, PHASE_BACKWARD_INPUT, COLLECTIVE_ALL_REDUCE,
                        bytes);
    }
    for (int i = first; i < e->out->n; i++)
        e->out->op[i].repeat = times;
}

void emit_tp_out(struct emitter *e, enum module module, double bytes)
{
    if (e->shard->sequence_parallel) {
        emit_collective(e, OP_NAME_TP_SCATTER, module, PHASE_FORWARD, COLLECTIVE_REDUCE_SCATTER,
                        bytes);
        emit_collective(e, OP_NAME_TP_GATHER, module, PHASE_BACKWARD_INPUT, COLLECTIVE_ALL_GATHER,
                        gathered_bytes(e, module, bytes));
    } else {
        emit_collective(e, OP_NAME_TP_REDUCE, module, PHASE_FORWARD, COLLECTIVE_ALL_REDUCE, bytes);
    }
}

double tp_bytes(const struct emitter *e)
{
    return shard_tokens(e->shard) * e->model->hidden_size * shard_dtype16_bytes();
}
