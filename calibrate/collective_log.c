#include "calibrate/collective_log.h"
#include "base/json_read.h"
#include "calibrate/docker_log.h"
#include <stdio.h>
#include <string.h>

const char collective_sample_columns[] = "op,dtype,ranks,bytes,time_us,ranks_per_node\n";

/* One import; the CSV is built apart, so that a refused log leaves nothing behind. */
struct import {
    const char *file;
    const struct log_hints *hints;
    struct collective_run run;
    struct text csv, *warnings;
    size_t rows;
    bool cut; /* the line that is read ends with the file, not with a newline */
    struct error *e;
};

/* A fast collective that gives wrong sums is no measurement of a sound machine. */
static void warn_of_wrong(struct import *in)
{
    size_t wrong = 0;
    for (size_t i = 0; i < in->run.rows; i++)
        wrong += in->run.row[i].wrong;
    if (wrong > 0)
        text_addf(
            in->warnings,
            "%s: %zu of %zu rows count wrong results (#wrong): data are corrupted on the way\n",
            in->file, wrong, in->run.rows);
}

static void finish_run(struct import *in)
{
    if (in->run.rows == 0)
        return;
    in->rows += in->run.rows;
    warn_of_wrong(in);
    collective_run_write(&in->run, in->file, in->hints, &in->csv, in->warnings);
    collective_run_next(&in->run);
}

static enum status add_row(struct import *in, const struct collective_row *row)
{
    if (collective_run_add(&in->run, row))
        return STATUS_OK;
    return error_set(in->e, STATUS_IO, "out of memory");
}

/* ---- text ---- */

static enum status read_line(struct import *in, const char *line, int number,
                             struct log_table *table)
{
    struct collective_row row;
    if (collective_run_starts(&in->run, line)) {
        finish_run(in);
        *table = (struct log_table){0};
    }
    switch (collective_row_read(line, table, &row)) {
    case LOG_ROW:
        if (collective_run_contradicts(&in->run, &row))
            finish_run(in);
        return add_row(in, &row);
    case LOG_DAMAGED:
        if (in->cut && in->run.rows > 0) {
            text_addf(in->warnings, "%s:%d: the last row is cut off and left out\n", in->file,
                      number);
            return STATUS_OK;
        }
        error_set(in->e, STATUS_INPUT, "damaged row: \"%.80s\"", line + strspn(line, " "));
        error_set_file(in->e, in->file, number, 0);
        error_set_hint(
            in->e,
            "expected size, count, type, [operation, root,] then time and bandwidths, like the "
            "rows beside it");
        return in->e->status;
    case LOG_TALK:
        break;
    }
    collective_run_note(&in->run, line);
    return STATUS_OK;
}

static enum status read_text(struct import *in, const char *log, size_t n)
{
    enum { LINE_SIZE = 4096 };
    char line[LINE_SIZE];
    struct log_table table = {0};
    enum status status = STATUS_OK;
    const char *p = log, *end = log + n;
    for (int number = 1; p < end && status == STATUS_OK; number++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t length = (size_t)((stop ? stop : end) - p);
        in->cut = !stop;
        log_line_clean(p, length, line, sizeof line);
        status = read_line(in, line, number, &table);
        p += length + 1;
    }
    return status;
}

/* ---- JSON of nccl-tests -J ---- */

/* -1: there is none. */
static double member_number(const struct json_value *v, const char *key)
{
    return json_number_or(json_member(v, key), -1);
}

/* Time of "out_of_place" or "in_place"; -1 where it was not run. */
static double body_time(const struct json_value *result, const char *key,
                        struct collective_row *row)
{
    const struct json_value *body = json_member(result, key);
    double time_us = member_number(body, "time");
    if (time_us < 0)
        time_us = member_number(body, "cpu_time");
    if (time_us < 0)
        return -1;
    row->alg_bw = member_number(body, "alg_bw");
    row->bus_bw = member_number(body, "bus_bw");
    return time_us;
}

