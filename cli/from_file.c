#include "cli/from_file.h"
#include "base/json_write.h"
#include "cli/output.h"
#include "reports/import_report.h"
#include <stdlib.h>
#include <string.h>

static void tell(const struct arguments *a, const struct framework_import *import, const char *file)
{
    struct text text = {0};
    import_text(import, file, &text);
    for (const char *line = text_string(&text); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        output_note(a, "%.*s", (int)n, line);
        line += n + (line[n] == '\n');
    }
    text_free(&text);
}

/* True if a flag of ours settles what the setting would. */
static bool is_given(const struct arguments *a, const struct unresolved *u)
{
    const struct field *field = u->field ? framework_field(u->object, u->field) : NULL;
    if (u->object == OBJECT_STACK) /* then as the stack has it */
        return true;
    if (u->object == OBJECT_MODEL || !field)
        return argument_given(a, "model") || !field;
    return argument_of_field(a, field) != NULL;
}

/* A variable that the file does not set is no value: nothing is guessed. */
static enum status check_resolved(const struct arguments *a, const struct framework_import *import,
                                  const char *file, struct error *e)
{
    struct unresolved u;
    for (size_t i = 0; framework_import_unresolved(import, i, &u); i++) {
        struct text value = {0};
        value_show(u.value, &value);
        if (is_given(a, &u)) {
            output_note(a, "%s: %s is \"%s\", which the file does not tell: not read", file, u.key,
                        text_string(&value));
        } else {
            error_set(e, STATUS_INPUT, "%s is \"%.80s\", which the file does not tell", u.key,
                      text_string(&value));
            error_set_file(e, file, 0, 0);
            error_set_hint(e, "give it by a flag of stepcast, or set the variable in a copy");
        }
        text_free(&value);
    }
    return e->status;
}

static enum status make_document(const struct framework_import *import, const char *file,
                                 struct json **document, struct error *e)
{
    struct text text = {0};
    framework_import_json(import, &text);
    *document = text.data && !text.failed ? json_parse(text.data, text.length, file, e) : NULL;
    if (!*document)
        error_set(e, STATUS_IO, "out of memory");
    text_free(&text);
    return e->status;
}

/* The batch of micro-batches whose size is a flag's, where the file leaves it to the script. */
static void size_batch(const struct arguments *a, struct framework_run *run)
{
    struct error several;
    double sequences = 0;
    error_init(&several);
    if (run->micro_batch_open && !argument_given(a, "global-batch") &&
        argument_count(a, "micro-batch", 1, &sequences, &several) == STATUS_OK && sequences > 1)
        run->scenario.job.global_batch *= sequences;
}

enum status from_file_read(const struct arguments *a, struct json **document, struct error *e)
{
    const char *path = argument_value(a, "from");
    *document = NULL;
    if (!path)
        return STATUS_OK;
    struct import_options options = {argument_value(a, "catalog"), 0};
    if (argument_count(a, "gpus", 1, &options.gpus, e) != STATUS_OK)
        return e->status;
    struct framework_import *import = calloc(1, sizeof *import);
    if (!import)
        return error_set(e, STATUS_IO, "out of memory");
    if (framework_import_file(path, &options, import, e) == STATUS_OK) {
        tell(a, import, path);
        size_batch(a, &import->run);
        if (check_resolved(a, import, path, e) == STATUS_OK)
            make_document(import, path, document, e);
    }
    framework_import_free(import);
    free(import);
    return e->status;
}

/* Sizes that the log gives, as a scenario without a model. */
static enum status document_of_sizes(const struct run_log *log, const char *file,
                                     struct json **document, struct error *e)
{
    const double *fact = log->fact;
    struct text text = {0};
    struct json_writer w;
    json_writer_init(&w, &text);
    json_open_object(&w, NULL);
    json_open_object(&w, "scenario");
    if (fact[RUN_LOG_GPUS] > 0)
        json_put_number(&w, "gpus", fact[RUN_LOG_GPUS]);
    json_open_object(&w, "job");
    if (fact[RUN_LOG_SEQ_LENGTH] > 0)
        json_put_number(&w, "seq_length", fact[RUN_LOG_SEQ_LENGTH]);
    if (fact[RUN_LOG_GLOBAL_BATCH] > 0)
        json_put_number(&w, "global_batch", fact[RUN_LOG_GLOBAL_BATCH]);
    json_close_object(&w);
    json_close_object(&w);
    json_close_object(&w);
    *document = text.data && !text.failed ? json_parse(text.data, text.length, file, e) : NULL;
    if (!*document)
        error_set(e, STATUS_IO, "out of memory");
    text_free(&text);
    return e->status;
}

/* The arguments as YAML, which has the same values. */
static enum status import_arguments(const struct run_log *log, const char *file,
                                    const struct import_options *options,
                                    struct framework_import *own, struct error *e)
{
    struct text yaml = {0};
    const char *line = log->arguments.data;
    text_add(&yaml, "---\n");
    while (*line != '\0') {
        size_t n = strcspn(line, "\n"), key = strcspn(line, "=");
        text_addf(&yaml, "%.*s: %.*s\n", (int)key, line, (int)(n - key - 1), line + key + 1);
        line += n + (line[n] == '\n');
    }
    if (yaml.failed)
        error_set(e, STATUS_IO, "out of memory");
    else
        framework_import_text(yaml.data, yaml.length, file, options, own, e);
    text_free(&yaml);
    return e->status;
}

enum status from_log_read(const struct arguments *a, const struct run_log *log, const char *file,
                          struct framework_import *own, struct json **document, struct error *e)
{
    struct import_options options = {argument_value(a, "catalog"), 0};
    memset(own, 0, sizeof *own);
    *document = NULL;
    if (argument_count(a, "gpus", 1, &options.gpus, e) != STATUS_OK)
        return e->status;
    if (log->arguments.length == 0)
        return document_of_sizes(log, file, document, e);
    if (!(options.gpus > 0))
        options.gpus = log->fact[RUN_LOG_GPUS];
    if (import_arguments(log, file, &options, own, e) != STATUS_OK)
        return e->status;
    output_note(a, "%s prints its arguments: %s%s%s", file, own->framework->title,
                own->run.model_given ? ", model " : "",
                own->run.model_given ? own->run.scenario.model.name : "");
    return make_document(own, file, document, e);
}
