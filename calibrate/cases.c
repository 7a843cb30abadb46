#include "calibrate/cases.h"
#include "base/array.h"
#include "base/catalog.h"
#include "base/file.h"
#include "base/text.h"
#include "base/units.h"
#include "calibrate/case_reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The keys of "measured", as the file spells them. */
struct measured {
    double step_time_s, memory_gib;
    enum memory_measure memory_of;
    bool oom;
    char step_time_basis[64];
};
#define MEASURED(key, kind, unit, member)                                                          \
    FIELD_ROW(measured, key, kind, unit, member, 0, 0, false, NULL, "")
static const struct field measured_fields[] = {
    MEASURED("step_time_s", FIELD_NUMBER, UNIT_SECONDS, step_time_s),
    MEASURED("memory_gib", FIELD_NUMBER, UNIT_NONE, memory_gib),
    FIELD_ROW(measured, "memory_of", FIELD_ENUM, UNIT_NONE, memory_of, 0, 0, false,
              memory_measure_names, ""),
    MEASURED("oom", FIELD_BOOL, UNIT_NONE, oom),
    MEASURED("step_time_basis", FIELD_STRING, UNIT_NONE, step_time_basis),
};

/* The keys of "system": by parts, or by the name of a catalog system. */
struct system_words {
    char name[64];
    char gpu[64];
    double gpus, gpus_per_node, nics_per_node, scale_up_domain, nic_gbit_per_s, power_limit_w;
};
#define SYSTEM(key, kind, unit, member)                                                            \
    FIELD_ROW(system_words, key, kind, unit, member, 0, 0, false, NULL, "")
static const struct field system_word_fields[] = {
    SYSTEM("name", FIELD_STRING, UNIT_NONE, name),
    SYSTEM("gpu", FIELD_STRING, UNIT_NONE, gpu),
    SYSTEM("gpus", FIELD_NUMBER, UNIT_NONE, gpus),
    SYSTEM("gpus_per_node", FIELD_NUMBER, UNIT_NONE, gpus_per_node),
    SYSTEM("nics_per_node", FIELD_NUMBER, UNIT_NONE, nics_per_node),
    SYSTEM("scale_up_domain", FIELD_NUMBER, UNIT_NONE, scale_up_domain),
    SYSTEM("inter_node_gbit_per_s_per_gpu", FIELD_NUMBER, UNIT_NONE, nic_gbit_per_s),
    SYSTEM("power_limit_w", FIELD_NUMBER, UNIT_WATTS, power_limit_w),
};

/* An object that every case must have. */
static const struct json_value *part_of(struct case_reader *r, const struct json_value *object,
                                        const char *key)
{
    const struct json_value *part = json_member(object, key);
    if (!part)
        case_skip(r, "%s is missing", key);
    return part;
}

static bool same_network(const struct model *a, const struct model *b)
{
    return a->layers == b->layers && a->hidden_size == b->hidden_size && a->heads == b->heads &&
           a->kv_heads == b->kv_heads && a->vocab_size == b->vocab_size &&
           a->experts == b->experts && a->experts_per_token == b->experts_per_token &&
           a->moe_intermediate_size == b->moe_intermediate_size;
}

/* A case prints the sizes of a well-known model and leaves out what everybody knows of it: windows
 * of its attention, groups of its experts. Where name and sizes are those of a catalog model, its
 * layers are taken; multi-token prediction stays what the case says. */
static void complete_model(struct case_reader *r, struct model *model)
{
    struct error e;
    error_init(&e);
    struct model *known = malloc(sizeof *known);
    if (!known)
        error_set(r->e, STATUS_IO, "out of memory");
    if (known && model->name[0] && !name_is_path(model->name) &&
        model_of_catalog(model->name, r->options->catalog, known, &e) == STATUS_OK &&
        same_network(model, known) &&
        (known->kinds != model->kinds || known->expert_groups != model->expert_groups)) {
        case_assume(r, "model: what %s leaves out as in the catalog", model->name);
        memcpy(known->name, model->name, sizeof known->name);
        known->mtp_layers = model->mtp_layers;
        *model = *known;
    }
    if (e.status == STATUS_IO)
        case_skip_for(r, "model", &e);
    free(known);
}

static void read_model(struct case_reader *r, const struct json_value *object)
{
    const struct json_value *part = part_of(r, object, "model");
    struct model *model = &r->out->scenario.model;
    struct error e;
    error_init(&e);
    if (!part)
        return;
    if (json_kind(part) == JSON_STRING && catalog_check_name(json_string(part), &e) == STATUS_OK)
        model_of_catalog(json_string(part), r->options->catalog, model, &e);
    else if (e.status == STATUS_OK)
        model_read(r->json, part, model, &e);
    if (e.status != STATUS_OK)
        case_skip_for(r, "model", &e);
    else if (json_kind(part) == JSON_OBJECT)
        complete_model(r, model);
}

