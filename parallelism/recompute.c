/* What recomputing a layer repeats and frees. MODELLING 6.2 */
#include "parallelism/layer_cost.h"

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

struct layer_recompute layer_recompute(const struct block_cost *layer, const struct strategy *s,
                                       enum recompute how)
{
    struct layer_recompute r = {0, 0, 0, 0};
    for (int i = 0; i < MODULES; i++) {
        bool again = how == RECOMPUTE_FULL
                         ? i != MODULE_RESIDUAL
                         : how == RECOMPUTE_SELECTIVE && module_recomputed(s, (enum module)i);
        *(again ? &r.working_bytes : &r.kept_bytes) += layer->activation_bytes[i];
        if (again && how == RECOMPUTE_SELECTIVE) {
            r.seconds += layer->module_forward_s[i];
            r.flop += layer->module_forward_flop[i];
        }
    }
    if (how == RECOMPUTE_FULL) {
        r.seconds = layer->forward;
        r.flop = layer->forward_flop;
    }
    return r;
}
