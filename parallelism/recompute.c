/* What recomputing a layer repeats and frees. MODELLING 6.2 */
#include "parallelism/layer_cost.h"
#include "parallelism/stack.h"
#include <math.h>

/* Modules whose saved tensors a selective recompute of `module` frees and whose forward it repeats.
 */
static bool module_recomputed(const struct strategy *s, enum module module)
{
    unsigned set = s->recompute_modules ? s->recompute_modules : 1u << MODULE_CORE_ATTENTION;
    if (set >> module & 1)
        return true;
    if (module == MODULE_MLP_ACT)
        return set >> MODULE_MLP & 1;
    if (module == MODULE_MOE_ACT || module == MODULE_ROUTER)
        return set >> MODULE_MOE & 1;
    return false;
}

/* Share of a module that is repeated where attention and every second matrix product are saved: in
 * a layer's order q, k, v, out, gate, up, down the second, fourth and sixth, half of the
 * attention's linear layers with any number of key-value heads and a third of a gated MLP; and all
 * that is no product. torchtitan's selective_ac_option "op", which the files of its models set. */
static const double alternate_frac[MODULES] = {
    [MODULE_LAYERNORM] = 1,     [MODULE_ATTENTION_LINEAR] = 0.5,
    [MODULE_MLA_UP_PROJ] = 0.5, [MODULE_MLP] = 1.0 / 3,
    [MODULE_MLP_ACT] = 1,       [MODULE_ROUTER] = 1,
    [MODULE_MOE] = 1, /* grouped products are none of the saved kind */
    [MODULE_MOE_ACT] = 1,       [MODULE_SHARED_EXPERTS] = 1.0 / 3,
    [MODULE_SCAN] = 0.5, /* two products; its scan counts as they do */
};

/* Selective recompute by products of a precision that the saved operators do not name: all of a
 * layer's products run again, of attention its linear layers. compute_intensive_ops
 * (torch/_functorch/partitioners.py) has _scaled_mm and lacks _scaled_mm_v2, which takes nvfp4's
 * two levels of scales: that training calls it is assumed. A Llama 3 8B keeps 36 KB a token and
 * layer less so than in bf16, whose saved products make 39 (calibrate/published:
 * blackwell_users_2026). */
static bool saves_no_product(const struct stack *stack, const struct strategy *s,
                             enum dtype precision, enum recompute how)
{
    return how == RECOMPUTE_SELECTIVE && stack->saves_alternate_products && !s->recompute_modules &&
           precision == DTYPE_NVFP4;
}

/* The same where projections of attention add biases: those are addmm, which is saved and not
 * counted among the alternate ones. [torchtitan, distributed/activation_checkpoint.py: mm_ops] */
static double alternate_repeated_frac(const struct block_cost *layer, enum module module)
{
    return layer->biased_attention && module == MODULE_ATTENTION_LINEAR ? 0
                                                                        : alternate_frac[module];
}

static double repeated_frac(const struct block_cost *layer, const struct stack *stack,
                            const struct strategy *s, enum dtype precision, enum recompute how,
                            enum module module)
{
    if (how == RECOMPUTE_FULL)
        return module != MODULE_RESIDUAL;
    if (how != RECOMPUTE_SELECTIVE)
        return 0;
    if (saves_no_product(stack, s, precision, how))
        return module != MODULE_RESIDUAL && module != MODULE_CORE_ATTENTION;
    if (stack->saves_alternate_products && !s->recompute_modules)
        return alternate_repeated_frac(layer, module);
    return module_recomputed(s, module);
}

/* Selective recompute by products keeps what collectives bring, beside what is made of it again:
 * tokens before they are sorted, experts' outputs before they are weighted. [torchtitan,
 * distributed/activation_checkpoint.py: comm_ops] */
static bool saves_exchanges(const struct stack *stack, const struct strategy *s, enum recompute how)
{
    return how == RECOMPUTE_SELECTIVE && stack->saves_alternate_products && !s->recompute_modules;
}

/* JAX's policies save what products make: attention that runs again does not keep what the next
 * product reads, as a checkpoint around it would. [jax.checkpoint_policies,
 * checkpoint_dots_with_no_batch_dims; MaxText's remat_policy "minimal"] */
static bool repeats_attention_output(const struct stack *stack, const struct strategy *s,
                                     enum recompute how)
{
    return how == RECOMPUTE_SELECTIVE && stack->saves_products_alone &&
           module_recomputed(s, MODULE_CORE_ATTENTION);
}

struct layer_recompute layer_recompute(const struct block_cost *layer, const struct stack *stack,
                                       const struct strategy *s, enum dtype precision,
                                       enum recompute how)
{
    struct layer_recompute r = {0, 0, 0, 0, 0};
    double launches = 0;
    for (int i = 0; i < MODULES; i++) {
        double again = repeated_frac(layer, stack, s, precision, how, (enum module)i);
        r.working_bytes += again * layer->activation_bytes[i];
        r.kept_bytes += (1 - again) * layer->activation_bytes[i];
        r.seconds += again * layer->module_forward_s[i];
        r.flop += again * layer->module_forward_flop[i];
        launches += again * layer->module_launches[i];
    }
    if (repeats_attention_output(stack, s, how)) {
        r.kept_bytes -= layer->attention_output_bytes;
        r.working_bytes += layer->attention_output_bytes;
    }
    if (saves_exchanges(stack, s, how)) /* at most what all that is freed took */
        r.kept_bytes += fmin(layer->exchanged_bytes, r.working_bytes);
    r.hidden_s =
        repeated_frac(layer, stack, s, precision, how, MODULE_MOE) * layer->hidden_forward_s;
    if (how == RECOMPUTE_FULL) {
        double left_out = stack->prunes_recompute;
        r.seconds = layer->forward - layer->forward_s[TERM_HOST];
        r.seconds -= left_out * layer->unread_forward_s;
        r.flop = layer->forward_flop - left_out * layer->unread_forward_flop;
        launches = layer->forward_launches - left_out * layer->unread_launches;
    }
    if (saves_no_product(stack, s, precision, how)) {
        r.seconds += layer->module_forward_s[MODULE_RESIDUAL] - layer->unread_forward_s;
        r.flop -= layer->unread_forward_flop;
        launches += layer->module_launches[MODULE_RESIDUAL] - layer->unread_launches;
    }
    r.seconds += exposed_host_s(r.seconds, launches, stack->constant[STACK_HOST].value);
    if (s->tiles >> TILE_MLP & 1) { /* its backward pass runs each tile's forward pass again */
        r.seconds += layer->module_forward_s[MODULE_MLP] + layer->module_forward_s[MODULE_MLP_ACT];
        r.flop += layer->module_forward_flop[MODULE_MLP];
    }
    return r;
}
