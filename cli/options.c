#include "cli/options.h"
#include "cli/calibrate_run.h"
#include "cli/commands.h"
#include "cli/validate.h"
#include "parallelism/job.h"
#include "parallelism/search/clusters.h"
#include "parallelism/search/largest.h"
#include "parallelism/search/open.h"
#include "parallelism/strategy.h"
#include "reports/explain/explain.h"
#include <string.h>

const char *const option_group_titles[OPTION_GROUPS] = {
    [OPTIONS_SCENARIO] = "What is asked about",
    [OPTIONS_JOB] = "The job",
    [OPTIONS_STRATEGY] = "The strategy",
    [OPTIONS_COMMAND] = "This command",
    [OPTIONS_OUTPUT] = "Output and common options",
};

#define BIT(command) (1u << (command))
#define STEP_COMMANDS                                                                              \
    (BIT(COMMAND_SEARCH) | BIT(COMMAND_ESTIMATE) | BIT(COMMAND_SWEEP) | BIT(COMMAND_EXPORT) |      \
     BIT(COMMAND_PLOT) | BIT(COMMAND_REPORT))
/* What they write is files of their own kind. */
#define FILE_COMMANDS (BIT(COMMAND_EXPORT) | BIT(COMMAND_PLOT) | BIT(COMMAND_REPORT))
/* Those that describe a scenario and a strategy. */
#define SCENARIO_COMMANDS (STEP_COMMANDS | BIT(COMMAND_COMPARE))
#define ALL_COMMANDS ((1u << COMMANDS) - 1)
/* Those that have something to say beside their answer. */
#define TALKING_COMMANDS                                                                           \
    (SCENARIO_COMMANDS | BIT(COMMAND_VALIDATE) | BIT(COMMAND_CALIBRATE) | BIT(COMMAND_LIST) |      \
     BIT(COMMAND_SHOW))
#define CATALOG_COMMANDS                                                                           \
    (SCENARIO_COMMANDS | BIT(COMMAND_LIST) | BIT(COMMAND_SHOW) | BIT(COMMAND_SUPPORT) |            \
     BIT(COMMAND_VALIDATE))
#define CATALOG_USERS (CATALOG_COMMANDS | BIT(COMMAND_CALIBRATE))

/* Rows of the program's own options, in the order of the help. */
#define ROW(name, letter, kind, argument, words, values, group, commands, help)                    \
    {                                                                                              \
        name, NULL, letter, kind, argument, words, values, group, commands, help, NULL             \
    }
#define VALUE(name, argument, words, group, commands, help)                                        \
    ROW(name, 0, OPTION_VALUE, argument, words, NULL, group, commands, help)
#define SWITCH(name, letter, group, commands, help)                                                \
    ROW(name, letter, OPTION_SWITCH, NULL, WORDS_NONE, NULL, group, commands, help)
#define LISTED(name, argument, values, command, help)                                              \
    ROW(name, 0, OPTION_VALUE, argument, WORDS_LISTED, values, OPTIONS_COMMAND, BIT(command), help)

static const char *const export_targets[] = {"megatron-lm", "megatron-bridge", "torchtitan",
                                             "deepspeed", NULL};

