/* Shell scripts: the training command among their commands, its settings, how many GPUs it takes.
 */
#include "base/fields.h"
#include "base/number.h"
#include "base/text.h"
#include "parallelism/frameworks/configuration.h"
#include "parallelism/frameworks/shell.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct script {
    struct shell *shell;
    struct configuration *out;
    int commands; /* training commands found */
};

/* What a launcher starts: a program whose options are the framework's. */
static bool is_program(const char *word)
{
    return word[0] != '-' && (text_ends_with(word, ".py") || text_ends_with(word, "run_train.sh"));
}

/* "swift sft", "megatron pt": ms-swift's programs. */
static bool is_swift(const char *word, const char *task)
{
    static const char *const programs[] = {"swift", "megatron", NULL};
    static const char *const tasks[] = {"sft", "pt", "rlhf", "pretrain", NULL};
    return task && names_find(programs, word) >= 0 && names_find(tasks, task) >= 0;
}

/* The word of the program itself ("train.py"; behind -m a module); NULL: no training command. */
static const char *find_program(const struct words *words)
{
    bool launched = false;
    for (const char *w = words_first(words); w; w = words_next(words, w)) {
        if (is_program(w) || is_swift(w, words_next(words, w)))
            return w;
        if (launched && (strcmp(w, "-m") == 0 || strcmp(w, "--module") == 0)) {
            const char *module = words_next(words, w);
            bool launcher = module && strncmp(module, "torch.distributed", 17) == 0;
            if (module && !launcher)
                return module;
        }
        launched = launched || launch_is_launcher(w);
    }
    return NULL;
}

/* Options between launchers and the program. */
static void read_launchers(struct script *s, const struct words *words, const char *program)
{
    const char *launcher = "";
    for (const char *w = words_first(words); w && w != program; w = words_next(words, w)) {
        char name[64];
        const char *equals = strchr(w, '='), *next = words_next(words, w);
        if (w[0] != '-') {
            launcher = launch_is_launcher(w) ? w : launcher;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(equals ? equals - w : (long)strlen(w)), w);
        const char *value = equals ? equals + 1 : next && next != program ? next : "";
        bool size = launch_option(&s->out->launch, launcher, name, value);
        if (!size && text_ends_with(launcher, "accelerate")) /* how it splits the run */
            settings_add(&s->out->settings, name, value[0] == '-' ? "" : value, 0);
    }
}

/* "model.hidden_size=8192", "mixed_precision=bf16_mixed": Hydra's overrides. */
static bool is_override(const char *word)
{
    const char *equals = strchr(word, '=');
    size_t start = strspn(word, "+~");
    if (!equals || !isalpha((unsigned char)word[start]))
        return false;
    for (const char *c = word + start; c < equals; c++) {
        if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.')
            return false;
    }
    return true;
}

static void add_override(struct script *s, const char *word, int line)
{
    char key[192];
    const char *equals = strchr(word, '=');
    snprintf(key, sizeof key, "%.*s", (int)(equals - word), word);
    settings_add(&s->out->settings, key, equals + 1, line);
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && (word[1] == '-' || isalpha((unsigned char)word[1]));
}

/* "--vocab-size 32000 $EXTRA_ARGS": a word that is not told, behind a value that is, may be flags,
 * or nothing; "$@" is nothing where no arguments are given. */
static bool may_be_nothing(struct script *s, const char *word, const struct text *value, int line)
{
    if (word[0] != SETTING_UNRESOLVED || value->length == 0 || value->data[0] == SETTING_UNRESOLVED)
        return false;
    if (!strchr(word, '@') && !strchr(word, '*')) {
        text_addf(&s->out->notes, "line %d: ", line);
        value_show(word, &s->out->notes);
        text_add(&s->out->notes, ", which the file does not tell, is taken as nothing\n");
    }
    return true;
}

