/* Completion scripts from the option and command tables and the names of the catalogs. */
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "hardware/gpu.h"
#include "hardware/system.h"
#include "model/model.h"
#include "parallelism/stack.h"
#include <string.h>

static const char *no_name(size_t i)
{
    (void)i;
    return NULL;
}

/* Name i of what a word kind stands for; NULL past the end, and for files and folders. */
static const char *word_at(enum word_kind kind, const char *const *values, size_t i)
{
    static const char *(*const names[])(size_t i) = {
        [WORDS_NONE] = no_name,
        [WORDS_LISTED] = no_name,
        [WORDS_FILE] = no_name,
        [WORDS_FOLDER] = no_name,
        [WORDS_MODEL] = model_catalog_name,
        [WORDS_GPU] = gpu_catalog_name,
        [WORDS_SYSTEM] = system_catalog_name,
        [WORDS_STACK] = stack_catalog_name,
    };
    if (kind != WORDS_LISTED)
        return names[kind](i);
    for (size_t j = 0; values && values[j]; j++) {
        if (j == i)
            return values[j];
    }
    return NULL;
}

static void add_names(enum word_kind kind, const char *const *values, struct text *out)
{
    const char *word;
    for (size_t i = 0; (word = word_at(kind, values, i)) != NULL; i++)
        text_addf(out, "%s%s", i > 0 ? " " : "", word);
}

/* Blank-separated words of an option. */
static void add_words(const struct option *option, struct text *out)
{
    add_names(option->words, option->values, out);
}

/* What stands behind show's first operand. */
static const struct {
    const char *kind;
    enum word_kind names;
} shown[] = {
    {"model",  WORDS_MODEL },
    {"gpu",    WORDS_GPU   },
    {"system", WORDS_SYSTEM},
    {"stack",  WORDS_STACK },
};
enum { SHOWN = sizeof shown / sizeof *shown };

/* A command's first operand; help takes the commands. */
static void add_operands(const struct command *command, struct text *out)
{
    text_add(out, command->operand_words);
    for (size_t i = 0; i < COMMANDS && command->id == COMMAND_HELP; i++)
        text_addf(out, " %s", commands[i].name);
}

static bool belongs(const struct option *option, const struct command *command)
{
    return (option->commands & (1u << command->id)) != 0;
}

/* Text inside single quotes of a shell, without the characters that would mean something there. */
static void add_quoted(struct text *out, const char *words, const char *special)
{
    for (; *words != '\0'; words++)
        text_add_n(out, strchr(special, *words) ? " " : words, 1);
}
static const char zsh_special[] = "'[]:\\", fish_special[] = "'\\";

struct name_words {
    struct text *out;
    const struct option *option;
};

static void add_dashed(void *context, const char *name, size_t n)
{
    struct name_words *words = context;
    text_addf(words->out, "--%.*s ", (int)n, name);
    if (words->option->kind == OPTION_BOOL)
        text_addf(words->out, "--no-%.*s ", (int)n, name);
}

static void add_pattern(void *context, const char *name, size_t n)
{
    struct name_words *words = context;
    text_addf(words->out, "|--%.*s", (int)n, name);
}

/* ---- bash ---- */

static void bash_values(const struct option_table *table, const struct command *command,
                        struct text *out)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->row[i];
        if (!belongs(option, command) || option->words == WORDS_NONE || option->kind == OPTION_BOOL)
            continue;
        struct text pattern = {0};
        struct name_words names = {&pattern, option};
        option_names(option, add_pattern, &names);
        if (option->letter)
            text_addf(&pattern, "|-%c", option->letter);
        text_addf(out, "        %s) ", pattern.data ? pattern.data + 1 : "");
        text_free(&pattern);
        if (option->words == WORDS_FILE || option->words == WORDS_FOLDER)
            text_addf(out, "mapfile -t COMPREPLY < <(compgen -%c -- \"$cur\"); return ;;\n",
                      option->words == WORDS_FILE ? 'f' : 'd');
        else {
            text_add(out, "words=\"");
            add_words(option, out);
            text_add(out, "\"; files=y ;;\n");
        }
    }
}

static void bash_command(const struct option_table *table, const struct command *command,
                         struct text *out)
{
    text_addf(out, "    %s)\n        words=\"", command->name);
    for (size_t i = 0; i < table->count; i++) {
        struct name_words names = {out, &table->row[i]};
        if (belongs(&table->row[i], command))
            option_names(&table->row[i], add_dashed, &names);
    }
    add_operands(command, out);
    text_add(out, "\"; files=y\n        case $prev in\n");
    for (size_t i = 0; i < SHOWN && command->id == COMMAND_SHOW; i++) {
        text_addf(out, "        %s) words=\"", shown[i].kind);
        add_names(shown[i].names, NULL, out);
        text_add(out, "\"; files=y ;;\n");
    }
    bash_values(table, command, out);
    text_add(out, "        esac ;;\n");
}

