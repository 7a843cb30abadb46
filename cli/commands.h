#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H
#include "base/error.h"
#include <stddef.h>

/* Subcommands as table rows: dispatch, help, completion and the man page read the same. */
enum command_id {
    COMMAND_SEARCH,
    COMMAND_ESTIMATE,
    COMMAND_SWEEP,
    COMMAND_PLOT,
    COMMAND_REPORT,
    COMMAND_EXPORT,
    COMMAND_COMPARE,
    COMMAND_VALIDATE,
    COMMAND_CALIBRATE,
    COMMAND_LIST,
    COMMAND_SHOW,
    COMMAND_SUPPORT,
    COMMAND_COMPLETION,
    COMMAND_HELP,
    COMMANDS
};

struct arguments;

struct command {
    enum command_id id;
    const char *name;
    const char *operands;      /* as the usage line shows them; "" none */
    const char *operand_words; /* what completes an operand, blank-separated; "": files */
    const char *summary;       /* one line */
    const char *about;         /* a paragraph for the help and the man page */
    const char *examples;      /* command lines, one a line */
    /* Does the command's work, output included. */
    enum status (*run)(const struct arguments *arguments, struct error *e);
};
extern const struct command commands[COMMANDS];

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

enum status search_command(const struct arguments *arguments, struct error *e);
enum status estimate_command(const struct arguments *arguments, struct error *e);
enum status plot_command(const struct arguments *arguments, struct error *e);
enum status report_command(const struct arguments *arguments, struct error *e);
enum status sweep_command(const struct arguments *arguments, struct error *e);
enum status export_command(const struct arguments *arguments, struct error *e);
enum status compare_command(const struct arguments *arguments, struct error *e);
enum status validate_command(const struct arguments *arguments, struct error *e);
enum status calibrate_command(const struct arguments *arguments, struct error *e);
enum status list_command(const struct arguments *arguments, struct error *e);
enum status show_command(const struct arguments *arguments, struct error *e);
enum status support_command(const struct arguments *arguments, struct error *e);
enum status completion_command(const struct arguments *arguments, struct error *e);
enum status help_command(const struct arguments *arguments, struct error *e);

#endif
