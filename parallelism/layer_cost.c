#include "parallelism/layer_cost.h"
#include "base/minmax.h"
#include "hardware/power.h"
#include "parallelism/memo.h"
#include "parallelism/step.h"
#include "parallelism/tp_overlap.h"
#include <math.h>
#include <string.h>

/* Gap between back-to-back kernels on the device without graphs: 1 to 2 us. assumed: MODELLING 3 */
static const double kernel_gap_s = 1e-6;
/* How sharply a region turns from GPU-bound to host-bound: exponent of the norm that joins the two.
 */
static const double host_exponent = 6;

static double *phase_terms(struct block_cost *b, enum phase phase)
{
    return phase == PHASE_FORWARD          ? b->forward_s
           : phase == PHASE_BACKWARD_INPUT ? b->backward_input_s
                                           : b->backward_weight_s;
}

/* A ring of context ranks sends the next keys and values while it computes with the last: what the
 * attention of c - 1 of c steps does not cover is exposed. The seconds hidden. MODELLING 5.2 */
static double ring_hidden_s(const double terms[TERMS], double ring_s, int cp)
{
    double cover = terms[TERM_ATTENTION] * (cp - 1) / cp;
    return ring_s < cover ? ring_s : cover;
}

double exposed_host_s(double gpu_s, double launches, double host_s)
{
    double busy = gpu_s + launches * kernel_gap_s, issue = launches * host_s;
    double longest = busy > issue ? busy : issue;
    if (longest <= 0)
        return 0;
    double region =
        longest * pow(pow(busy / longest, host_exponent) + pow(issue / longest, host_exponent),
                      1 / host_exponent);
    return region - gpu_s;
}

static double sum_terms(const double terms[TERMS])
{
    double sum = 0;
    for (int i = 0; i < TERMS; i++)
        sum += terms[i];
    return sum;
}

/* The ops of a block and the seconds of each, its repeats together, at the benchmark's clock. */
struct priced {
    struct ops ops;
    double seconds[OPS_MAX];
};

double block_op_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                  int i, struct memo *memo)
{
    const struct op *whole = &ops->op[i];
    double seconds = whole->repeat * memo_op_s(memo, scenario, s, whole);
    int parts = tp_parts(s, ops, i);
    if (parts == 1)
        return seconds;
    struct op part = *whole;
    part.gemm.m /= parts;
    return max2(seconds, parts * part.repeat * memo_op_s(memo, scenario, s, &part));
}

static void price(const struct scenario *scenario, const struct strategy *s, struct memo *memo,
                  struct priced *p)
{
    for (int i = 0; i < p->ops.n; i++)
        p->seconds[i] = block_op_s(scenario, s, &p->ops, i, memo);
}

/* Load of the model's layers, forward and backward, each kind as often as the model has it. */
static void add_load(const struct scenario *scenario, const struct strategy *s,
                     const struct priced *p, double layers, struct power_load *load)
{
    for (int i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.op[i];
        double runs = layers * op->repeat;
        load->math_j += runs * op_flop(op) * power_flop_j(&scenario->system.gpu, op->dtype);
        load->other_j += runs * op_bytes(op) * power_byte_j();
        if (op_clocked(op))
            load->clocked_s += layers * p->seconds[i];
        else if (op_is_ring(op)) /* beside attention: a faster link must not raise the power */
            continue;
        else if (op->kind == OP_COLLECTIVE)
            load->fixed_s +=
                layers * (p->seconds[i] - op_hidden_s(scenario, s, &p->ops, p->seconds, i));
        else
            load->fixed_s += layers * p->seconds[i];
    }
}

static void price_layers(const struct scenario *scenario, const struct strategy *s,
                         const struct shard *shard, struct memo *memo, struct priced *layer)
{
    const struct model *m = &scenario->model;
    for (int i = 0; i < m->kinds; i++) {
        layer[i].ops.n = 0;
        layer_ops(m, &m->kind[i], shard, &scenario->stack.kernels, &layer[i].ops);
        price(scenario, s, memo, &layer[i]);
    }
}

static double layers_clock_frac(const struct scenario *scenario, const struct strategy *s,
                                const struct priced *layer)
{
    const struct model *m = &scenario->model;
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    struct power_load load = {0, 0, 0, 0};
    model_count_kinds(m, 0, m->layers, count);
    for (int i = 0; i < m->kinds; i++)
        add_load(scenario, s, &layer[i], count[i], &load);
    return power_clock_frac(&scenario->system.gpu, &load);
}

double strategy_clock_frac(const struct scenario *scenario, const struct strategy *s)
{
    struct priced layer[MODEL_LAYER_KINDS_MAX];
    struct shard shard = strategy_shard(s, &scenario->job);
    price_layers(scenario, s, &shard, NULL, layer);
    return layers_clock_frac(scenario, s, layer);
}

