#include "calibrate/fit/quiet.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_error(const struct error *e)
{
    char message[1400];
    error_format(e, message, sizeof message);
    fprintf(stderr, "stepcast: %s", message);
}

static enum status unknown_command(const char *word, struct error *e)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *nearest = nearest_name(word, names, COMMANDS);
    error_set(e, STATUS_USAGE, "no command is called %s", word);
    if (nearest)
        error_set_hint(e, "did you mean stepcast %s?", nearest);
    else
        error_set_hint(e, "stepcast --help lists the commands");
    return e->status;
}

static enum status print_text(void (*write)(struct text *out), struct error *e)
{
    struct text out = {0};
    write(&out);
    if (out.failed)
        error_set(e, STATUS_IO, "out of memory");
    else if (fwrite(text_string(&out), 1, out.length, stdout) != out.length || fflush(stdout) != 0)
        error_set(e, STATUS_IO, "cannot write standard output");
    text_free(&out);
    return e->status;
}

static void version(struct text *out)
{
    text_add(out, "stepcast " STEPCAST_VERSION "\n");
}

static enum status run_command(const struct command *command, int argc, char **argv,
                               struct error *e)
{
    struct option_table table;
    struct arguments arguments;
    option_table_init(&table);
    if (arguments_parse(&table, command, argc, argv, &arguments, e) == STATUS_OK) {
        if (argument_given(&arguments, "help")) {
            const char *operand = command->name;
            struct arguments help = {.table = &table, .operands = &operand, .operand_count = 1};
            help_command(&help, e);
        } else if (argument_given(&arguments, "version")) {
            print_text(version, e);
        } else {
            command->run(&arguments, e);
        }
    }
    arguments_free(&arguments);
    return e->status;
}

/* True where standard output is a pipe that nobody reads any more. */
static bool reader_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int main(int argc, char **argv)
{
    struct error e;
    error_init(&e);
    fit_quiet();
    void (*on_closed_pipe)(int) = signal(SIGPIPE, SIG_IGN); /* one to gnuplot: an error to report */
    const char *word = argc > 1 ? argv[1] : "";
    const struct command *command = command_find(word);
    if (command)
        run_command(command, argc - 2, argv + 2, &e);
    else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        print_text(help_overview, &e);
    else if (strcmp(word, "--version") == 0)
        print_text(version, &e);
    else if (argc < 2)
        error_set(&e, STATUS_USAGE, "which command? stepcast --help lists them");
    else
        unknown_command(word, &e);
    if (e.status == STATUS_IO && reader_left()) { /* as other programs end: "| head" is no error */
        signal(SIGPIPE, on_closed_pipe);
        raise(SIGPIPE);
    } else if (e.message[0] != '\0') {
        print_error(&e);
    }
    return (int)e.status;
}
