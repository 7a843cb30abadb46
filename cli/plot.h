#ifndef CLI_PLOT_H
#define CLI_PLOT_H
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "reports/figure.h"

/* What a figure is drawn from: read and computed once, by the row of its kind. */
struct plot_work {
    const struct arguments *arguments;
    struct progress progress;
    struct scenario_input input;
    struct search_options options;
    bool fixed[OPTIONS_MAX]; /* keys that are not searched and that flags set */
    struct search_result found;
    struct figure figure;
};

/* One kind of figure. */
struct plot_kind {
    const char *name;
    const char *summary;
    bool wants_scenario; /* --model, --system and the rest; else files */
    enum status (*draw)(struct plot_work *work, struct error *e);
};
extern const struct plot_kind plot_kinds[]; /* ended by a NULL name */
const struct plot_kind *plot_kind_find(const char *name, struct error *e);

/* The fastest `top` strategies of the scenario; STATUS_NO when nothing fits. */
enum status plot_search(struct plot_work *work, int top, struct error *e);

#endif