/* A flag and the words up to the next one. Returns the word to go on with. */
static const char *add_flag(struct script *s, const struct words *words, const char *w, int line)
{
    char key[192];
    const char *equals = strchr(w, '=');
    struct text value = {0};
    snprintf(key, sizeof key, "%.*s", (int)(equals ? equals - w : (long)strlen(w)), w);
    text_add(&value, equals ? equals + 1 : "");
    const char *next = words_next(words, w);
    for (; !equals && next && !is_flag(next) && !is_override(next) &&
           !may_be_nothing(s, next, &value, line);
         next = words_next(words, next))
        text_addf(&value, "%s%s", value.length > 0 ? " " : "", next);
    settings_add(&s->out->settings, key, text_string(&value), line);
    text_free(&value);
    return next;
}

static void read_settings(struct script *s, const struct words *words, const char *first, int line)
{
    const char *w = first;
    while (w) {
        if (is_flag(w)) {
            w = add_flag(s, words, w, line);
            continue;
        }
        if (is_override(w))
            add_override(s, w, line);
        w = words_next(words, w);
    }
}

/* Commands that name the program and do not start it. */
static bool only_names(const char *command)
{
    static const char *const names[] = {"echo", "printf", "[",  "[[",    "test",  "cat",    "cp",
                                        "ls",   "mv",     "rm", "chmod", "mkdir", "export", NULL};
    return command && names_find(names, command) >= 0;
}

static void on_command(void *context, const struct words *words, int line)
{
    struct script *s = context;
    const char *first = words_first(words);
    if (only_names(first))
        return;
    const char *program = find_program(words);
    if (first && (strcmp(first, "source") == 0 || strcmp(first, ".") == 0)) {
        const char *file = words_next(words, first);
        text_addf(&s->out->notes, "line %d: ", line);
        value_show(file ? file : "source", &s->out->notes);
        text_add(&s->out->notes, " is not followed\n");
    }
    read_launchers(s, words, program);
    if (!program)
        return;
    s->commands++;
    if (strcmp(program, "megatron") == 0) {
        settings_add(&s->out->settings, "bf16", "true", line); /* unless it is told otherwise */
        text_add(&s->out->notes,
                 "ms-swift's own defaults are not known: bf16 and Megatron-LM's are "
                 "taken where a setting is not given\n");
    }
    read_settings(s, words, words_next(words, program), line);
}

/* True if a line of the document begins with one of the words. */
static bool has_line(const char *body, size_t n, const char *const *starts)
{
    for (size_t at = 0; at < n; at++) {
        for (size_t i = 0; (at == 0 || body[at - 1] == '\n') && starts[i]; i++) {
            size_t length = strlen(starts[i]);
            if (n - at >= length && strncmp(body + at, starts[i], length) == 0)
                return true;
        }
    }
    return false;
}

/* A configuration that the script writes for a trainer to read. */
static void read_written(struct script *s, const char *body, size_t n, int line)
{
    static const char *const yaml[] = {"model_name_or_path:", "base_model:", "distributed_type:",
                                       "tensor_model_parallel_size:", NULL};
    static const char *const toml[] = {"[parallelism]", "[training]", NULL};
    if (has_line(body, n, yaml))
        configuration_read_yaml(body, n, line, s->out);
    else if (has_line(body, n, toml))
        configuration_read_toml(body, n, s->out);
}

static void on_document(void *context, const char *body, size_t n, int line)
{
    struct script *s = context;
    struct error ignored;
    error_init(&ignored);
    size_t at = 0;
    while (at < n && isspace((unsigned char)body[at]))
        at++;
    if (at < n && body[at] == '{')
        configuration_read_json(body, n, "here-document", s->out, &ignored);
    else if (n > 4 &&
             (strncmp(body + at, "from ", 5) == 0 || strncmp(body + at, "import ", 7) == 0))
        configuration_read_python(body, n, line, s->out);
    else
        read_written(s, body, n, line);
    if (ignored.status != STATUS_OK)
        text_addf(&s->out->notes, "line %d: the here-document is not JSON: %s\n", line,
                  ignored.message);
}