static enum status read_result(struct import *in, const struct json *json,
                               const struct json_value *v)
{
    struct collective_row row = {.bytes = member_number(v, "size"),
                                 .count = member_number(v, "count")};
    snprintf(row.dtype, sizeof row.dtype, "%.15s", json_string(json_member(v, "type")));
    row.time_us = body_time(v, "out_of_place", &row);
    if (row.time_us < 0)
        row.time_us = body_time(v, "in_place", &row);
    row.wrong = member_number(json_member(v, "out_of_place"), "nwrong") > 0 ||
                member_number(json_member(v, "in_place"), "nwrong") > 0;
    if (!(row.bytes >= 0) || !(row.count >= 0) || !(row.time_us >= 0))
        return json_error(
            json, v, in->e, STATUS_INPUT,
            "damaged row: expected \"size\", \"count\" and a \"time\" out of place or in place");
    return add_row(in, &row);
}

static void read_config(struct import *in, const struct json_value *root)
{
    const struct json_value *args = json_member(root, "args"),
                            *config = json_member(root, "config");
    const struct json_value *program = args ? json_first(args) : NULL;
    double version = member_number(root, "nccl_version");
    if (program && json_kind(program) == JSON_STRING)
        collective_run_note(&in->run, json_string(program));
    if (version > 0)
        snprintf(in->run.library, sizeof in->run.library, "NCCL code %.0f", version);
    const struct json_value *devices = json_member(config, "devices");
    for (const struct json_value *d = devices ? json_first(devices) : NULL; d; d = json_next(d))
        collective_run_note_rank(&in->run, member_number(d, "rank"),
                                 json_string(json_member(d, "hostname")),
                                 json_string(json_member(d, "device_info")));
}

/* With several GPUs a process, its "devices" hold the first of each alone. */
static void scale_devices(struct import *in, const struct json_value *root)
{
    const struct json_value *config = json_member(root, "config");
    double threads = member_number(config, "nthreads"), gpus = member_number(config, "ngpus");
    double each = threads >= 1 && gpus >= 1 ? threads * gpus : 1;
    in->run.lines *= each;
    in->run.first_host *= each;
    in->run.highest = 0;
}

static enum status read_json(struct import *in, const char *log, size_t n)
{
    struct json *json = json_parse(log, n, in->file, in->e);
    if (!json)
        return in->e->status;
    const struct json_value *root = json_root(json), *results = json_member(root, "results");
    enum status status = STATUS_OK;
    read_config(in, root);
    scale_devices(in, root);
    for (const struct json_value *v = results ? json_first(results) : NULL;
         v && status == STATUS_OK; v = json_next(v))
        status = read_result(in, json, v);
    json_free(json);
    return status;
}

/* An object whose first key is quoted as JSON does. */
static bool is_json(const char *log, size_t n)
{
    const char *p = log, *end = log + n;
    while (p < end && strchr(" \t\r\n", *p))
        p++;
    if (p == end || *p++ != '{')
        return false;
    while (p < end && strchr(" \t\r\n", *p))
        p++;
    return p < end && *p == '"';
}

/* JSON is a file of its own: what docker_log_open unpacks is read as text. */
static enum status read_log(struct import *in, const char *log, size_t n)
{
    struct text printed = {0};
    const char *file = log;
    enum status status = docker_log_open(&log, &n, &printed, in->e);
    if (status == STATUS_OK)
        status = log == file && is_json(log, n) ? read_json(in, log, n) : read_text(in, log, n);
    text_free(&printed);
    return status;
}

enum status collective_log_import(const struct log_file *log, const struct log_hints *hints,
                                  struct text *csv, struct text *warnings, struct error *e)
{
    struct import in = {.file = log->name, .hints = hints, .warnings = warnings, .e = e};
    enum status status = read_log(&in, log->text, log->length);
    if (status == STATUS_OK)
        finish_run(&in);
    if (status == STATUS_OK && in.rows == 0) {
        status =
            error_set(e, STATUS_INPUT, "no readable row of nccl-tests, rccl-tests or nccom-test");
        error_set_file(e, log->name, 1, 0);
        error_set_hint(e, "what ib_write_bw or an MPI benchmark measures of a link is a tier's "
                          "\"bandwidth\" and \"latency\" in a system's file");
    }
    if (status == STATUS_OK)
        text_add_n(csv, in.csv.data, in.csv.length);
    if (status == STATUS_OK && (in.csv.failed || csv->failed))
        status = error_set(e, STATUS_IO, "out of memory");
    text_free(&in.csv);
    collective_run_free(&in.run);
    return status;
}
