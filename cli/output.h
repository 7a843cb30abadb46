#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H
#include "base/text.h"
#include "cli/arguments.h"

/* Data goes to standard output or to the file of -o, whole; talk goes to standard error. */
enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_CSV };

/* --json, --csv or neither; both are wrong usage. */
enum status output_format(const struct arguments *a, enum output_format *format, struct error *e);

enum status output_write(const struct arguments *a, const struct text *text, struct error *e);

/* A line on standard error, unless --quiet. */
void output_note(const struct arguments *a, const char *format, ...) STEPCAST_PRINTF(2, 3);

/* The same of each line of a text. */
void output_lines(const struct arguments *a, const struct text *lines);

/* What the reader of a model assumed or left out, as notes. */
struct model;
void output_model_notes(const struct arguments *a, const struct model *model);

/* True where progress may be shown: standard error is a terminal and --quiet is not given. */
bool output_progress_wanted(const struct arguments *a);

#endif