static const struct option own_rows[] = {
    VALUE("model", "NAME", WORDS_MODEL, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "model: a catalog name, a Hugging Face config.json or the folder that holds it"),
    VALUE("system", "NAME", WORDS_SYSTEM, OPTIONS_SCENARIO,
          SCENARIO_COMMANDS | BIT(COMMAND_VALIDATE) | BIT(COMMAND_CALIBRATE) | BIT(COMMAND_SUPPORT),
          "cluster: a catalog name or a file; validate, calibrate fit: the machine of samples"),
    VALUE("gpus", "N", WORDS_NONE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "number of GPUs in the cluster; search: also several, 64,96,128 or 64:1024 or 64:1024:x4 "
          "or "
          "64:1024:+64"),
    VALUE("gpu", "NAME", WORDS_GPU, OPTIONS_SCENARIO,
          SCENARIO_COMMANDS | BIT(COMMAND_VALIDATE) | BIT(COMMAND_CALIBRATE) | BIT(COMMAND_SUPPORT),
          "a system by parts: its GPU (with --system: in place of that system's); validate, "
          "calibrate: the GPU of samples"),
    VALUE("gpus-per-node", "N", WORDS_NONE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "a system by parts: GPUs in one host (the GPU's usual number)"),
    VALUE("scale-up-domain", "N", WORDS_NONE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "a system by parts: GPUs in one scale-up (NVLink) domain (the GPU's usual number)"),
    VALUE("nic", "RATE", WORDS_NONE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "a system by parts: network rate per GPU and direction, such as \"400 Gb/s\""),
    VALUE("stack", "NAME", WORDS_STACK, OPTIONS_SCENARIO,
          SCENARIO_COMMANDS | BIT(COMMAND_VALIDATE) | BIT(COMMAND_CALIBRATE),
          "training software: a catalog name or a file (default); calibrate fit: what is fitted"),
    VALUE("catalog", "DIR", WORDS_FOLDER, OPTIONS_SCENARIO, CATALOG_USERS,
          "folder of descriptions that come before the built-in ones"),
    VALUE("scenario", "FILE", WORDS_FILE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
          "take the scenario of an earlier --json output; other flags win over it"),
    VALUE(
        "from", "FILE", WORDS_FILE, OPTIONS_SCENARIO, SCENARIO_COMMANDS,
        "take the scenario and the strategy of an existing run: a script that starts Megatron-LM, "
        "Megatron-Bridge, NeMo, torchtitan or DeepSpeed, the YAML of Megatron, NeMo, Accelerate, "
        "GPT-NeoX, nanotron or MaxText, torchtitan's TOML, DeepSpeed's JSON; several files of one "
        "run with commas between them; other flags win over it"),
    LISTED("to", "FRAMEWORK", export_targets, COMMAND_EXPORT,
           "megatron-lm, megatron-bridge, torchtitan or deepspeed"),
    VALUE("kineto", "FILE", WORDS_FILE, OPTIONS_COMMAND, BIT(COMMAND_COMPARE),
          "a trace of one rank that PyTorch's profiler wrote: compares term by term"),
    VALUE("top", "N", WORDS_NONE, OPTIONS_COMMAND,
          BIT(COMMAND_SEARCH) | BIT(COMMAND_PLOT) | BIT(COMMAND_REPORT),
          "how many of the fastest strategies to show (10; plot breakdown, report: 5)"),
    SWITCH("diff", 0, OPTIONS_COMMAND, BIT(COMMAND_REPORT),
           "compare two reports: folders, or answers as JSON"),
    VALUE("x", "NAME", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_PLOT),
          "heatmap: dimension of the strategy along x (tp)"),
    VALUE("y", "NAME", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_PLOT),
          "heatmap: dimension of the strategy along y (pp)"),
    VALUE("data", "FILE", WORDS_FILE, OPTIONS_COMMAND, BIT(COMMAND_PLOT),
          "write the numbers of the figure to FILE as CSV"),
    VALUE("script", "FILE", WORDS_FILE, OPTIONS_COMMAND, BIT(COMMAND_PLOT),
          "write the figure's gnuplot script, its data inside, to FILE"),
    VALUE("vary", "INPUT=VALUES", WORDS_NONE, OPTIONS_COMMAND,
          BIT(COMMAND_SWEEP) | BIT(COMMAND_PLOT),
          "vary an input: gpus=64:1024:x2, nic=200Gb/s:800Gb/s:x2, gpu.memory=80GiB:288GiB:+32GiB, "
          "gpu.peak=1x,1.5x,2x"),
    SWITCH("sensitivity", 0, OPTIONS_COMMAND, BIT(COMMAND_SWEEP),
           "how the step moves with every constant of hardware and software, at -20 % and +20 %"),
    VALUE("trace", "FILE", WORDS_FILE, OPTIONS_COMMAND, BIT(COMMAND_ESTIMATE),
          "write the step as a Chrome trace, for Perfetto (ui.perfetto.dev)"),
    SWITCH("memory", 0, OPTIONS_COMMAND, BIT(COMMAND_ESTIMATE),
           "memory by kind of every pipeline stage, and the moment when it holds most"),
    VALUE("what-if", "INPUT=VALUE,...", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_ESTIMATE),
          "what faster kernels or parts are worth: attention=1.1x,gpu.memory_bandwidth=1.2x"),
    SWITCH("no-prune", 0, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
           "evaluate every legal strategy, also those that cannot be among the best"),
    LISTED(
        "open", "NAME,...", search_opening_names, COMMAND_SEARCH,
        "search these dimensions too, which otherwise stay as the stack and the flags have them"),
    SWITCH("near-ties", 0, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
           "list all strategies that the forecast cannot tell from the fastest"),
    LISTED("maximize", "QUANTITY", largest_quantity_names, COMMAND_SEARCH,
           "find the largest value for which some strategy fits, and the fastest there"),
    SWITCH("pareto", 0, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
           "list the strategies of which no other is as fast in as little memory on as few GPUs"),
    LISTED(
        "objective", "NAME", objective_names, COMMAND_SEARCH,
        "by what one of several clusters is chosen: the shortest step, the most tokens per second "
        "and GPU, the cheapest token"),
    VALUE("price-per-gpu-hour", "USD", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
          "price of a GPU for an hour (the one that the gpu's description states)"),
    VALUE(
        "tokens-per-second", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
        "find the smallest of the clusters (--gpus 64:1024) that is so fast, or, with --objective, "
        "the best of those that are"),
    VALUE("deadline", "TIME", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
          "the same: a step must take no longer, or with --tokens the whole training: 20s, 30d"),
    VALUE("tokens", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_SEARCH),
          "tokens to train on until --deadline, such as 15T or 1.5e13"),
    SWITCH("simulate", 0, OPTIONS_COMMAND, BIT(COMMAND_SEARCH) | BIT(COMMAND_ESTIMATE),
           "also work the schedule off event by event, to check the closed form that ranks"),
    ROW("explain", 0, OPTION_OPTIONAL, "[TERM]", WORDS_LISTED, explain_topics, OPTIONS_COMMAND,
        BIT(COMMAND_ESTIMATE), "derive every number, or one term, from its equation and inputs"),
    VALUE("seq-length", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_SHOW),
          "show model: sequence length at which FLOP are counted (4096)"),
    LISTED("precision", "NAME", dtype_names, COMMAND_SUPPORT, "this datatype alone"),
    LISTED("op", "NAME", collective_names, COMMAND_CALIBRATE,
           "import: the collective, where a log does not tell it"),
    VALUE("into", "FILE", WORDS_FILE, OPTIONS_COMMAND, BIT(COMMAND_CALIBRATE),
          "fit --gpu: replace the constants in this gpu file, the rest of it stays as it is"),
    VALUE("ranks", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_CALIBRATE),
          "import: the number of ranks, where a log does not tell it"),
    VALUE("dtype", "NAME", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_CALIBRATE),
          "import: the type of the elements, where a log does not tell it"),
    LISTED("device", "NAME", calibrate_devices, COMMAND_CALIBRATE,
           "run: cuda or cpu (a GPU where there is one)"),
    VALUE("seconds", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_CALIBRATE),
          "run: time to measure for"),
    SWITCH("no-measure", 0, OPTIONS_COMMAND, BIT(COMMAND_CALIBRATE),
           "run: fit what a batch job has left in DIR"),
    VALUE("folds", "N", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_VALIDATE) | BIT(COMMAND_PLOT),
          "refit N times (kernels 5), so that no run or shape is predicted by a fit to itself"),
    LISTED("leave-out", "WHAT", left_out_names, COMMAND_VALIDATE,
           "predict the runs of each stack or model by what the others' runs tell: the stack, its "
           "constants alone, or (with --folds N several at a time) the model"),
    VALUE("max-error", "FRACTION", WORDS_NONE, OPTIONS_COMMAND, BIT(COMMAND_VALIDATE),
          "exit 1 if the mean absolute error of the step time is larger"),
    SWITCH("json", 0, OPTIONS_OUTPUT, CATALOG_USERS & ~FILE_COMMANDS, "print JSON"),
    SWITCH("csv", 0, OPTIONS_OUTPUT,
           (STEP_COMMANDS & ~FILE_COMMANDS) | BIT(COMMAND_VALIDATE) | BIT(COMMAND_LIST) |
               BIT(COMMAND_SUPPORT),
           "print CSV"),
    ROW("output", 'o', OPTION_VALUE, "FILE", WORDS_FILE, NULL, OPTIONS_OUTPUT, ALL_COMMANDS,
        "write to FILE (whole or not at all) in place of standard output"),
    SWITCH("quiet", 'q', OPTIONS_OUTPUT, TALKING_COMMANDS,
           "no notes and no progress on standard error; list: names alone"),
    SWITCH("strict", 0, OPTIONS_OUTPUT, STEP_COMMANDS & ~BIT(COMMAND_EXPORT) & ~BIT(COMMAND_PLOT),
           "fail where the answer lies outside the calibrated range"),
    VALUE("threads", "N", WORDS_NONE, OPTIONS_OUTPUT, STEP_COMMANDS,
          "threads to search with (all cores); the answer does not depend on it"),
    SWITCH("help", 'h', OPTIONS_OUTPUT, ALL_COMMANDS, "show this help"),
    SWITCH("version", 0, OPTIONS_OUTPUT, ALL_COMMANDS, "show the version"),
};

