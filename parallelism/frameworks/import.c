#include "parallelism/frameworks/import.h"
#include "base/file.h"
#include "base/json_write.h"
#include "model/model_json.h"
#include "parallelism/frameworks/likeness.h"
#include "parallelism/frameworks/model_config.h"
#include <stdio.h>
#include <string.h>

void framework_import_free(struct framework_import *import)
{
    configuration_free(&import->configuration);
    text_free(&import->notes);
}

/* How much of the settings a framework's table explains: rows of its own count more than patterns,
 * and a model's dimensions most, which no file has beside its program's own (DeepSpeed's JSON,
 * which other programs' scripts write, has none). */
static size_t score(const struct framework *framework, const struct settings *settings)
{
    enum { PATTERN = 1, ROW = 3, DIMENSION = 6 };
    size_t sum = 0;
    for (size_t i = 0; i < settings->count; i++) {
        const struct framework_row *row = framework_row_of(framework, setting_key(settings, i));
        if (row)
            sum += strchr(row->key, '*') ? PATTERN : row->object == OBJECT_MODEL ? DIMENSION : ROW;
    }
    return sum;
}

static const struct framework *choose(const struct settings *settings)
{
    const struct framework *best = NULL;
    size_t most = 0;
    for (size_t i = 0; frameworks[i]; i++) {
        size_t s = score(frameworks[i], settings);
        if (s > most) {
            most = s;
            best = frameworks[i];
        }
    }
    return best;
}

static enum status nothing_known(const struct settings *settings, const char *file, struct error *e)
{
    size_t first = 0; /* one that no table explains says most */
    while (first + 1 < settings->count && settings->items[first].use != SETTING_UNKNOWN)
        first++;
    if (settings->count == 0)
        error_set(e, STATUS_INPUT, "no setting of a training run is in it");
    else
        error_set(e, STATUS_INPUT,
                  "none of its %zu settings tells how a run is split, such as \"%.60s\"",
                  settings->count, setting_key(settings, first));
    error_set_file(e, file, 0, 0);
    error_set_hint(e, "a script that starts Megatron-LM, Megatron-Bridge, NeMo, torchtitan or "
                      "DeepSpeed, the YAML of Megatron, NeMo, Accelerate, GPT-NeoX, nanotron or "
                      "MaxText, verl's overrides of its supervised trainer, torchtitan's "
                      "TOML or Python, DeepSpeed's JSON");
    return e->status;
}

static bool has_value(const struct settings *settings, const char *words, size_t *at)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (!strstr(setting_value(settings, i), words))
            continue;
        *at = i;
        return true;
    }
    return false;
}

/* A Python file that starts a recipe of NeMo 2: what it does not set stands in NeMo's own code. */
static enum status refuse_nemo2(const struct settings *settings, const char *file, struct error *e)
{
    size_t at = 0;
    if (!has_value(settings, "nemo.collections", &at) || !has_value(settings, "_recipe", &at))
        return STATUS_OK;
    error_set(
        e, STATUS_INPUT,
        "a recipe of NeMo 2 takes most of its layout from NeMo's own code, which is not read");
    error_set_file(e, file, settings->items[at].line, 0);
    error_set_hint(e, "state the layout by flags (--tp, --pp ...), or read the YAML of NeMo 1 "
                      "or the overrides of Megatron-Bridge");
    return e->status;
}

static bool reads_any(const struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (settings->items[i].use == SETTING_READ)
            return true;
    }
    return false;
}

/* A model given by its dimensions takes the name of the catalog's that it equals. */
static enum status name_model(struct framework_run *run, struct error *e)
{
    struct model *m = &run->scenario.model;
    for (size_t i = 0; run->model_given && run->model_name[0] == '\0' && model_catalog_name(i);
         i++) {
        bool is = false;
        if (model_is_of_catalog(m, model_catalog_name(i), &is, e) != STATUS_OK)
            return e->status;
        if (is)
            snprintf(run->model_name, sizeof run->model_name, "%s", model_catalog_name(i));
    }
    if (run->model_given && run->model_name[0] != '\0')
        snprintf(m->name, sizeof m->name, "%s", run->model_name);
    return STATUS_OK;
}

