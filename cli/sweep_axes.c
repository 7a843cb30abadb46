#include "cli/sweep_axes.h"
#include <stdlib.h>
#include <string.h>

enum status sweep_axes_read(const struct arguments *a, const struct scenario *scenario,
                            struct axis axes[SWEEP_AXES_MAX], int *count, struct error *e)
{
    struct knobs *knobs = malloc(sizeof *knobs);
    *count = 0;
    if (!knobs)
        return error_set(e, STATUS_IO, "out of memory");
    knobs_list(scenario, knobs);
    for (size_t i = 0; i < a->given_count && e->status == STATUS_OK; i++) {
        const struct given *given = &a->given[i];
        if (strcmp(given->option->name, "vary") != 0)
            continue;
        if (*count == SWEEP_AXES_MAX)
            error_set(e, STATUS_USAGE, "more than %d inputs varied", SWEEP_AXES_MAX);
        else if (axis_parse(scenario, knobs, given->value, &axes[*count], e) == STATUS_OK)
            (*count)++;
        if (e->status != STATUS_OK)
            argument_error(given->option, e);
    }
    free(knobs);
    return e->status;
}