/* A stack's factor below 1, fitted on parts that stay well below their peaks, would take a part
 * past it whose rate is cut (h20 with h100's constants). */
double op_clocked_s(const struct gpu *gpu, const struct op *op, double seconds, double clock_frac)
{
    return op_clocked(op) ? max2(seconds / clock_frac, op->repeat * op_peak_s(gpu, op)) : seconds;
}

/* Takes note of what is hidden of an exchange of experts; the seconds hidden. */
static double hide(const struct op *op, double hidden_s, struct block_cost *out)
{
    if (op->comm == COMM_EP)
        *(op->phase == PHASE_FORWARD ? &out->hidden_forward_s : &out->hidden_backward_s) +=
            hidden_s;
    return hidden_s;
}

/* Whether the op only makes the output of a dense layer: the last product, what sums it over the
 * tensor-parallel ranks, the addition to the stream. No gradient inside the layer reads that, where
 * no norm follows. Experts' outputs are read by the gradient of the router. */
static bool op_is_unread(const struct model *m, const struct op *op)
{
    bool sum = op->kind == OP_COLLECTIVE && op->comm == COMM_TP && op->module == MODULE_MLP &&
               op->collective != COLLECTIVE_ALL_GATHER;
    return op->phase == PHASE_FORWARD && m->norms_per_layer <= 2 &&
           (op->name == OP_NAME_FC2 || op->name == OP_NAME_RESIDUAL_2 || sum);
}

/* Sums a block's ops by phase and term at the layers' clock. */
static void sum_block(const struct scenario *scenario, const struct strategy *s,
                      const struct priced *p, double clock_frac, struct block_cost *out)
{
    double launches[PHASES] = {0}, ring_s[PHASES] = {0}, clocked_s[OPS_MAX];
    for (int i = 0; i < p->ops.n; i++)
        clocked_s[i] =
            op_clocked_s(&scenario->system.gpu, &p->ops.op[i], p->seconds[i], clock_frac);
    for (int i = 0; i < p->ops.n; i++) {
        const struct op *op = &p->ops.op[i];
        double seconds =
            clocked_s[i] - hide(op, op_hidden_s(scenario, s, &p->ops, clocked_s, i), out);
        if (op_is_ring(op))
            ring_s[op->phase] += seconds;
        phase_terms(out, op->phase)[op_term(op)] += seconds;
        launches[op->phase] += op->repeat * op->launches;
        bool product = op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM;
        out->matrices += product && op->phase == PHASE_BACKWARD_WEIGHT;
        if (op->phase == PHASE_FORWARD) {
            out->module_forward_s[op->module] += seconds;
            out->module_forward_flop[op->module] += op->repeat * op_flop(op);
            out->forward_flop += op->repeat * op_flop(op);
            out->module_launches[op->module] += op->repeat * op->launches;
        }
        if (op_is_unread(&scenario->model, op)) {
            out->unread_forward_s += seconds;
            out->unread_launches += op->repeat * op->launches;
            out->unread_forward_flop += op->repeat * op_flop(op);
        }
    }
    for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_WEIGHT; phase++) {
        double *terms = phase_terms(out, (enum phase)phase);
        double hidden_s =
            scenario->stack.hides_ring ? ring_hidden_s(terms, ring_s[phase], s->cp) : 0;
        terms[TERM_CP] -= hidden_s;
        if (phase == PHASE_FORWARD)
            out->module_forward_s[MODULE_CORE_ATTENTION] -= hidden_s;
        terms[TERM_HOST] = exposed_host_s(sum_terms(terms), launches[phase],
                                          scenario->stack.constant[STACK_HOST].value);
    }
    out->forward = sum_terms(out->forward_s);
    out->backward_input = sum_terms(out->backward_input_s);
    out->backward_weight = sum_terms(out->backward_weight_s);
    out->forward_launches = launches[PHASE_FORWARD];
}

static void cost_layer(const struct scenario *scenario, const struct strategy *s,
                       const struct priced *p, const struct layer_kind *kind,
                       struct shard_cost *shard, struct block_cost *out)
{
    struct activations a;
    sum_block(scenario, s, p, shard->clock_frac, out);
    layer_activations(&scenario->model, kind, &shard->shard, &scenario->stack.kernels, &a);
    memcpy(out->activation_bytes, a.bytes, sizeof a.bytes);
    out->attention_output_bytes = a.attention_output;
    out->exchanged_bytes = a.exchanged;
    out->biased_attention = scenario->model.attention_bias;
    out->parameters = layer_shard_parameters(&scenario->model, kind, &shard->shard);
    out->largest_matrix = layer_largest_matrix(&scenario->model, kind, &shard->shard);
    out->backward_bytes =
        layer_backward_bytes(&scenario->model, kind, &shard->shard, &scenario->stack.kernels, &a);
}

