#include "cli/plot.h"
#include "reports/plot_breakdown.h"

static enum status draw_breakdown(struct plot_work *work, struct error *e)
{
    double top = 5;
    if (argument_count(work->arguments, "top", 1, &top, e) ||
        plot_search(work, top < 8 ? (int)top : 8, e))
        return e->status;
    plot_breakdown(&work->figure, &work->input.scenario, work->found.results, work->found.count);
    return STATUS_OK;
}

const struct plot_kind plot_kinds[] = {
    {"breakdown", "step time by term, the fastest strategies side by side", true,  draw_breakdown},
    {NULL,        NULL,                                                     false, NULL          },
};
