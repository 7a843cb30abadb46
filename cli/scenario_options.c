#include "cli/scenario_options.h"
#include "base/json_read.h"
#include "cli/from_file.h"
#include "cli/gpu_range.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void scenario_input_free(struct scenario_input *input)
{
    json_free(input->file);
    input->file = NULL;
}

/* The scenario object of the file: its member, or the whole of a file that is one. */
static const struct json_value *file_scenario(const struct scenario_input *input)
{
    const struct json_value *root = input->file ? json_root(input->file) : NULL;
    const struct json_value *member = json_member(root, "scenario");
    return member ? member : root;
}

static const struct json_value *file_part(const struct scenario_input *input, const char *key)
{
    return json_member(file_scenario(input), key);
}

static enum status load_file(const struct arguments *a, struct scenario_input *input,
                             struct error *e)
{
    const char *path = argument_value(a, "scenario");
    if (!path)
        return from_file_read(a, &input->file, e);
    if (argument_given(a, "from"))
        return error_set(e, STATUS_USAGE, "--from and --scenario exclude each other");
    input->file = json_load(path, e);
    if (!input->file)
        return e->status;
    const struct json_value *scenario = file_scenario(input);
    if (!json_member(scenario, "model") || !json_member(scenario, "job")) {
        json_error(input->file, scenario, e, STATUS_INPUT,
                   "expected an object with \"scenario\": {\"model\", \"system\", \"job\", ...}");
        error_set_hint(e, "the --json output of stepcast search or estimate is such a file");
    }
    return e->status;
}

static enum status missing(struct error *e, const char *flag, const char *hint)
{
    error_set(e, STATUS_USAGE, "--%s is missing", flag);
    error_set_hint(e, "%s", hint);
    return e->status;
}

static enum status read_model(const struct arguments *a, struct scenario_input *input,
                              struct error *e)
{
    const char *name = argument_value(a, "model");
    const struct json_value *part = file_part(input, "model");
    if (name)
        return model_find(name, argument_value(a, "catalog"), &input->scenario.model, e);
    if (part)
        return model_read(input->file, part, &input->scenario.model, e);
    return missing(e, "model", "stepcast list models shows the names; a config.json is one too");
}

/* The smallest of several clusters, which search alone compares. */
static enum status read_gpus(const struct arguments *a, double *gpus, struct error *e)
{
    struct gpu_counts counts;
    if (gpu_range_read(a, &counts, e) != STATUS_OK || counts.count == 0)
        return e->status;
    *gpus = counts.gpus[0];
    if (counts.count == 1 || a->command->id == COMMAND_SEARCH)
        return STATUS_OK;
    error_set(e, STATUS_USAGE, "expected one number, got %s", argument_value(a, "gpus"));
    error_set_hint(e, "stepcast search compares several; stepcast sweep --vary gpus=... too");
    return argument_error(option_find(a->table, 1u << a->command->id, "gpus", 4), e);
}

/* The first of the numbers of GPUs that --vary names: a sweep over them needs no other. 0: none. */
static double varied_gpus(const struct arguments *a)
{
    static const char *const names[] = {"gpus=", "system.gpus="};
    for (size_t i = 0; i < a->given_count; i++) {
        const char *value = a->given[i].value;
        if (strcmp(a->given[i].option->name, "vary") != 0)
            continue;
        for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
            if (strncmp(value, names[n], strlen(names[n])) != 0)
                continue;
            char *end;
            double gpus = strtod(value + strlen(names[n]), &end);
            return *end == 'x' ? 0 : gpus; /* 2x is relative */
        }
    }
    return 0;
}

/* Numbers of a system by parts; those not given stay 0. */
static enum status read_parts(const struct arguments *a, struct system_parts *parts,
                              struct error *e)
{
    static const struct field nic = {.key = "nic",
                                     .kind = FIELD_NUMBER,
                                     .unit = UNIT_BYTES_PER_S,
                                     .offset = offsetof(struct system_parts, nic_bytes_per_s),
                                     .min = 1e6, /* as a tier's */
                                     .max = HUGE_VAL};
    *parts = (struct system_parts){.gpus = 0};
    const char *gpu = argument_value(a, "gpu"), *rate = argument_value(a, "nic");
    snprintf(parts->gpu, sizeof parts->gpu, "%s", gpu ? gpu : "");
    if (read_gpus(a, &parts->gpus, e) != STATUS_OK)
        return e->status;
    double varied = varied_gpus(a);
    if (parts->gpus == 0 && varied >= 1)
        parts->gpus = floor(varied);
    argument_count(a, "gpus-per-node", 1, &parts->gpus_per_node, e);
    argument_count(a, "scale-up-domain", 1, &parts->scale_up_domain, e);
    if (rate && e->status == STATUS_OK && field_set(&nic, rate, parts, e) != STATUS_OK)
        return argument_error(option_find(a->table, 1u << a->command->id, "nic", 3), e);
    return e->status;
}

/* A scale-up domain that was one host stays one, one NIC a GPU too. */
static void override_node(double gpus_per_node, struct system *system)
{
    struct tier *scale_up = &system->tier[0];
    if (scale_up->domain_gpus > 0 && scale_up->domain_gpus <= system->gpus_per_node)
        scale_up->domain_gpus = gpus_per_node;
    system->nics_per_node *= gpus_per_node / system->gpus_per_node;
    system->gpus_per_node = gpus_per_node;
}