/* A model of which everything but the vocabulary is told: the catalog's that it may be. */
static enum status suggest_models(const struct model *model, struct text *notes, struct error *e)
{
    struct model m = *model, other;
    struct text names = {0};
    for (size_t i = 0; model_catalog_name(i) && e->status == STATUS_OK; i++) {
        struct error unknown;
        error_init(&unknown);
        if (model_of_catalog(model_catalog_name(i), NULL, &other, &unknown) != STATUS_OK) {
            if (unknown.status == STATUS_IO)
                error_set(e, STATUS_IO, "%s", unknown.message);
            continue;
        }
        m.vocab_size = other.vocab_size;
        if (models_alike(&m, &other, NULL))
            text_addf(&names, "%s%s", names.length > 0 ? ", " : "", other.name);
    }
    if (names.length > 0)
        text_addf(notes, "its layers are those of %s\n", names.data);
    text_free(&names);
    return e->status;
}

/* How many there are: told by the user, by the launch command, or by the settings. */
static void read_gpus(struct framework_reader *r, const struct import_options *options,
                      struct framework_import *out)
{
    struct launch *launch = &out->configuration.launch;
    if (out->framework->launch && launch_gpus(launch) == 0)
        out->framework->launch(r, launch);
    out->gpus = options->gpus > 0 ? options->gpus : launch_gpus(launch);
    out->gpus_per_node = launch_gpus_per_node(launch);
    out->run.scenario.system.gpus = out->gpus;
    out->run.scenario.system.gpus_per_node = out->gpus_per_node;
}

static enum status interpret(struct framework_import *out, const char *file,
                             const struct import_options *options, struct error *e)
{
    struct settings *settings = &out->configuration.settings;
    if (refuse_nemo2(settings, file, e) != STATUS_OK)
        return e->status;
    out->framework = choose(settings);
    if (!out->framework)
        return nothing_known(settings, file, e);
    const char *other = out->framework->stack_of ? out->framework->stack_of(settings) : NULL;
    out->stack = other ? other : out->framework->stack;
    if (framework_run_init(out->framework, out->stack, options->catalog, &out->run, e) != STATUS_OK)
        return e->status;
    if (other)
        text_addf(&out->notes, "by its flags it runs on the stack %s; --stack tells otherwise\n",
                  other);
    struct framework_reader r = {out->framework, settings, &out->run, e, &out->notes};
    read_gpus(&r, options, out);
    if (e->status != STATUS_OK || framework_read(&r) != STATUS_OK) {
        const struct setting *s = settings_find(settings, e->path);
        error_set_file(e, file, s ? s->line : 0, 0);
        error_set_hint(e, "read as %s's, whose settings are most like these",
                       out->framework->title);
    } else if (!reads_any(settings)) {
        nothing_known(settings, file, e);
    } else if (name_model(&out->run, e) == STATUS_OK && out->run.scenario.model.layers > 0 &&
               out->run.scenario.model.vocab_size == 0) {
        suggest_models(&out->run.scenario.model, &out->notes, e);
    }
    return e->status;
}

enum status framework_import_text(const char *text, size_t n, const char *file,
                                  const struct import_options *options,
                                  struct framework_import *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    if (configuration_read(text, n, file, &out->configuration, e) == STATUS_OK)
        interpret(out, file, options, e);
    text_add(&out->notes, text_string(&out->configuration.notes));
    return e->status;
}

static const size_t file_most = 4 << 20; /* a configuration, not data */

/* Appends the settings of one file. */
static enum status read_one(const char *path, struct configuration *out, struct error *e)
{
    struct text text = {0};
    if (file_read(path, file_most, &text, e) == STATUS_OK)
        configuration_read(text_string(&text), text.length, path, out, e);
    text_free(&text);
    return e->status;
}

/* One file, or several with commas between them. */
static enum status read_all(const char *paths, struct configuration *out, struct error *e)
{
    struct error whole;
    error_init(&whole);
    const char *comma = strchr(paths, ',');
    if (!comma || read_one(paths, out, &whole) != STATUS_IO) {
        if (comma)
            *e = whole;
        return comma ? e->status : read_one(paths, out, e);
    }
    for (const char *at = paths; *at != '\0' && e->status == STATUS_OK;) {
        char path[1024];
        size_t n = strcspn(at, ",");
        if (n >= sizeof path)
            return error_set(e, STATUS_INPUT, "a path of more than %zu bytes", sizeof path - 1);
        snprintf(path, sizeof path, "%.*s", (int)n, at);
        if (n > 0)
            read_one(path, out, e);
        at += n + (at[n] == ',');
    }
    return e->status;
}