/* Megatron-LM's names of our keys (megatron/training/arguments.py), where the values mean the same.
 */
static const struct {
    const char *key, *aliases;
} megatron_names[] = {
    {"global_batch",       "global-batch-size"                                                        },
    {"micro_batch",        "micro-batch-size"                                                         },
    {"tp",                 "tensor-model-parallel-size"                                               },
    {"cp",                 "context-parallel-size"                                                    },
    {"pp",                 "pipeline-model-parallel-size"                                             },
    {"vpp",                "virtual-pipeline-model-parallel-size num-virtual-stages-per-pipeline-rank"},
    {"ep",                 "expert-model-parallel-size"                                               },
    {"etp",                "expert-tensor-parallel-size"                                              },
    {"dp",                 "data-parallel-size"                                                       },
    {"recompute",          "recompute-granularity"                                                    },
    {"recompute_layers",   "recompute-num-layers"                                                     },
    {"dispatcher",         "moe-token-dispatcher-type"                                                },
    {"cp_comm",            "cp-comm-type"                                                             },
    {"pp_layout",          "pipeline-model-parallel-layout"                                           },
    {"first_stage_layers", "decoder-first-pipeline-num-layers"                                        },
    {"last_stage_layers",  "decoder-last-pipeline-num-layers"                                         },
    {"microbatch_group",   "microbatch-group-size-per-virtual-pipeline-stage"                         },
    {"expert_capacity",    "moe-expert-capacity-factor"                                               },
};

