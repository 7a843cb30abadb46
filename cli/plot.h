#ifndef CLI_PLOT_H
#define CLI_PLOT_H
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "parallelism/sweep/sensitivity.h"
#include "parallelism/sweep/sweep.h"
#include "reports/plot/figure.h"

/* What figures are drawn from: read once, and computed once where one of them wants it. */
struct plot_work {
    const struct arguments *arguments;
    struct progress progress;
    struct scenario_input input;
    struct search_options options;
    bool fixed[OPTIONS_MAX]; /* keys that are not searched and that flags set */
    /* once computed: plot_facts.h */
    struct search_result found;
    struct sensitivities sensitivities;
    struct sweep strong, weak;
    struct figure figure;
};

/* What a figure shows: --model, --system and the rest; the same and --vary; files. */
enum plot_input { PLOT_SCENARIO, PLOT_AXES, PLOT_FILES };

/* One kind of figure. */
struct plot_kind {
    const char *name;
    const char *summary;
    enum plot_input input;
    enum status (*draw)(struct plot_work *work, struct error *e);
};
extern const struct plot_kind plot_kinds[]; /* ended by a NULL name */

/* Reads the scenario, the strategy's options and --threads of work->arguments. */
enum status plot_scenario_read(struct plot_work *work, struct error *e);

#endif
