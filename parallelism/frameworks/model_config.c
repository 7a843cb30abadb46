#include "parallelism/frameworks/model_config.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

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

const char *model_config_base(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *slash = strrchr(name, '/');
    const char *base = slash && slash[1] != '\0' ? slash + 1 : name;
    return value_is_unresolved(name) && base[strspn(base, plain)] != '\0' ? NULL : base;
}

enum status model_config_named(struct framework_reader *r, const char *name)
{
    struct error unknown;
    error_init(&unknown);
    const char *base = model_config_base(name);
    if (!base)
        return STATUS_OK;
    if (model_of_catalog(base, NULL, &r->run->scenario.model, &unknown) == STATUS_IO)
        return error_set(r->e, STATUS_IO, "%s", unknown.message);
    if (unknown.status != STATUS_OK) {
        text_addf(r->notes, "the model %.80s is not in the catalog: name it by --model\n", name);
        return STATUS_OK;
    }
    snprintf(r->run->model_name, sizeof r->run->model_name, "%s", r->run->scenario.model.name);
    r->run->model_given = true;
    return STATUS_OK;
}

int model_config_pad(int vocabulary, double multiple)
{
    static const double most = 1e9;
    double padded = multiple >= 1 ? ceil(vocabulary / multiple) * multiple : vocabulary;
    return padded <= most ? (int)padded : vocabulary;
}