/* A system of a catalog, sized. */
static void find_system(struct case_reader *r, const struct system_words *words)
{
    struct error e;
    error_init(&e);
    struct system *system = &r->out->scenario.system;
    if (catalog_check_name(words->name, &e) != STATUS_OK ||
        system_find(words->name, r->options->catalog, system, &e) != STATUS_OK)
        case_skip_for(r, "system", &e);
    else if (words->gpus > 0)
        system->gpus = words->gpus;
    if (!(system->gpus >= 1))
        case_skip(r, "system.gpus is missing");
}

static void build_system(struct case_reader *r, const struct system_words *words)
{
    struct error e;
    error_init(&e);
    if (!(words->gpus >= 1))
        case_skip(r, "system.gpus is missing");
    struct system_parts parts = {.gpus = words->gpus,
                                 .gpus_per_node = words->gpus_per_node,
                                 .nics_per_node = words->nics_per_node,
                                 .scale_up_domain = words->scale_up_domain,
                                 .nic_bytes_per_s = words->nic_gbit_per_s * 1e9 / 8,
                                 .power_limit_w = words->power_limit_w};
    snprintf(parts.gpu, sizeof parts.gpu, "%s", words->gpu);
    if (parts.gpus_per_node == 0)
        case_assume(r, "the usual GPUs per node of that GPU");
    if (parts.nic_bytes_per_s == 0 &&
        (parts.gpus_per_node == 0 || parts.gpus > parts.gpus_per_node))
        case_assume(r, "the usual network of that GPU's generation");
    if (catalog_check_name(parts.gpu, &e) != STATUS_OK ||
        system_from_parts(&parts, r->options->catalog, &r->out->scenario.system, &e) != STATUS_OK)
        case_skip_for(r, "system", &e);
}

static void read_system(struct case_reader *r, const struct json_value *object)
{
    static const struct case_fields fields = {
        "system", system_word_fields, sizeof system_word_fields / sizeof *system_word_fields, NULL};
    const struct json_value *part = part_of(r, object, "system");
    struct system_words words = {.gpus = 0};
    if (!part)
        return;
    if (json_kind(part) == JSON_STRING)
        snprintf(words.name, sizeof words.name, "%s", json_string(part));
    else
        case_read_fields(r, part, &fields, &words);
    if (case_is_skipped(r))
        return;
    if (words.gpu[0] == '\0' && words.name[0] != '\0')
        find_system(r, &words);
    else
        build_system(r, &words);
}

/* The stack of the case; one that nobody knows is the default one. */
static void read_stack(struct case_reader *r, const struct json_value *object)
{
    const struct json_value *part = json_member(object, "stack");
    struct stack *stack = &r->out->scenario.stack;
    const char *name = part ? json_string(part) : "";
    struct error e;
    error_init(&e);
    snprintf(r->out->stack, sizeof r->out->stack, "%s", name);
    catalog_check_name(name, &e);
    if (r->options->stack) {
        error_init(&e);
        name = r->options->stack;
    }
    if (e.status == STATUS_OK && stack_find(name, r->options->catalog, stack, &e) == STATUS_OK)
        return;
    if (e.status == STATUS_IO) {
        case_skip_for(r, "stack", &e);
        return;
    }
    error_init(&e);
    if (r->options->stack || stack_find(NULL, r->options->catalog, stack, &e) != STATUS_OK)
        case_skip(r, "stack \"%s\" is not known", name);
    else
        case_assume(r, "stack \"%s\" is not known: the default one", name);
    if (!r->options->stack)
        snprintf(r->out->stack, sizeof r->out->stack, "default");
}

static void read_job(struct case_reader *r, const struct json_value *object)
{
    struct case_fields fields = {"job", job_fields, job_field_count, NULL};
    const struct json_value *part = part_of(r, object, "job");
    job_default(&r->out->scenario.job);
    if (part)
        case_read_fields(r, part, &fields, &r->out->scenario.job);
    for (size_t i = 0; part && i < job_field_count; i++) {
        double value = 0;
        if (!job_fields[i].required)
            continue;
        memcpy(&value, (const char *)&r->out->scenario.job + job_fields[i].offset, sizeof value);
        if (!(value > 0))
            case_skip(r, "job.%s is missing", job_fields[i].key);
    }
}

/* Interleaved without virtual stages is plain 1F1B, and no schedule at all needs one stage. */
static void settle_schedule(struct case_reader *r)
{
    struct strategy *s = &r->out->strategy;
    if (s->schedule == SCHEDULE_INTERLEAVED && s->vpp <= 1 && s->pp > 1) {
        s->schedule = SCHEDULE_1F1B;
        case_assume(r, "interleaved with one virtual stage: 1f1b");
    }
    if (s->schedule == SCHEDULE_NONE && s->pp > 1) {
        s->schedule = s->vpp > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
        case_assume(r, "a schedule for pp %d: %s", s->pp, schedule_names[s->schedule]);
    }
}

/* The record of a run names torch.compile where it was on: a stack that mostly compiles does not
 * compile the run that is silent. */