/* Parts that are given beside a whole system replace its own. */
static enum status override_system(const struct arguments *a, const struct system_parts *parts,
                                   struct system *system, struct error *e)
{
    if (parts->gpu[0] && gpu_find(parts->gpu, argument_value(a, "catalog"), &system->gpu, e))
        return e->status;
    if (parts->gpus > 0)
        system->gpus = parts->gpus;
    if (parts->gpus_per_node > 0)
        override_node(parts->gpus_per_node, system);
    if (parts->scale_up_domain > 0)
        system->tier[0].domain_gpus = parts->scale_up_domain;
    if (parts->nic_bytes_per_s > 0 && system->tiers > 1)
        system->tier[1].bandwidth_bytes_per_s = parts->nic_bytes_per_s;
    return STATUS_OK;
}

/* Numbers of GPUs that a run's configuration (--from) gives; flags win. */
static void take_file_sizes(const struct scenario_input *input, struct system_parts *parts)
{
    if (parts->gpus == 0)
        parts->gpus = json_number(file_part(input, "gpus"));
    if (parts->gpus_per_node == 0)
        parts->gpus_per_node = json_number(file_part(input, "gpus_per_node"));
}

static enum status read_system(const struct arguments *a, struct scenario_input *input,
                               struct error *e)
{
    struct system *system = &input->scenario.system;
    struct system_parts parts;
    const char *name = argument_value(a, "system"), *catalog = argument_value(a, "catalog");
    const struct json_value *part = file_part(input, "system");
    if (read_parts(a, &parts, e) != STATUS_OK)
        return e->status;
    if (!name && !part && parts.gpu[0]) {
        take_file_sizes(input, &parts);
        if (parts.gpus == 0)
            return missing(e, "gpus", "how many GPUs does the cluster have?");
        return system_from_parts(&parts, catalog, system, e);
    }
    if (name)
        system_find(name, catalog, system, e);
    else if (part)
        system_read(input->file, part, catalog, system, e);
    else
        return missing(e, "system",
                       "stepcast list systems shows the names; --gpu describes one by "
                       "parts");
    if (e->status != STATUS_OK || override_system(a, &parts, system, e) != STATUS_OK)
        return e->status;
    if (parts.gpus == 0)
        system->gpus = json_number_or(file_part(input, "gpus"), system->gpus);
    if (!(system->gpus >= 1))
        return missing(e, "gpus", "how many GPUs does the cluster have?");
    if (system->gpus > SYSTEM_GPUS_MOST)
        return error_set(e, STATUS_INPUT, "a cluster of %.0f GPUs: at most %d are priced",
                         system->gpus, SYSTEM_GPUS_MOST);
    return e->status;
}

static enum status read_stack(const struct arguments *a, struct scenario_input *input,
                              struct error *e)
{
    const char *name = argument_value(a, "stack"), *catalog = argument_value(a, "catalog");
    const struct json_value *part = name ? NULL : file_part(input, "stack");
    struct stack *stack = &input->scenario.stack;
    if (part && json_kind(part) == JSON_STRING)
        name = json_string(part);
    if (stack_find(name, catalog, stack, e) != STATUS_OK)
        return e->status;
    if (part && json_kind(part) == JSON_OBJECT)
        fields_read(input->file, part, (struct fields){stack_fields, stack_field_count}, stack,
                    NULL, e);
    return e->status;
}

static bool known(const struct arguments *a, const struct json_value *part,
                  const struct field *field)
{
    return argument_of_field(a, field) || json_member(part, field->key);
}

static enum status read_job(const struct arguments *a, struct scenario_input *input,
                            struct error *e)
{
    struct job *job = &input->scenario.job;
    const struct json_value *part = file_part(input, "job");
    struct field rows[32]; /* a key that the file lacks may be a flag */
    job_default(job);
    for (size_t i = 0; i < job_field_count; i++) {
        rows[i] = job_fields[i];
        rows[i].required = false;
    }
    if (part &&
        fields_read(input->file, part, (struct fields){rows, job_field_count}, job, NULL, e))
        return e->status;
    for (size_t i = 0; i < job_field_count; i++) {
        const struct given *given = argument_of_field(a, &job_fields[i]);
        if (given && field_set(&job_fields[i], given->value, job, e) != STATUS_OK)
            return argument_error(given->option, e);
        if (job_fields[i].required && !known(a, part, &job_fields[i])) {
            const struct option *option = option_of_field(a->table, &job_fields[i]);
            return missing(e, option->name, job_fields[i].help);
        }
    }
    return STATUS_OK;
}

/* Tokens and sequences are counted, however a number may be written (1e6). */
static enum status check_counts(const struct arguments *a, struct scenario_input *input,
                                struct error *e)
{
    const struct job *job = &input->scenario.job;
    (void)a;
    if (floor(job->seq_length) < job->seq_length)
        return error_set(e, STATUS_USAGE, "--seq-length: expected a whole number, got %g",
                         job->seq_length);
    if (floor(job->global_batch) < job->global_batch)
        return error_set(e, STATUS_USAGE, "--global-batch: expected a whole number, got %g",
                         job->global_batch);
    return STATUS_OK;
}

static enum status read_scenario(const struct arguments *a, struct scenario_input *input,
                                 struct error *e)
{
    static enum status (*const steps[])(const struct arguments *, struct scenario_input *,
                                        struct error *) = {read_model, read_system, read_stack,
                                                           read_job, check_counts};
    for (size_t i = 0; i < sizeof steps / sizeof *steps && e->status == STATUS_OK; i++)
        steps[i](a, input, e);
    return e->status;
}

enum status scenario_input_read(const struct arguments *a, struct scenario_input *input,
                                struct error *e)
{
    memset(input, 0, sizeof *input);
    return load_file(a, input, e) == STATUS_OK ? read_scenario(a, input, e) : e->status;
}

enum status scenario_input_take(const struct arguments *a, struct json *document,
                                struct scenario_input *input, struct error *e)
{
    memset(input, 0, sizeof *input);
    input->file = document;
    return read_scenario(a, input, e);
}
