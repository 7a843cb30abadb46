/* AMD's Primus: Megatron-LM's arguments three sections deep, over a model's own file that is not
 * followed (examples/megatron/configs, primus/configs/models/megatron). */
#include "parallelism/frameworks/primus.h"
#include "base/text.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/settings.h"
#include <stdio.h>
#include <string.h>

enum { MODEL_FILE_MAX = 64 };

/* The name without its end, "" where it is longer than any model's. */
static void without(const char *name, const char *end, char out[MODEL_FILE_MAX])
{
    size_t n = strlen(name) - (text_ends_with(name, end) ? strlen(end) : 0);
    snprintf(out, MODEL_FILE_MAX, "%.*s", (int)(n < MODEL_FILE_MAX ? n : 0), name);
}

/* A setting of the model's shape that is not the named model's; NULL: none. */
static const char *other_shape(struct framework_reader *r, const struct model *m)
{
    const struct {
        const char *key;
        int own;
    } shape[] = {
        {"num_layers",          m->layers               },
        {"hidden_size",         m->hidden_size          },
        {"ffn_hidden_size",     m->intermediate_size    },
        {"num_attention_heads", m->heads                },
        {"num_experts",         m->experts              },
        {"moe_router_topk",     m->experts_per_token    },
        {"moe_ffn_hidden_size", m->moe_intermediate_size},
    };
    for (size_t i = 0; i < sizeof shape / sizeof *shape; i++) {
        int told = reading_number(r, shape[i].key);
        if (told > 0 && told != shape[i].own)
            return shape[i].key;
    }
    return NULL;
}

enum status primus_read_model(struct framework_reader *r, bool *named)
{
    const char *file = reading_value(r, "modules.pre_trainer.model");
    file = file ? file : reading_value(r, "modules.post_trainer.model");
    *named = file && r->run->scenario.model.hidden_size < 1 && !value_is_unresolved(file);
    if (!*named)
        return STATUS_OK;
    struct model *m = &r->run->scenario.model;
    char name[MODEL_FILE_MAX];
    without(file, ".yaml", name);
    int mtp = m->mtp_layers;
    if (model_config_named(r, name) != STATUS_OK || !r->run->model_given)
        return r->e->status;
    const char *other = other_shape(r, m);
    if (other)
        text_addf(r->notes, "%s is not that of %s: name the model by --model\n", other, m->name);
    if (reading_value(r, "moe_layer_freq"))
        text_addf(r->notes, "moe_layer_freq: which layers have experts is taken as %s has it\n",
                  m->name);
    r->run->model_given = !other;
    if (other)
        r->run->model_name[0] = '\0';
    if (reading_value(r, "mtp_num_layers"))
        m->mtp_layers = mtp;
    return r->e->status;
}

enum status primus_read_recipe(struct framework_reader *r)
{
    const char *file = reading_value(r, "modules.pre_trainer.model");
    char whole[MODEL_FILE_MAX], name[MODEL_FILE_MAX];
    if (!file || value_is_unresolved(file))
        return STATUS_OK;
    without(file, ".yaml", whole);
    without(whole, "-fp8", name);
    if (text_ends_with(whole, "-fp8"))
        r->run->scenario.job.precision = DTYPE_FP8;
    text_add(r->notes,
             "Primus's base configuration is not followed: torchtitan's defaults are taken "
             "where a setting is not given\n");
    return model_config_named(r, name);
}