enum status framework_import_file(const char *path, const struct import_options *options,
                                  struct framework_import *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    if (read_all(path, &out->configuration, e) == STATUS_OK)
        interpret(out, path, options, e);
    text_add(&out->notes, text_string(&out->configuration.notes));
    return e->status;
}

static void write_field(struct json_writer *w, const struct field *rows, size_t n, const char *key,
                        const void *in)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(rows[i].key, key) == 0)
            fields_write(w, &rows[i], 1, in, NULL);
    }
}

static void write_job(struct json_writer *w, const struct framework_run *run)
{
    json_open_object(w, "job");
    for (size_t i = 0; i < job_field_count; i++) {
        const char *key = job_fields[i].key;
        if ((strcmp(key, "seq_length") == 0 && !run->seq_length_given) ||
            (strcmp(key, "global_batch") == 0 && !run->global_batch_given))
            continue;
        write_field(w, job_fields, job_field_count, key, &run->scenario.job);
    }
    json_close_object(w);
}

/* The schedule that follows from the degrees is left to follow, so that a flag on them moves it. */
static bool is_derived(const struct strategy *s, const char *key)
{
    enum schedule usual = s->pp == 1   ? SCHEDULE_NONE
                          : s->vpp > 1 ? SCHEDULE_INTERLEAVED
                                       : SCHEDULE_1F1B;
    return strcmp(key, "dp") == 0 || (strcmp(key, "schedule") == 0 && s->schedule == usual);
}

static void write_strategy(struct json_writer *w, const struct strategy *s)
{
    json_open_object(w, "strategy");
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (!is_derived(s, strategy_fields[i].key))
            fields_write(w, &strategy_fields[i], 1, s, NULL);
    }
    json_close_object(w);
}

/* By name, or whole where a setting changed something of it. */
static void write_stack(struct json_writer *w, const struct framework_import *import)
{
    struct stack *named = &(struct stack){.fit = 0};
    const struct stack *stack = &import->run.scenario.stack;
    struct error e;
    struct text own = {0}, plain = {0};
    struct json_writer a, b;
    error_init(&e);
    json_writer_init(&a, &own);
    json_writer_init(&b, &plain);
    json_open_object(&a, NULL);
    json_open_object(&b, NULL);
    bool found = stack_find(import->stack, NULL, named, &e) == STATUS_OK;
    fields_write(&a, stack_fields, stack_field_count, stack, NULL);
    fields_write(&b, stack_fields, stack_field_count, named, NULL);
    if (found && own.data && plain.data && strcmp(own.data, plain.data) == 0) {
        json_put_string(w, "stack", import->stack);
    } else {
        json_open_object(w, "stack");
        fields_write(w, stack_fields, stack_field_count, stack, NULL);
        json_close_object(w);
    }
    text_free(&own);
    text_free(&plain);
}

void framework_import_json(const struct framework_import *import, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_open_object(&w, "scenario");
    if (import->run.model_given)
        model_write(&w, "model", &import->run.scenario.model);
    if (import->gpus > 0)
        json_put_number(&w, "gpus", import->gpus);
    if (import->gpus_per_node > 0)
        json_put_number(&w, "gpus_per_node", import->gpus_per_node);
    write_job(&w, &import->run);
    write_stack(&w, import);
    json_close_object(&w);
    write_strategy(&w, &import->run.strategy);
    json_close_object(&w);
}

/* "$HOME/models/Qwen3-8B" names the run's model. */
static bool names_the_model(const struct framework_import *import, const char *value)
{
    const char *base = model_config_base(value);
    struct model model;
    struct error unknown;
    error_init(&unknown);
    return base && import->run.model_name[0] != '\0' &&
           model_of_catalog(base, NULL, &model, &unknown) == STATUS_OK &&
           strcmp(model.name, import->run.model_name) == 0;
}

bool framework_import_unresolved(const struct framework_import *import, size_t i,
                                 struct unresolved *out)
{
    const struct settings *s = &import->configuration.settings;
    for (size_t k = 0; k < s->count; k++) {
        const struct framework_row *row = framework_row_of(import->framework, setting_key(s, k));
        bool meant = row && (row->kind == ROW_VALUE || row->kind == ROW_GROUP) &&
                     s->items[k].use == SETTING_READ;
        const char *value = setting_value(s, k);
        if (!meant || !value_is_unresolved(value) || names_the_model(import, value) || i-- > 0)
            continue;
        *out = (struct unresolved){setting_key(s, k), value, row->object, row->field};
        return true;
    }
    return false;
}
