#include "base/file.h"
#include "calibrate/collective_log.h"
#include "cli/calibrate_fit.h"
#include "cli/calibrate_profile.h"
#include "cli/calibrate_run.h"
#include "cli/output.h"
#include <string.h>

/* stepcast calibrate ACTION: logs in, sample CSV or profiles out. */
struct calibrate_action {
    const char *name, *operands; /* "": takes none */
    enum status (*run)(const struct arguments *a, struct error *e);
};

/* The operands after the action. */
static size_t file_count(const struct arguments *a)
{
    return a->operand_count - 1;
}

static const char *file_at(const struct arguments *a, size_t i)
{
    return a->operands[i + 1];
}

static enum status import_log(const struct arguments *a, const char *path,
                              const struct log_hints *hints, struct text *csv, struct error *e)
{
    struct text log = {0}, warnings = {0};
    if (file_read(path, 0, &log, e) == STATUS_OK)
        collective_log_import(&(struct log_file){text_string(&log), log.length, path}, hints, csv,
                              &warnings, e);
    output_lines(a, &warnings);
    text_free(&log);
    text_free(&warnings);
    return e->status;
}

static enum status import(const struct arguments *a, struct error *e)
{
    struct log_hints hints = {argument_value(a, "op"), argument_value(a, "dtype"), 0};
    struct text csv = {0};
    if (argument_count(a, "ranks", 1, &hints.ranks, e) != STATUS_OK)
        return e->status;
    text_add(&csv, collective_sample_columns);
    for (size_t i = 0; i < file_count(a) && e->status == STATUS_OK; i++)
        import_log(a, file_at(a, i), &hints, &csv, e);
    if (e->status == STATUS_OK)
        output_write(a, &csv, e);
    text_free(&csv);
    return e->status;
}

static const struct calibrate_action actions[] = {
    {"run",    "",                                calibrate_run },
    {"import", "LOG...",                          import        },
    {"fit",    "SAMPLES.csv... or CASES.json...", calibrate_fit },
    {"show",   "FILE [SAMPLES.csv...]",           calibrate_show},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

static enum status unknown_action(const char *word, struct error *e)
{
    const char *names[ACTIONS];
    for (size_t i = 0; i < ACTIONS; i++)
        names[i] = actions[i].name;
    const char *nearest = word ? nearest_name(word, names, ACTIONS) : NULL;
    if (word)
        error_set(e, STATUS_USAGE, "calibrate has no action %s", word);
    else
        error_set(e, STATUS_USAGE, "calibrate what?");
    if (nearest)
        error_set_hint(e, "did you mean calibrate %s?", nearest);
    else
        error_set_hint(e, "stepcast calibrate --help shows an example");
    return e->status;
}

enum status calibrate_command(const struct arguments *arguments, struct error *e)
{
    const char *word = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    for (size_t i = 0; word && i < ACTIONS; i++) {
        if (!names_equal(actions[i].name, word))
            continue;
        if (actions[i].operands[0] == '\0' && file_count(arguments) > 0)
            return error_set(e, STATUS_USAGE, "calibrate %s takes no file: %s", actions[i].name,
                             file_at(arguments, 0));
        if (actions[i].operands[0] != '\0' && file_count(arguments) == 0)
            return error_set(e, STATUS_USAGE, "calibrate %s takes %s", actions[i].name,
                             actions[i].operands);
        return actions[i].run(arguments, e);
    }
    return unknown_action(word, e);
}