static void block_add(struct block_cost *to, const struct block_cost *b)
{
    for (int i = 0; i < TERMS; i++) {
        to->forward_s[i] += b->forward_s[i];
        to->backward_input_s[i] += b->backward_input_s[i];
        to->backward_weight_s[i] += b->backward_weight_s[i];
    }
    for (int i = 0; i < MODULES; i++)
        to->activation_bytes[i] += b->activation_bytes[i];
    to->forward += b->forward;
    to->backward_input += b->backward_input;
    to->backward_weight += b->backward_weight;
    to->hidden_forward_s += b->hidden_forward_s;
    to->hidden_backward_s += b->hidden_backward_s;
    to->backward_bytes = fmax(to->backward_bytes, b->backward_bytes);
    to->parameters.dense += b->parameters.dense;
    to->parameters.expert += b->parameters.expert;
    to->forward_flop += b->forward_flop;
    to->matrices += b->matrices;
}

static void cost_ends(const struct scenario *scenario, const struct strategy *s, struct memo *memo,
                      struct shard_cost *out)
{
    const struct model *m = &scenario->model;
    const struct kernels *k = &scenario->stack.kernels;
    double stream = shard_sequence_tokens(&out->shard) * m->hidden_size;
    struct priced p;
    p.ops.n = 0;
    embedding_ops(m, &out->shard, k, &p.ops);
    price(scenario, s, memo, &p);
    sum_block(scenario, s, &p, out->clock_frac, &out->embedding);
    out->embedding.parameters.dense = embedding_shard_parameters(m, &out->shard);
    out->embedding.activation_bytes[MODULE_EMBEDDING] =
        k->dropout && !m->gated_mlp && m->scan_heads == 0 ? stream : 0;
    p.ops.n = 0;
    head_ops(m, &out->shard, k, &p.ops);
    price(scenario, s, memo, &p);
    sum_block(scenario, s, &p, out->clock_frac, &out->head);
    out->head.parameters.dense =
        vocabulary_padded(m, s->tp) / s->tp * m->hidden_size + m->hidden_size;
    out->head.activation_bytes[MODULE_HEAD] = 4 * stream; /* final norm's input and output */
}

/* A multi-token-prediction layer: its projection, a layer like the last one, and the head again. */
static void cost_mtp(const struct scenario *scenario, const struct strategy *s, struct memo *memo,
                     struct shard_cost *out)
{
    const struct model *m = &scenario->model;
    struct priced p;
    p.ops.n = 0;
    mtp_ops(m, &out->shard, &scenario->stack.kernels, &p.ops);
    price(scenario, s, memo, &p);
    sum_block(scenario, s, &p, out->clock_frac, &out->mtp);
    out->mtp.parameters.dense = 2.0 * m->hidden_size * m->hidden_size / s->tp;
    block_add(&out->mtp, &out->layer[m->kind_of_layer[m->layers - 1]]);
    struct shard_parameters layer = out->mtp.parameters;
    block_add(&out->mtp, &out->head);
    out->mtp.parameters = layer; /* the head's weights are shared */
}

static void add_phases(struct block_cost *b)
{
    for (int i = 0; i < TERMS; i++)
        b->total_s[i] = b->forward_s[i] + b->backward_input_s[i] + b->backward_weight_s[i];
}

static void finish_layer(const struct scenario *scenario, const struct strategy *s, int kind,
                         struct shard_cost *out)
{
    add_phases(&out->layer[kind]);
    for (int how = 0; how < RECOMPUTES; how++)
        out->recompute[how][kind] = layer_recompute(&out->layer[kind], &scenario->stack, s,
                                                    out->shard.precision, (enum recompute)how);
}

void shard_cost_compute(const struct scenario *scenario, const struct strategy *s,
                        struct memo *memo, struct shard_cost *out)
{
    const struct model *m = &scenario->model;
    struct priced layer[MODEL_LAYER_KINDS_MAX];
    memset(out, 0, sizeof *out);
    out->shard = strategy_shard(s, &scenario->job);
    out->kinds = m->kinds;
    price_layers(scenario, s, &out->shard, memo, layer);
    out->clock_frac = layers_clock_frac(scenario, s, layer);
    for (int i = 0; i < m->kinds; i++) {
        cost_layer(scenario, s, &layer[i], &m->kind[i], out, &out->layer[i]);
        out->hides_exchange |= out->layer[i].hidden_forward_s > 0;
    }
    cost_ends(scenario, s, memo, out);
    if (m->mtp_layers > 0)
        cost_mtp(scenario, s, memo, out);
    for (int i = 0; i < m->kinds; i++)
        finish_layer(scenario, s, i, out);
    add_phases(&out->embedding);
    add_phases(&out->head);
    add_phases(&out->mtp);
}