static void settle_compile(bool given[])
{
    given[strategy_row("torch_compile")] = true;
}

static void read_strategy(struct case_reader *r, const struct json_value *object)
{
    enum { ROWS_MAX = 64 };
    bool given[ROWS_MAX] = {false};
    struct case_fields fields = {"strategy", strategy_fields, strategy_field_count, given};
    const struct json_value *part = part_of(r, object, "strategy");
    struct strategy *strategy = &r->out->strategy;
    strategy_default(strategy);
    if (!part)
        return;
    case_read_fields(r, part, &fields, strategy);
    settle_compile(given);
    strategy_complete(strategy, given, &r->out->scenario);
    settle_schedule(r);
}

static void read_measured(struct case_reader *r, const struct json_value *object)
{
    static const struct case_fields fields = {
        "measured", measured_fields, sizeof measured_fields / sizeof *measured_fields, NULL};
    struct measured measured = {.oom = false};
    const struct json_value *part = json_member(object, "measured");
    struct run_case *out = r->out;
    struct case_reader own = *r;
    struct run_case *scratch = calloc(1, sizeof *scratch);
    if (!scratch)
        error_set(r->e, STATUS_IO, "out of memory");
    own.out =
        scratch ? scratch : out; /* an odd measurement does not keep a case from its prediction */
    if (part)
        case_read_fields(&own, part, &fields, &measured);
    free(scratch);
    out->step_s = measured.step_time_s > 0 ? measured.step_time_s : 0;
    out->memory_bytes = measured.memory_gib > 0 ? measured.memory_gib * 1073741824.0 : 0;
    out->memory_of = measured.memory_of;
    out->oom = measured.oom;
}

static void copy_string(const struct json_value *object, const char *key, char *out, size_t size)
{
    const struct json_value *v = json_member(object, key);
    snprintf(out, size, "%s", v ? json_string(v) : "");
}

static void read_case(struct case_reader *r, const struct json_value *object, size_t index)
{
    struct run_case *out = r->out;
    copy_string(object, "id", out->id, sizeof out->id);
    copy_string(object, "sweep", out->sweep, sizeof out->sweep);
    if (out->id[0] == '\0')
        snprintf(out->id, sizeof out->id, "%s[%zu]", out->family, index);
    read_model(r, object);
    read_system(r, object);
    read_stack(r, object);
    read_job(r, object);
    read_strategy(r, object);
    read_measured(r, object);
}

static struct run_case *append(struct cases *cases)
{
    struct run_case *items =
        array_grow(cases->items, cases->count, &cases->capacity, sizeof *items);
    if (!items)
        return NULL;
    cases->items = items;
    struct run_case *item = &cases->items[cases->count++];
    memset(item, 0, sizeof *item);
    return item;
}

static enum status read_all(const struct json *json, const char *family,
                            const struct cases_options *options, struct cases *out, struct error *e)
{
    const struct json_value *root = json_root(json);
    size_t before = out->count;
    if (json_kind(root) != JSON_ARRAY)
        json_error(json, root, e, STATUS_INPUT, "expected an array of cases, got %s",
                   json_kind_name(json_kind(root)));
    else if (json_count(root) == 0)
        json_error(json, root, e, STATUS_INPUT, "the file holds no case");
    for (const struct json_value *v = json_first(root); v && e->status == STATUS_OK;
         v = json_next(v)) {
        if (json_kind(v) != JSON_OBJECT) {
            json_error(json, v, e, STATUS_INPUT, "expected a case, an object, got %s",
                       json_kind_name(json_kind(v)));
            break;
        }
        struct case_reader reader = {json, options, append(out), e};
        if (!reader.out) {
            error_set(e, STATUS_IO, "out of memory");
            break;
        }
        snprintf(reader.out->family, sizeof reader.out->family, "%s", family);
        read_case(&reader, v, out->count - 1 - before);
    }
    if (e->status != STATUS_OK)
        out->count = before;
    return e->status;
}

enum status cases_parse(const char *text, size_t n, const char *family,
                        const struct cases_options *options, struct cases *out, struct error *e)
{
    struct json *json = json_parse(text, n, family, e);
    if (json)
        read_all(json, family, options, out, e);
    json_free(json);
    return e->status;
}

/* "dir/korthikanti22.json" is the family korthikanti22. */
static void family_of(const char *path, char *family, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    int n = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    snprintf(family, size, "%.*s", n, name);
}

enum status cases_load(const char *path, const struct cases_options *options, struct cases *out,
                       struct error *e)
{
    char family[64];
    family_of(path, family, sizeof family);
    struct json *json = json_load(path, e);
    size_t n = strlen(path);
    if (json)
        read_all(json, family, options, out, e);
    else if (n > 4 && strcmp(path + n - 4, ".csv") == 0)
        error_set_hint(e, "measured runs are JSON; samples (CSV) need --gpu or --system");
    json_free(json);
    return e->status;
}

void cases_free(struct cases *cases)
{
    free(cases->items);
    *cases = (struct cases){0};
}
