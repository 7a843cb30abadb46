#include "cli/help.h"
#include <string.h>

/* The manual page in mdoc, from the same tables as the help. */

enum { LINE_WIDTH = 78 };

/* Text with what roff would read as a command made plain. */
static void add_plain(struct text *out, const char *words)
{
    for (; *words != '\0'; words++) {
        if (*words == '\\')
            text_add(out, "\\e");
        else if (*words == '-')
            text_add(out, "\\-");
        else
            text_add_n(out, words, 1);
    }
}

/* The same in short lines, each sentence on one of its own, as roff likes them. */
static void add_filled(struct text *out, const char *words)
{
    size_t column = 0;
    while (*words != '\0') {
        struct text word = {0}, plain = {0};
        size_t n = strcspn(words, " ");
        text_add_n(&word, words, n);
        add_plain(&plain, text_string(&word));
        bool full = column > 0 && column + 1 + plain.length > LINE_WIDTH;
        text_addf(out, "%s%s", column == 0 ? "" : full ? "\n" : " ", text_string(&plain));
        column = full || column == 0 ? plain.length : column + 1 + plain.length;
        if (n > 1 && words[n - 1] == '.' && words[n] != '\0') {
            text_add(out, "\n");
            column = 0;
        }
        words += n;
        words += strspn(words, " ");
        text_free(&word);
        text_free(&plain);
    }
}

struct flag_line {
    struct text *out;
    const struct option *option;
    bool first;
};

/* ".It Fl o Ar FILE , Fl \-output Ar FILE" */
static void add_flag(void *context, const char *name, size_t n)
{
    struct flag_line *line = context;
    struct text plain = {0};
    struct text word = {0};
    text_addf(&word, "--%s%.*s", line->option->kind == OPTION_BOOL ? "[no-]" : "", (int)n, name);
    add_plain(&plain, word.data ? word.data + 1 : "");
    text_addf(line->out, "%sFl %s", line->first ? "" : " , ", text_string(&plain));
    if (line->option->argument)
        text_addf(line->out, " Ar %s", line->option->argument);
    line->first = false;
    text_free(&plain);
    text_free(&word);
}

static void add_option(const struct option *option, struct text *out)
{
    struct flag_line line = {out, option, true};
    text_add(out, ".It ");
    if (option->letter)
        text_addf(out, "Fl %c , ", option->letter);
    option_names(option, add_flag, &line);
    text_add(out, "\n");
    struct text help = {0};
    text_add(&help, option->help);
    for (const char *const *value = option->values; value && *value; value++)
        text_addf(&help, "%s%s", value == option->values ? ": " : ", ", *value);
    text_add(&help, ".");
    add_filled(out, text_string(&help));
    text_free(&help);
    struct text names = {0};
    text_add(&names, "Commands:");
    for (size_t i = 0; i < COMMANDS; i++) {
        if ((option->commands & (1u << i)) != 0)
            text_addf(&names, " %s", commands[i].name);
    }
    text_add(&names, ".");
    text_add(out, "\n.br\n");
    add_filled(out, text_string(&names));
    text_add(out, "\n");
    text_free(&names);
}

static void add_options(const struct option_table *table, struct text *out)
{
    text_add(out, ".Sh OPTIONS\n");
    for (int group = 0; group < OPTION_GROUPS; group++) {
        text_addf(out, ".Ss %s\n.Bl -tag -width Ds\n", option_group_titles[group]);
        for (size_t i = 0; i < table->count; i++) {
            if (table->row[i].group == (enum option_group)group)
                add_option(&table->row[i], out);
        }
        text_add(out, ".El\n");
    }
}

static void add_commands(struct text *out)
{
    text_add(out, ".Sh COMMANDS\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < COMMANDS; i++) {
        text_addf(out, ".It Cm %s", commands[i].name);
        if (*commands[i].operands) {
            text_add(out, " Ar ");
            add_plain(out, commands[i].operands);
        }
        text_add(out, "\n");
        add_filled(out, commands[i].about);
        text_add(out, "\n");
    }
    text_add(out, ".El\n");
}

static void add_examples(struct text *out)
{
    text_add(out, ".Sh EXAMPLES\n.Bd -literal\n");
    for (size_t i = 0; i < COMMANDS; i++)
        add_plain(out, commands[i].examples);
    text_add(out, ".Ed\n");
}

void help_manual(const struct option_table *table, struct text *out)
{
    text_add(out, ".Dd November 21, 2026\n.Dt STEPCAST 1\n.Os\n.Sh NAME\n.Nm stepcast\n"
                  ".Nd forecast the training step of a large language model on a GPU cluster\n"
                  ".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Sh DESCRIPTION\n.Nm\n");
    add_filled(out, "forecasts how long a training step takes, how much memory it needs, and which "
                    "parallelism strategy is fastest. It runs no model: roofline and alpha-beta "
                    "cost models combine a description of the hardware with a description of the "
                    "work and of how it is split. Data goes to standard output, notes and progress "
                    "to standard error.");
    text_add(out, "\n.Pp\nA\n.Ar NAME\nmay be a catalog name or the path of a file.\n");
    add_commands(out);
    add_options(table, out);
    text_add(out, ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n.It 0\ndone\n.It 1\n"
                  "the answer is no: nothing fits, the strategy is illegal, a threshold missed\n"
                  ".It 2\nwrong usage\n.It 3\nbad input\n"
                  ".It 4\ninput, output or environment\n.El\n");
    add_examples(out);
}
