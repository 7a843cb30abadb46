#include "calibrate/runlog/run_log.h"
#include "base/array.h"
#include "base/c_locale.h"
#include "base/file.h"
#include "calibrate/docker_log.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct run_log_family *const run_log_families[] = {
    &run_log_neox,           &run_log_nanotron,        &run_log_megatron,
    &run_log_nemo,           &run_log_lightning,       &run_log_torchtitan,
    &run_log_torchtitan_old, &run_log_maxtext,         &run_log_megatron_deepspeed,
    &run_log_deepspeed,      &run_log_deepspeed_old,   &run_log_deepspeed_pipeline,
    &run_log_bridge,         &run_log_trainer_bar,     &run_log_trainer_json,
    &run_log_swift,          &run_log_trainer_summary, NULL};

enum { LINE_MAX_BYTES = 16384, STEPS_MAX = 10000000 };

void run_log_free(struct run_log *log)
{
    free(log->steps);
    text_free(&log->arguments);
    *log = (struct run_log){.family = NULL};
}

/* A line without colours (ESC [ ... m) and control characters. */
static void clean_line(const char *s, size_t n, struct text *out)
{
    text_clear(out);
    for (size_t i = 0; i < n && out->length < LINE_MAX_BYTES; i++) {
        if (s[i] == '\x1b' && i + 1 < n && s[i + 1] == '[') {
            for (i += 2; i < n && !isalpha((unsigned char)s[i]); i++)
                ;
        } else {
            text_add_n(out, iscntrl((unsigned char)s[i]) ? " " : s + i, 1);
        }
    }
}

bool run_log_number(const char *s, double *value)
{
    char digits[48];
    size_t n = 0;
    s += strspn(s, " \t'\":=");
    for (; *s != '\0' && n + 1 < sizeof digits; s++) {
        bool exponent = (*s == 'e' || *s == 'E') &&
                        (s[1] == '+' || s[1] == '-' || isdigit((unsigned char)s[1]));
        bool sign =
            (*s == '+' || *s == '-') && (n == 0 || digits[n - 1] == 'e' || digits[n - 1] == 'E');
        bool comma = *s == ',' && isdigit((unsigned char)s[1]) && n > 0;
        if (comma)
            continue;
        if (!isdigit((unsigned char)*s) && *s != '.' && !exponent && !sign)
            break;
        digits[n++] = *s;
    }
    digits[n] = '\0';
    char *end = digits;
    *value = c_locale_strtod(digits, &end);
    return end != digits && isfinite(*value) && *value > 0;
}

/* No figure of a run, in SI units, is outside of these: what is, is damage. */
static const double figure_least = 1e-30, figure_most = 1e30;

/* The numbers of a line by patterns, each behind the first place that its text stands; of several
 * lines the largest. */
static bool match(const struct run_log_pattern *patterns, const char *line, double *values)
{
    bool any = false;
    for (const struct run_log_pattern *p = patterns; p && p->before; p++) {
        double value;
        const char *at = strstr(line, p->before);
        if (!at || !run_log_number(at + strlen(p->before), &value))
            continue;
        value *= p->scale;
        if (value < figure_least || value > figure_most)
            continue;
        any = true;
        values[p->quantity] = fmax(values[p->quantity], value);
    }
    return any;
}

static enum status add_step(struct run_log *log, const struct run_step *step, struct error *e)
{
    const struct run_step *last = log->count > 0 ? &log->steps[log->count - 1] : NULL;
    double iteration = step->value[RUN_LOG_ITERATION];
    bool again = last && iteration > 0 && !(iteration > last->value[RUN_LOG_ITERATION]) &&
                 !(iteration < last->value[RUN_LOG_ITERATION]);
    if (again || log->count == STEPS_MAX) /* another rank's line */
        return STATUS_OK;
    struct run_step *steps = array_grow(log->steps, log->count, &log->capacity, sizeof *steps);
    if (!steps)
        return error_set(e, STATUS_IO, "out of memory");
    log->steps = steps;
    log->steps[log->count++] = *step;
    return STATUS_OK;
}

