/* Any bytes are a model or an error with a place. A model has finite, positive counts, and its layers
 * are of its kinds. */
#include "model/model.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static bool positive(double x)
{
    return isfinite(x) && x > 0;
}

static void check_model(const struct model *m)
{
    struct model_parameters p = model_parameters(m);
    require(positive(p.total) && positive(p.active) && p.active <= p.total && p.mtp >= 0);
    require(positive(model_kv_bytes_per_token(m, 2)));
    require(positive(model_flop_per_token(m, 4096)));
    require(m->layers >= 1 && m->layers <= MODEL_LAYERS_MAX);
    require(m->kinds >= 1 && m->kinds <= MODEL_LAYER_KINDS_MAX);
    for (int i = 0; i < m->layers; i++)
        require(m->kind_of_layer[i] < m->kinds);
    require(m->heads % m->kv_heads == 0 && m->experts_per_token <= m->experts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model model;
    struct error e;
    error_init(&e);
    struct json *json = json_parse((const char *)data, size, "fuzz", &e);
    if (!json)
        return 0;
    if (model_read(json, json_root(json), &model, &e) == STATUS_OK)
        check_model(&model);
    else
        require(e.status == STATUS_INPUT && e.message[0] && e.line >= 1 && e.column >= 1);
    json_free(json);
    return 0;
}
