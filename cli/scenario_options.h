#ifndef CLI_SCENARIO_OPTIONS_H
#define CLI_SCENARIO_OPTIONS_H
#include "cli/arguments.h"
#include "parallelism/search/search.h"
#include "parallelism/step.h"

/* The scenario that the flags and a --scenario file give, and the strategy or the choices beside
 * it. */
struct scenario_input {
    struct json *file; /* of --scenario; NULL: none */
    struct scenario scenario;
};

void scenario_input_free(struct scenario_input *input);

/* Fills input->scenario. Flags win over the file. */
enum status scenario_input_read(const struct arguments *a, struct scenario_input *input,
                                struct error *e);

/* The same with a document in place of --scenario and --from; input owns it. */
enum status scenario_input_take(const struct arguments *a, struct json *document,
                                struct scenario_input *input, struct error *e);

/* The one strategy of `estimate`: what the file's was asked for, flags over it, the rest by
 * strategy_complete. given: by row of strategy_fields, what was asked for. A list of values is
 * wrong usage. */
enum status strategy_input_read(const struct arguments *a, const struct scenario_input *input,
                                struct strategy *strategy, bool given[OPTIONS_MAX],
                                struct error *e);

/* The choices of `search`: a flag restricts its dimension to its values; the keys that are not
 * searched are fixed. fixed: by row of strategy_fields, those among them that a flag or the file
 * sets. */
enum status choices_input_read(const struct arguments *a, const struct scenario_input *input,
                               struct search_options *options, bool fixed[OPTIONS_MAX],
                               struct error *e);

#endif