static void write_bash(const struct option_table *table, struct text *out)
{
    text_add(out, "# bash completion of stepcast\n"
                  "_stepcast()\n{\n"
                  "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                  "    local words='' files=''\n    COMPREPLY=()\n"
                  "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (size_t i = 0; i < COMMANDS; i++)
        text_addf(out, "%s ", commands[i].name);
    text_add(out, "--help --version\"\n    else\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < COMMANDS; i++)
        bash_command(table, &commands[i], out);
    text_add(out, "    esac\n    fi\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                  "    if [ -n \"$files\" ] && [ \"${#COMPREPLY[@]}\" -eq 0 ]; then\n"
                  "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n    fi\n"
                  "}\ncomplete -o filenames -F _stepcast stepcast\n");
}

/* ---- zsh ---- */

/* '--tp[help]:N:(words)' */
static void zsh_spec(void *context, const char *name, size_t n)
{
    struct name_words *line = context;
    const struct option *option = line->option;
    text_addf(line->out, " \\\n            '*--%.*s[", (int)n, name);
    add_quoted(line->out, option->help, zsh_special);
    text_add(line->out, "]");
    if (option->argument) {
        text_addf(line->out, "%s", option->kind == OPTION_OPTIONAL ? "::" : ":");
        add_quoted(line->out, option->argument, zsh_special);
        text_add(line->out, ":");
    }
    if (option->words == WORDS_FILE || option->words == WORDS_FOLDER)
        text_add(line->out, "_files");
    else if (option->argument && option->words != WORDS_NONE) {
        text_add(line->out, "(");
        add_words(option, line->out);
        text_add(line->out, ")");
    }
    text_add(line->out, "'");
    if (option->kind == OPTION_BOOL)
        text_addf(line->out, " \\\n            '*--no-%.*s'", (int)n, name);
}

static void write_zsh(const struct option_table *table, struct text *out)
{
    text_add(out, "#compdef stepcast\n# zsh completion of stepcast\n"
                  "_stepcast() {\n    if (( CURRENT == 2 )); then\n        compadd");
    for (size_t i = 0; i < COMMANDS; i++)
        text_addf(out, " %s", commands[i].name);
    text_add(out, "\n        return\n    fi\n    local command=$words[2]\n"
                  "    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        text_addf(out, "        %s) _arguments", commands[i].name);
        for (size_t j = 0; j < table->count; j++) {
            struct name_words line = {out, &table->row[j]};
            if (belongs(&table->row[j], &commands[i]))
                option_names(&table->row[j], zsh_spec, &line);
        }
        if (*commands[i].operand_words) {
            text_add(out, " \\\n            '*:operand:(");
            add_operands(&commands[i], out);
            for (size_t j = 0; j < SHOWN && commands[i].id == COMMAND_SHOW; j++) {
                text_add(out, " ");
                add_names(shown[j].names, NULL, out);
            }
            text_add(out, ")'");
        } else
            text_add(out, " \\\n            '*:file:_files'");
        text_add(out, " ;;\n");
    }
    text_add(out, "    esac\n}\nif [ \"$funcstack[1]\" = _stepcast ]; then\n    _stepcast \"$@\"\n"
                  "else\n    compdef _stepcast stepcast\nfi\n");
}

/* ---- fish ---- */

struct fish_line {
    struct text *out;
    const struct option *option;
    const char *command;
};

static void fish_option(void *context, const char *name, size_t n)
{
    struct fish_line *line = context;
    const struct option *option = line->option;
    text_addf(line->out, "complete -c stepcast -n '__fish_seen_subcommand_from %s' -l %.*s",
              line->command, (int)n, name);
    if (option->letter)
        text_addf(line->out, " -s %c", option->letter);
    if (option->kind == OPTION_VALUE && option->words != WORDS_FILE &&
        option->words != WORDS_FOLDER)
        text_add(line->out, " -x -a '");
    else
        text_add(line->out, option->kind == OPTION_VALUE ? " -r -F -a '" : " -a '");
    if (option->kind != OPTION_BOOL)
        add_words(option, line->out);
    text_add(line->out, "' -d '");
    add_quoted(line->out, option->help, fish_special);
    text_add(line->out, "'\n");
    if (option->kind == OPTION_BOOL)
        text_addf(line->out,
                  "complete -c stepcast -n '__fish_seen_subcommand_from %s' -l no-%.*s\n",
                  line->command, (int)n, name);
}

static void write_fish(const struct option_table *table, struct text *out)
{
    text_add(out, "# fish completion of stepcast\ncomplete -c stepcast -f\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        text_addf(out, "complete -c stepcast -n __fish_use_subcommand -a %s -d '",
                  commands[i].name);
        add_quoted(out, commands[i].summary, fish_special);
        text_add(out, "'\n");
        text_addf(out, "complete -c stepcast -n '__fish_seen_subcommand_from %s' %s",
                  commands[i].name, *commands[i].operand_words ? "-a '" : "-F");
        add_operands(&commands[i], out);
        text_add(out, *commands[i].operand_words ? "'\n" : "\n");
        for (size_t j = 0; j < SHOWN && commands[i].id == COMMAND_SHOW; j++) {
            text_addf(out,
                      "complete -c stepcast -n '__fish_seen_subcommand_from show; and "
                      "__fish_seen_subcommand_from %s' -a '",
                      shown[j].kind);
            add_names(shown[j].names, NULL, out);
            text_add(out, "'\n");
        }
        for (size_t j = 0; j < table->count; j++) {
            struct fish_line line = {out, &table->row[j], commands[i].name};
            if (belongs(&table->row[j], &commands[i]))
                option_names(&table->row[j], fish_option, &line);
        }
    }
}

static const struct {
    const char *name;
    void (*write)(const struct option_table *table, struct text *out);
} shells[] = {
    {"bash", write_bash},
    {"zsh",  write_zsh },
    {"fish", write_fish},
};

enum status completion_command(const struct arguments *arguments, struct error *e)
{
    const char *name = arguments->operand_count == 1 ? arguments->operands[0] : "";
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (!names_equal(shells[i].name, name))
            continue;
        struct text out = {0};
        shells[i].write(arguments->table, &out);
        output_write(arguments, &out, e);
        text_free(&out);
        return e->status;
    }
    return error_set(e, STATUS_USAGE, "which shell? one of bash, zsh, fish");
}
