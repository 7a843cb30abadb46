#include "reports/launch/launch_report.h"
#include "parallelism/frameworks/import.h"
#include "parallelism/frameworks/likeness.h"
#include "reports/format.h"
#include "reports/launch/formats.h"
#include "reports/launch/shell_text.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *framework;
    void (*write)(const struct settings *settings, const struct launch_shape *shape,
                  struct text *out);
} formats[] = {
    {"megatron-lm",     launch_megatron_lm    },
    {"megatron-bridge", launch_megatron_bridge},
    {"torchtitan",      launch_torchtitan     },
    {"deepspeed",       launch_deepspeed      },
};

/* Nodes as the system has them; fewer GPUs a node where they do not fill whole nodes. */
static struct launch_shape find_shape(const struct system *system)
{
    int gpus = (int)system->gpus, each = (int)system->gpus_per_node;
    each = each < 1 ? 1 : each > gpus ? gpus : each;
    while (gpus % each != 0)
        each--;
    return (struct launch_shape){gpus / each, each};
}

void launch_torchrun(const struct launch_shape *shape, struct text *out)
{
    text_addf(out,
              "srun torchrun --nnodes %d --nproc_per_node %d --rdzv_backend c10d \\\n"
              "    --rdzv_endpoint \"$MASTER_ADDR:29500\" \\\n    ",
              shape->nodes, shape->gpus_per_node);
}

void launch_flag(const char *key, const char *value, struct text *out)
{
    text_add(out, "--");
    for (; *key != '\0'; key++)
        text_add_n(out, *key == '_' ? "-" : key, 1);
    if (strcmp(value, "true") == 0)
        return;
    while (*value != '\0') { /* one word or several, as recompute_modules */
        struct text word = {0};
        size_t n = strcspn(value, " ");
        text_add_n(&word, value, n);
        text_add(out, " ");
        shell_word(out, text_string(&word));
        text_free(&word);
        value += n + (value[n] == ' ');
    }
}

static void add_head(const struct launch_request *r, const struct launch_shape *shape,
                     struct text *out)
{
    struct text line = {0}, scratch = {0};
    text_add(out, "#!/bin/bash\n");
    format_scenario(r->scenario, &line);
    shell_comment(out, text_string(&line));
    text_clear(&line);
    text_addf(&line, "%s, written by stepcast " STEPCAST_VERSION, r->framework->title);
    if (r->cost && r->cost->legal)
        text_addf(&line, ": forecast %s a step",
                  format_unit(&scratch, r->cost->step_s, UNIT_SECONDS, 4));
    shell_comment(out, text_string(&line));
    text_addf(out,
              "#SBATCH --job-name=stepcast\n#SBATCH --nodes=%d\n#SBATCH --ntasks-per-node=1\n"
              "#SBATCH --gpus-per-node=%d\n#SBATCH --exclusive\nset -eu\n\n",
              shape->nodes, shape->gpus_per_node);
    bool one_connection = (r->strategy->tp > 1 || r->strategy->cp > 1) && r->strategy->zero < 2 &&
                          strncmp(r->framework->name, "megatron", 8) == 0 &&
                          !architecture_is_blackwell(r->scenario->system.gpu.architecture);
    if (one_connection) /* kernels in the order of their launches, so that overlaps hold:
                           Megatron-LM wants it before Blackwell [megatron/training/arguments.py] */
        text_add(out, "export CUDA_DEVICE_MAX_CONNECTIONS=1\n");
    text_add(out, "MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | head -n 1)\n\n");
    text_free(&line);
    text_free(&scratch);
}

static bool jobs_alike(const struct job *a, const struct job *b, struct text *why)
{
    static const char *const kept[] = {"seq_length", "global_batch",    "precision",
                                       "optimizer",  "expert_capacity", NULL};
    for (size_t i = 0; i < job_field_count; i++) {
        struct text x = {0}, y = {0};
        field_get(&job_fields[i], a, &x);
        field_get(&job_fields[i], b, &y);
        bool alike = names_find(kept, job_fields[i].key) < 0 ||
                     strcmp(text_string(&x), text_string(&y)) == 0;
        if (!alike)
            text_addf(why, "%s %s against %s", job_fields[i].key, x.data, text_string(&y));
        text_free(&x);
        text_free(&y);
        if (!alike)
            return false;
    }
    return true;
}

/* The script read back: the same run, or what against of it. */
static enum status check(const struct launch_request *r, const struct text *script,
                         struct framework_import *back, struct error *e)
{
    struct import_options options = {NULL, 0};
    struct error bad;
    struct text why = {0};
    error_init(&bad);
    struct strategy *s = &back->run.strategy;
    if (framework_import_text(script->data, script->length, "launch.sh", &options, back, &bad) !=
            STATUS_OK &&
        bad.status == STATUS_IO)
        *e = bad;
    else if (bad.status != STATUS_OK)
        text_addf(&why, "%s", bad.message);
    else if (back->framework != r->framework || back->gpus != r->scenario->system.gpus)
        text_addf(&why, "%.0f GPUs against %.0f", r->scenario->system.gpus, back->gpus);
    else if (!back->run.model_given)
        text_addf(&why, "the model is not told");
    else if (models_alike(&r->scenario->model, &back->run.scenario.model, &why) &&
             jobs_alike(&r->scenario->job, &back->run.scenario.job, &why)) {
        s->dp = (int)(back->gpus / ((double)s->tp * s->cp * s->pp));
        strategies_alike(r->scenario, r->strategy, s, &why);
    }
    if (why.failed)
        error_set(e, STATUS_IO, "out of memory");
    else if (why.length > 0)
        error_set(e, STATUS_NO, "%s cannot express it: %s", r->framework->title, why.data);
    text_free(&why);
    return e->status;
}

/* The run that is written, beside one that only has the framework's defaults. */
struct launch_work {
    struct framework_run run, defaults;
    struct framework_import back;
    struct settings settings;
};

static enum status write_settings(const struct launch_request *r, struct launch_work *work,
                                  struct error *e)
{
    if (framework_run_init(r->framework, NULL, NULL, &work->defaults, e) != STATUS_OK)
        return e->status;
    work->run.scenario = *r->scenario;
    work->run.strategy = strategy_plain(r->scenario, r->strategy);
    struct framework_writer w = {r->framework,    &work->run, &work->defaults,
                                 &work->settings, e,          false};
    return framework_write(&w);
}

static void write_script(const struct launch_request *r, const struct launch_work *work,
                         struct text *script)
{
    struct launch_shape shape = find_shape(&r->scenario->system);
    add_head(r, &shape, script);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].framework, r->framework->name) == 0)
            formats[i].write(&work->settings, &shape, script);
    }
}

enum status launch_text(const struct launch_request *request, struct text *out, struct error *e)
{
    struct launch_work *work = calloc(1, sizeof *work);
    struct text script = {0};
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    if (write_settings(request, work, e) == STATUS_OK) {
        write_script(request, work, &script);
        if (script.failed)
            error_set(e, STATUS_IO, "out of memory");
        else if (check(request, &script, &work->back, e) == STATUS_OK)
            text_add_n(out, script.data, script.length);
    }
    framework_import_free(&work->back);
    settings_free(&work->settings);
    text_free(&script);
    free(work);
    return e->status;
}
