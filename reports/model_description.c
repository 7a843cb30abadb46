#include "model/model_json.h"
#include "reports/description_kinds.h"
#include "reports/format.h"
#include "reports/table.h"
#include <math.h>
#include <string.h>

static const struct described_model *described(const void *thing)
{
    return thing;
}

static double parameters(const void *thing)
{
    return described(thing)->parameters.total;
}

static double active_parameters(const void *thing)
{
    return described(thing)->parameters.active;
}

static double layers(const void *thing)
{
    return described(thing)->model.layers;
}

static double hidden_size(const void *thing)
{
    return described(thing)->model.hidden_size;
}

static double heads(const void *thing)
{
    return described(thing)->model.heads;
}

static double kv_heads(const void *thing)
{
    return described(thing)->model.kv_heads;
}

static double experts(const void *thing)
{
    return described(thing)->model.experts;
}

static double flop_per_token(const void *thing)
{
    const struct described_model *d = thing;
    return model_flop_per_token(&d->model, d->seq_length);
}

static double kv_bytes_per_token(const void *thing)
{
    return model_kv_bytes_per_token(&described(thing)->model, 2);
}

static const struct figure figures[] = {
    {"parameters",         "parameters", UNIT_NONE,  4, parameters,         NULL, format_count_scaled},
    {"active_parameters",  "active",     UNIT_NONE,  4, active_parameters,  NULL, format_count_scaled},
    {"layers",             "layers",     UNIT_NONE,  4, layers,             NULL, NULL               },
    {"hidden_size",        "hidden",     UNIT_NONE,  4, hidden_size,        NULL, NULL               },
    {"heads",              "heads",      UNIT_NONE,  4, heads,              NULL, NULL               },
    {"kv_heads",           "KV heads",   UNIT_NONE,  4, kv_heads,           NULL, NULL               },
    {"experts",            "experts",    UNIT_NONE,  4, experts,            NULL, NULL               },
    {"flop_per_token",     "FLOP/token", UNIT_FLOP,  3, flop_per_token,     NULL, NULL               },
    {"kv_bytes_per_token", "KV/token",   UNIT_BYTES, 3, kv_bytes_per_token, NULL, NULL               },
    {NULL,                 NULL,         UNIT_NONE,  0, NULL,               NULL, NULL               },
};

/* Sequence length at which FLOP are counted where nobody asks for another: the models' common one.
 */
static const double usual_seq_length = 4096; /* as the list says */

static enum status find(const struct description_request *request, void *thing, struct error *e)
{
    struct described_model *d = thing;
    memset(d, 0, sizeof *d);
    if (model_find(request->name, request->catalog, &d->model, e) != STATUS_OK)
        return e->status;
    d->parameters = model_parameters(&d->model);
    d->seq_length = request->seq_length > 0 ? request->seq_length : usual_seq_length;
    return STATUS_OK;
}

struct part {
    const char *key, *title;
    size_t offset; /* in struct model_parameters */
};
#define PART(member, title)                                                                        \
    {                                                                                              \
#member, title, offsetof(struct model_parameters, member)                                  \
    }
static const struct part parts[] = {
    PART(embedding, "embedding"),
    PART(head, "output head"),
    PART(attention, "attention"),
    PART(scans, "scan layers' mixers"),
    PART(dense_mlp, "dense MLP"),
    PART(experts, "experts"),
    PART(shared_experts, "shared experts"),
    PART(router, "routers"),
    PART(norms, "norms"),
};
enum { PARTS = sizeof parts / sizeof *parts };

static double part_of(const struct described_model *d, const struct part *part)
{
    double value;
    memcpy(&value, (const char *)&d->parameters + part->offset, sizeof value);
    return value;
}

/* "vision tower, audio encoder" as a list. */
static void put_left_out(struct json_writer *w, const char *left_out)
{
    json_open_array_compact(w, "left_out");
    while (*left_out != '\0') {
        char part[160];
        size_t n = strcspn(left_out, ",");
        memcpy(part, left_out, n);
        part[n] = '\0';
        json_put_string(w, NULL, part);
        left_out += n;
        left_out += strspn(left_out, ", ");
    }
    json_close_array(w);
}

static void show_json(const void *thing, struct text *out)
{
    const struct described_model *d = thing;
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "name", d->model.name);
    json_put_number(&w, "parameters", d->parameters.total);
    json_put_number(&w, "active_parameters", d->parameters.active);
    json_put_number(&w, "mtp_parameters", d->parameters.mtp);
    json_put_number(&w, "flop_per_token", flop_per_token(thing));
    json_put_string(&w, "flop_convention",
                    "forward and backward, logits in, causal attention halved");
    json_put_number(&w, "seq_length", d->seq_length);
    json_put_number(&w, "kv_bytes_per_token", kv_bytes_per_token(thing));
    put_left_out(&w, d->model.left_out);
    json_open_object(&w, "parameters_by_part");
    for (int i = 0; i < PARTS; i++)
        json_put_number(&w, parts[i].key, part_of(d, &parts[i]));
    json_close_object(&w);
    model_write(&w, "model", &d->model);
    json_close_object(&w);
}

static void add_parts(const struct described_model *d, struct text *out)
{
    static const struct table_column columns[] = {
        {"parameters by part", true },
        {"count",              false},
        {"share",              false}
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < PARTS; i++) {
        double n = part_of(d, &parts[i]);
        if (n == 0)
            continue;
        table_cell(&t, "%s", parts[i].title);
        table_count(&t, n);
        table_cell(&t, "%.1f %%", 100 * n / d->parameters.total);
    }
    table_write(&t, 0, out);
    table_free(&t);
}

static void add_line(struct text *out, const char *name, const char *value)
{
    text_add(out, name);
    text_pad(out, 24);
    text_addf(out, "%s\n", value);
}

static void show_text(const void *thing, struct text *out)
{
    const struct described_model *d = thing;
    const struct model *m = &d->model;
    struct text scratch = {0};
    add_line(out, "model", m->name);
    add_line(out, "parameters", format_count(&scratch, d->parameters.total));
    add_line(out, "active a token", format_count(&scratch, d->parameters.active));
    if (d->parameters.mtp > 0)
        add_line(out, "token prediction layers", format_count(&scratch, d->parameters.mtp));
    for (const struct figure *f = figures; f->key; f++) {
        bool shown = f->number == parameters || f->number == active_parameters;
        if (shown || f->number(thing) == 0)
            continue;
        text_clear(&scratch);
        figure_text(f, thing, &scratch);
        add_line(out, f->title, text_string(&scratch));
    }
    text_addf(out,
              "\nFLOP/token: forward and backward at %.0f tokens, logits in, causal attention "
              "halved; KV/token: 16 bit.\n\n",
              d->seq_length);
    add_parts(d, out);
    if (m->left_out[0])
        text_addf(out, "\nleft out: %s\n", m->left_out);
    if (m->note[0])
        text_addf(out, "\nassumed: %s\n", m->note);
    text_free(&scratch);
}

const struct description_kind model_description = {
    "model",
    "models",
    model_catalog_name,
    figures,
    sizeof(struct described_model),
    find,
    show_text,
    show_json,
    "FLOP/token: forward and backward at 4096 tokens, logits in, causal attention halved; "
    "KV/token: "
    "16 bit.",
};
