#include "parallelism/search/open.h"

const char *const search_opening_names[SEARCH_OPENINGS + 1] = {
    [OPEN_SCHEDULE] = "schedule",
    [OPEN_OFFLOAD_OPTIMIZER] = "offload_optimizer",
    [OPEN_UNEVEN_STAGES] = "uneven_stages",
    [OPEN_ZERO_GROUP] = "zero_group",
    [OPEN_DISPATCHER] = "dispatcher",
    [OPEN_CP_COMM] = "cp_comm",
    [OPEN_ALL] = "all",
};

/* The dimension that an opening opens first. */
static enum search_dimension dimension_of(enum search_opening opening)
{
    static const enum search_dimension dimensions[SEARCH_OPENINGS] = {
        [OPEN_SCHEDULE] = SEARCH_SCHEDULE,
        [OPEN_OFFLOAD_OPTIMIZER] = SEARCH_OFFLOAD_OPTIMIZER,
        [OPEN_UNEVEN_STAGES] = SEARCH_FIRST_STAGE_LAYERS,
        [OPEN_ZERO_GROUP] = SEARCH_ZERO_GROUP,
        [OPEN_DISPATCHER] = SEARCH_DISPATCHER,
        [OPEN_CP_COMM] = SEARCH_CP_COMM,
    };
    return dimensions[opening];
}

static void open_one(struct search_options *options, enum search_opening opening)
{
    options->open[dimension_of(opening)] = true;
    if (opening == OPEN_UNEVEN_STAGES)
        options->open[SEARCH_LAST_STAGE_LAYERS] = true;
}

void search_open(struct search_options *options, enum search_opening opening)
{
    for (int i = 0; i < OPEN_ALL; i++)
        if (opening == OPEN_ALL || opening == (enum search_opening)i)
            open_one(options, (enum search_opening)i);
}

bool search_is_open(const struct search_options *options, enum search_opening opening)
{
    bool all = true;
    if (opening != OPEN_ALL)
        return options->open[dimension_of(opening)];
    for (int i = 0; i < OPEN_ALL; i++)
        all = all && search_is_open(options, (enum search_opening)i);
    return all;
}