static enum status take_line(struct run_log *log, const char *line, struct error *e)
{
    const struct run_log_family *f = log->family;
    const char *value;
    char key[RUN_LOG_KEY_BYTES];
    size_t length;
    match(f->fact, line, log->fact);
    if (f->argument && f->argument(line, key, &value, &length))
        text_addf(&log->arguments, "%s=%.*s\n", key, (int)length, value);
    const char *marked = strstr(line, f->marker);
    if (!marked || (f->bars && !strchr(marked, '|')))
        return STATUS_OK;
    struct run_step step = {.value = {0}};
    if (!(f->step_of ? f->step_of(line, &step) : match(f->step, line, step.value)))
        return STATUS_OK;
    for (int q = RUN_LOG_MEMORY_BYTES; q < RUN_LOG_QUANTITIES; q++)
        log->fact[q] = fmax(log->fact[q], step.value[q]);
    return add_step(log, &step, e);
}

/* Characters before the end of a line; a progress bar returns to its start for each step. */
static size_t line_length(const char *s, size_t n)
{
    size_t length = 0;
    while (length < n && s[length] != '\n' && s[length] != '\r')
        length++;
    return length;
}

/* A log that was copied while it was written ends anywhere: of a number at its very end digits may
 * be missing. */
static bool ends_in_number(const char *text, size_t n)
{
    return n > 0 && (isdigit((unsigned char)text[n - 1]) || text[n - 1] == '.');
}

/* Takes each clean line. */
static enum status read_lines(struct run_log *log, const char *text, size_t n, struct error *e)
{
    struct text line = {0};
    for (size_t at = 0; at < n && e->status == STATUS_OK;) {
        size_t length = line_length(text + at, n - at);
        clean_line(text + at, length, &line);
        bool cut = at + length == n && log->count > 0 && ends_in_number(text, n);
        if (line.failed)
            error_set(e, STATUS_IO, "out of memory");
        else if (!cut)
            take_line(log, text_string(&line), e);
        at += length + 1;
    }
    text_free(&line);
    return e->status;
}

static bool holds(const char *text, size_t n, const char *word)
{
    size_t m = strlen(word);
    for (const char *at = text; (size_t)(at - text) + m <= n; at++) {
        at = memchr(at, word[0], n - (size_t)(at - text) - m + 1);
        if (!at)
            return false;
        if (memcmp(at, word, m) == 0)
            return true;
    }
    return false;
}

/* Whether the text may be a log of the family. */
static bool may_be(const struct run_log_family *f, const char *text, size_t n)
{
    bool worded = !f->words;
    for (size_t i = 0; f->words && f->words[i] && !worded; i++)
        worded = holds(text, n, f->words[i]);
    return worded && holds(text, n, f->marker);
}

static enum status nothing_read(const char *text, size_t n, struct error *e)
{
    bool losses = holds(text, n, "'loss': ") || holds(text, n, "\"log_history\": ");
    error_set(e, STATUS_INPUT, "no line of it tells what a training step took");
    error_set_hint(
        e, losses ? "a Trainer's losses alone tell no time: keep its progress bar, which "
                    "goes to standard error, or its last line, train_runtime"
                  : "logs of Megatron-LM, Megatron-Bridge, NeMo, Lightning, torchtitan, MaxText, "
                    "DeepSpeed, GPT-NeoX, nanotron and Hugging Face's Trainer are read");
    return e->status;
}

static enum status read_plain(const char *text, size_t n, const char *file, struct run_log *out,
                              struct error *e)
{
    for (size_t i = 0; run_log_families[i] && out->count == 0 && e->status == STATUS_OK; i++) {
        if (!may_be(run_log_families[i], text, n))
            continue;
        run_log_free(out);
        out->family = run_log_families[i];
        read_lines(out, text, n, e);
        if (out->family->finish && e->status == STATUS_OK)
            out->family->finish(out);
    }
    if (e->status == STATUS_OK && out->count == 0)
        nothing_read(text, n, e);
    if (e->status != STATUS_OK) {
        error_set_file(e, file, 0, 0);
        run_log_free(out);
    }
    return e->status;
}

enum status run_log_read(const char *text, size_t n, const char *file, struct run_log *out,
                         struct error *e)
{
    struct text printed = {0};
    *out = (struct run_log){.family = NULL};
    if (docker_log_open(&text, &n, &printed, e) == STATUS_OK)
        read_plain(text, n, file, out, e);
    text_free(&printed);
    return e->status;
}

enum status run_log_load(const char *path, struct run_log *out, struct error *e)
{
    struct text text = {0};
    *out = (struct run_log){.family = NULL};
    if (file_read(path, 0, &text, e) == STATUS_OK)
        run_log_read(text_string(&text), text.length, path, out, e);
    text_free(&text);
    return e->status;
}