/* "#SBATCH --nodes=16": the launch, and the variables that Slurm sets from it. */
static void on_comment(void *context, const char *text, int line)
{
    struct script *s = context;
    (void)line;
    if (strncmp(text, "SBATCH", 6) != 0)
        return;
    launch_sbatch(&s->out->launch, text + 6);
    const struct launch *l = &s->out->launch;
    const struct {
        const char *name;
        double value;
    } set[] = {
        {"SLURM_NNODES",          l->slurm_nodes                                       },
        {"SLURM_JOB_NUM_NODES",   l->slurm_nodes                                       },
        {"SLURM_NTASKS_PER_NODE", l->slurm_tasks_per_node                              },
        {"SLURM_GPUS_PER_NODE",   l->slurm_gpus_per_node                               },
        {"SLURM_GPUS_ON_NODE",    l->slurm_gpus_per_node                               },
        {"SLURM_NTASKS",
         l->slurm_tasks > 0 ? l->slurm_tasks : l->slurm_nodes * l->slurm_tasks_per_node},
    };
    for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
        char number[32];
        number_format(set[i].value, number, sizeof number);
        if (set[i].value > 0)
            shell_variable_set(&s->shell->variables, set[i].name, number);
    }
}

static double variable_number(const struct shell *shell, const char *name)
{
    struct text text = {0};
    struct error e;
    double value = 0;
    error_init(&e);
    shell_variable_text(&shell->variables, name, &text);
    if (!text.data || number_parse(text.data, &value, &e) != STATUS_OK)
        value = 0;
    text_free(&text);
    return value;
}

/* torchtitan's run_train.sh takes MODULE and CONFIG from the environment. */
static void add_environment(struct script *s)
{
    static const char *const names[][2] = {
        {"MODULE", "module"},
        {"CONFIG", "config"}
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct text value = {0};
        shell_variable_text(&s->shell->variables, names[i][0], &value);
        if (value.length > 0 && !settings_find(&s->out->settings, names[i][1]))
            settings_add(&s->out->settings, names[i][1], value.data, 0);
        text_free(&value);
    }
}

/* No command of the file starts a training program: every flag that it assigns counts. */
static void read_all_variables(struct script *s)
{
    for (size_t i = 0; i < s->shell->variables.count; i++) {
        struct words split = {.count = 0};
        const struct words *words = &s->shell->variables.items[i].words;
        for (const char *w = words_first(words); w; w = words_next(words, w))
            words_add_split(&split, w);
        read_settings(s, &split, words_first(&split), 0);
        words_free(&split);
    }
    text_add(&s->out->notes, "no command starts a training program: every flag was read\n");
}

/* ms-swift starts torchrun itself, with the sizes that the environment gives. */
static void read_processes(const struct shell *shell, struct launch *launch)
{
    double processes = variable_number(shell, "NPROC_PER_NODE");
    if (launch_gpus(launch) > 0 || !(processes >= 1))
        return;
    launch->gpus_per_node = processes;
    launch->nodes = variable_number(shell, "NNODES");
    launch->torchrun = true;
}

void configuration_read_script(const char *text, size_t n, struct configuration *out)
{
    struct shell shell = {.command = on_command, .document = on_document, .comment = on_comment};
    struct script s = {&shell, out, 0};
    shell.context = &s;
    shell_read(&shell, text, n);
    if (s.commands == 0 && out->settings.count == 0)
        read_all_variables(&s);
    add_environment(&s);
    read_processes(&shell, &out->launch);
    out->launch.world_size = variable_number(&shell, "WORLD_SIZE");
    if (!(out->launch.world_size > 0))
        out->launch.world_size = variable_number(&shell, "NGPU");
    if (shell.branches)
        text_add(&out->notes,
                 "loops, and branches whose test it does not decide, were read whole, in order\n");
    if (shell.assumed)
        text_add(&out->notes, "variables that it never sets were taken as empty in its tests\n");
    if (s.commands > 1)
        text_addf(&out->notes, "%d training commands: their settings were read together\n",
                  s.commands);
    if (shell.too_large)
        text_add(&out->notes, "an expansion grew too large and was cut\n");
    shell_free(&shell);
}
