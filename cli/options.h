#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H
#include "base/error.h"
#include "base/fields.h"
#include <stdbool.h>
#include <stddef.h>

/* Options as table rows: the same rows drive parsing, --help, completion and the man page. */

enum option_kind {
    OPTION_SWITCH,   /* --json */
    OPTION_BOOL,     /* --sequence-parallel, --no-sequence-parallel */
    OPTION_VALUE,    /* --tp 8, --tp=8 */
    OPTION_OPTIONAL, /* --explain, --explain tp, --explain=tp */
};

/* What completes the value of an option or an operand. */
enum word_kind {
    WORDS_NONE,
    WORDS_LISTED, /* option.values */
    WORDS_FILE,
    WORDS_FOLDER,
    WORDS_MODEL,
    WORDS_GPU,
    WORDS_SYSTEM,
    WORDS_STACK,
};

/* Headings of the help. */
enum option_group {
    OPTIONS_SCENARIO,
    OPTIONS_JOB,
    OPTIONS_STRATEGY,
    OPTIONS_COMMAND,
    OPTIONS_OUTPUT,
    OPTION_GROUPS
};
extern const char *const option_group_titles[OPTION_GROUPS];

struct option {
    const char *name;    /* without dashes: "micro-batch" */
    const char *aliases; /* further names, blank-separated (Megatron-LM's); NULL: none */
    char letter;         /* 'o' for -o; 0: none */
    enum option_kind kind;
    const char *argument; /* "N", "FILE"; NULL for switches */
    enum word_kind words;
    const char *const *values; /* WORDS_LISTED: NULL-ended */
    enum option_group group;
    unsigned commands; /* bits 1u << enum command_id */
    const char *help;
    const struct field *field; /* the row of job_fields or strategy_fields it sets; NULL: none */
};

enum { OPTIONS_MAX = 128, OPTION_NAME_MAX = 40 };
struct option_table {
    size_t count;
    struct option row[OPTIONS_MAX];
    char names[OPTIONS_MAX][OPTION_NAME_MAX]; /* of the rows made from field tables */
};

/* All options of the program: its own rows, then a row for every key of a job and of a strategy.
 * The table points into itself: it must not be copied. */
void option_table_init(struct option_table *table);

/* The row that `name` (without dashes, n characters) names, by name or alias: one that belongs to a
 * command of `mask`, else NULL. */
const struct option *option_find(const struct option_table *table, unsigned mask, const char *name,
                                 size_t n);
const struct option *option_find_letter(const struct option_table *table, unsigned mask,
                                        char letter);
/* The row that sets a field of a job or a strategy. */
const struct option *option_of_field(const struct option_table *table, const struct field *field);

/* Calls visit for each name of an option: its own first, then its aliases (not terminated: n). */
void option_names(const struct option *option,
                  void (*visit)(void *context, const char *name, size_t n), void *context);

#endif