static const char *megatron_aliases(const char *key)
{
    for (size_t i = 0; i < sizeof megatron_names / sizeof *megatron_names; i++) {
        if (strcmp(megatron_names[i].key, key) == 0)
            return megatron_names[i].aliases;
    }
    return NULL;
}

static const char *field_argument(const struct field *field)
{
    static const char *const by_kind[] = {
        [FIELD_NUMBER] = "X",    [FIELD_INT] = "N",     [FIELD_BOOL] = NULL,
        [FIELD_STRING] = "TEXT", [FIELD_ENUM] = "NAME", [FIELD_SET] = "NAME,...",
    };
    return by_kind[field->kind];
}

static void hyphens(const char *key, char *name)
{
    size_t n = 0;
    for (; key[n] != '\0' && n + 1 < OPTION_NAME_MAX; n++)
        name[n] = key[n] == '_' ? '-' : key[n];
    name[n] = '\0';
}

/* One row for every key of a field table, named by the key with hyphens. */
static void add_fields(struct option_table *table, const struct field *fields, size_t n,
                       enum option_group group)
{
    for (size_t i = 0; i < n && table->count < OPTIONS_MAX; i++) {
        char *name = table->names[table->count];
        hyphens(fields[i].key, name);
        table->row[table->count++] = (struct option){
            .name = name,
            .aliases = megatron_aliases(fields[i].key),
            .kind = fields[i].kind == FIELD_BOOL ? OPTION_BOOL : OPTION_VALUE,
            .argument = field_argument(&fields[i]),
            .words = fields[i].names ? WORDS_LISTED : WORDS_NONE,
            .values = fields[i].names,
            .group = group,
            .commands = SCENARIO_COMMANDS,
            .help = fields[i].help,
            .field = &fields[i],
        };
    }
}

void option_table_init(struct option_table *table)
{
    table->count = sizeof own_rows / sizeof *own_rows;
    memcpy(table->row, own_rows, sizeof own_rows);
    add_fields(table, job_fields, job_field_count, OPTIONS_JOB);
    add_fields(table, strategy_fields, strategy_field_count, OPTIONS_STRATEGY);
}

void option_names(const struct option *option,
                  void (*visit)(void *context, const char *name, size_t n), void *context)
{
    visit(context, option->name, strlen(option->name));
    const char *alias = option->aliases ? option->aliases : "";
    while (*alias != '\0') {
        size_t n = strcspn(alias, " ");
        visit(context, alias, n);
        alias += n;
        alias += strspn(alias, " ");
    }
}

struct name_match {
    const char *name;
    size_t n;
    bool found;
};

static void match_name(void *context, const char *name, size_t n)
{
    struct name_match *match = context;
    if (n == match->n && strncmp(name, match->name, n) == 0)
        match->found = true;
}

const struct option *option_find(const struct option_table *table, unsigned mask, const char *name,
                                 size_t n)
{
    struct name_match match = {name, n, false};
    for (size_t i = 0; i < table->count; i++) {
        if ((table->row[i].commands & mask) == 0)
            continue;
        option_names(&table->row[i], match_name, &match);
        if (match.found)
            return &table->row[i];
    }
    return NULL;
}

const struct option *option_find_letter(const struct option_table *table, unsigned mask,
                                        char letter)
{
    for (size_t i = 0; i < table->count; i++) {
        if ((table->row[i].commands & mask) != 0 && table->row[i].letter == letter)
            return &table->row[i];
    }
    return NULL;
}

const struct option *option_of_field(const struct option_table *table, const struct field *field)
{
    for (size_t i = 0; i < table->count; i++) {
        if (table->row[i].field == field)
            return &table->row[i];
    }
    return NULL;
}
