#include "parallelism/frameworks/model_config.h"
#include <math.h>
#include <stdio.h>

enum status model_config_read(struct framework_reader *r, const struct text *config)
{
    struct model *m = &r->run->scenario.model;
    if (config->failed || !config->data)
        return error_set(r->e, STATUS_IO, "out of memory");
    struct json *json = json_parse(config->data, config->length, "the model's settings", r->e);
    if (!json)
        return r->e->status;
    enum status status = model_read(json, json_root(json), m, r->e);
    json_free(json);
    snprintf(m->name, sizeof m->name, "from-file");
    r->run->model_given = status == STATUS_OK;
    return status;
}

int model_config_pad(int vocabulary, double multiple)
{
    static const double most = 1e9;
    double padded = multiple >= 1 ? ceil(vocabulary / multiple) * multiple : vocabulary;
    return padded <= most ? (int)padded : vocabulary;
}
