#ifndef CLI_REPORT_H
#define CLI_REPORT_H
#include "cli/plot.h"
#include "parallelism/search/remedies.h"
#include "reports/review/review.h"

/* What a report is made of. */
struct report_work {
    struct plot_work plot; /* its figure is the one that is drawn */
    struct provenance provenance;
    struct limits limits;
    struct neighbours neighbours;
    struct review_figure figures[REVIEW_FIGURES_MAX];
    int figure_count;
    int top;
    bool undrawn; /* there is no gnuplot */
};

/* The page and the files beside it, into a folder, which is made where it is missing. */
enum status report_write(const struct report_work *work, const char *folder, struct error *e);

/* The page that says that nothing fits. */
enum status report_write_nothing(const struct report_work *work, const struct remedies *remedies,
                                 const char *folder, struct error *e);

/* A page as index.html of a folder, which is made where it is missing; frees the page. */
enum status report_write_page(const char *folder, struct text *page, struct error *e);

/* Two reports, or two answers as JSON, side by side (--diff A B). */
enum status report_diff(const struct arguments *a, struct error *e);

#endif
