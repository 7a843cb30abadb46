#include "cli/help.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include <string.h>

enum { HELP_WIDTH = 96, HELP_INDENT = 26 };

void help_overview(struct text *out)
{
    text_add(out, "usage: stepcast COMMAND [options]\n\n"
                  "Forecasts how long a training step of a large language model takes on a GPU "
                  "cluster, how\nmuch memory it needs, and which parallelism strategy is fastest."
                  "\n\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        text_addf(out, "  %s", commands[i].name);
        text_pad(out, 14);
        text_addf(out, "%s\n", commands[i].summary);
    }
    text_addf(out, "\nFor example:\n  %.*s\n\nstepcast COMMAND --help tells more.\n",
              (int)strcspn(commands[COMMAND_SEARCH].examples, "\n"),
              commands[COMMAND_SEARCH].examples);
}

/* What one name of an option needs to be shown. */
struct name_line {
    struct text *out;
    const struct option *option;
    bool first;
};

static void add_name(void *context, const char *name, size_t n)
{
    struct name_line *line = context;
    if (!line->first)
        text_add(line->out, ", ");
    line->first = false;
    text_addf(line->out, "--%s%.*s", line->option->kind == OPTION_BOOL ? "[no-]" : "", (int)n,
              name);
    if (line->option->argument)
        text_addf(line->out, " %s", line->option->argument);
}

/* "--tp N, --tensor-model-parallel-size N" */
static void add_names(const struct option *option, struct text *out)
{
    struct name_line line = {out, option, true};
    if (option->letter)
        text_addf(out, "-%c, ", option->letter);
    option_names(option, add_name, &line);
}

/* Adds words broken into lines that start at column `indent`; the line stands there already. */
static void add_wrapped(struct text *out, const char *words, size_t indent)
{
    size_t column = indent;
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        if (column > indent && column + 1 + n > HELP_WIDTH) {
            text_add(out, "\n");
            text_pad(out, indent);
            column = indent;
        }
        if (column > indent) {
            text_add(out, " ");
            column++;
        }
        text_add_n(out, words, n);
        column += n;
        words += n;
        words += strspn(words, " ");
    }
    text_add(out, "\n");
}

static void add_option(const struct option *option, struct text *out)
{
    struct text names = {0};
    add_names(option, &names);
    text_addf(out, "  %s", text_string(&names));
    if (names.length + 4 > HELP_INDENT)
        text_add(out, "\n");
    text_pad(out, HELP_INDENT);
    text_free(&names);
    struct text words = {0};
    text_add(&words, option->help);
    for (const char *const *value = option->values; value && *value; value++)
        text_addf(&words, "%s%s", value == option->values ? ": " : ", ", *value);
    add_wrapped(out, text_string(&words), HELP_INDENT);
    text_free(&words);
}

static void add_group(const struct option_table *table, const struct command *command,
                      enum option_group group, struct text *out)
{
    bool any = false;
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->row[i];
        if (option->group != group || (option->commands & (1u << command->id)) == 0)
            continue;
        if (!any)
            text_addf(out, "\n%s:\n", option_group_titles[group]);
        any = true;
        add_option(option, out);
    }
}

static void help_of(const struct option_table *table, const struct command *command,
                    struct text *out)
{
    text_addf(out, "usage: stepcast %s%s%s [options]\n\n", command->name,
              *command->operands ? " " : "", command->operands);
    add_wrapped(out, command->about, 0);
    for (int group = 0; group < OPTION_GROUPS; group++)
        add_group(table, command, (enum option_group)group, out);
    text_add(out, "\nExamples:\n");
    for (const char *line = command->examples; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        text_addf(out, "  %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

enum status help_command(const struct arguments *arguments, struct error *e)
{
    struct text out = {0};
    const char *topic = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
    const struct command *command = topic ? command_find(topic) : NULL;
    if (arguments->operand_count > 1)
        error_set(e, STATUS_USAGE, "help takes one command");
    else if (!topic)
        help_overview(&out);
    else if (names_equal(topic, "man"))
        help_manual(arguments->table, &out);
    else if (command)
        help_of(arguments->table, command, &out);
    else
        error_set(e, STATUS_USAGE, "no command is called %s", topic);
    if (e->status == STATUS_OK)
        output_write(arguments, &out, e);
    text_free(&out);
    return e->status;
}
