#include "parallelism/search/dimension.h"
#include <stddef.h>
#include <string.h>

const char *const search_dimension_names[SEARCH_DIMENSIONS + 1] = {
    [SEARCH_TP] = "tp",
    [SEARCH_CP] = "cp",
    [SEARCH_PP] = "pp",
    [SEARCH_VPP] = "vpp",
    [SEARCH_DP] = "dp",
    [SEARCH_EP] = "ep",
    [SEARCH_ETP] = "etp",
    [SEARCH_MICRO_BATCH] = "micro_batch",
    [SEARCH_SEQUENCE_PARALLEL] = "sequence_parallel",
    [SEARCH_ZERO] = "zero",
    [SEARCH_RECOMPUTE] = "recompute",
    [SEARCH_RECOMPUTE_LAYERS] = "recompute_layers",
    [SEARCH_SCHEDULE] = "schedule",
    [SEARCH_DISPATCHER] = "dispatcher",
    [SEARCH_CP_COMM] = "cp_comm",
    [SEARCH_FSDP_SHARD] = "fsdp_shard",
    [SEARCH_ZERO_GROUP] = "zero_group",
    [SEARCH_FIRST_STAGE_LAYERS] = "first_stage_layers",
    [SEARCH_LAST_STAGE_LAYERS] = "last_stage_layers",
    [SEARCH_OFFLOAD_OPTIMIZER] = "offload_optimizer",
    [SEARCH_RESHARD_AFTER_FORWARD] = "reshard_after_forward",
};

enum kind { INT, BOOL };
#define AT(member) offsetof(struct strategy, member)

static const struct {
    size_t offset;
    enum kind kind;
    bool tells;
} dimensions[SEARCH_DIMENSIONS] = {
    [SEARCH_TP] = {AT(tp),                 INT,  true },
    [SEARCH_CP] = {AT(cp),                 INT,  true },
    [SEARCH_PP] = {AT(pp),                 INT,  true },
    [SEARCH_VPP] = {AT(vpp),                INT,  false},
    [SEARCH_DP] = {AT(dp),                 INT,  true },
    [SEARCH_EP] = {AT(ep),                 INT,  true },
    [SEARCH_ETP] = {AT(etp),                INT,  true },
    [SEARCH_MICRO_BATCH] = {AT(micro_batch),        INT,  true },
    [SEARCH_SEQUENCE_PARALLEL] = {AT(sequence_parallel),  BOOL, true },
    [SEARCH_ZERO] = {AT(zero),               INT,  true },
    [SEARCH_RECOMPUTE] = {AT(recompute),          INT,  false},
    [SEARCH_RECOMPUTE_LAYERS] = {AT(recompute_layers),   INT,  false},
    [SEARCH_SCHEDULE] = {AT(schedule),           INT,  true },
    [SEARCH_DISPATCHER] = {AT(dispatcher),         INT,  true },
    [SEARCH_CP_COMM] = {AT(cp_comm),            INT,  true },
    [SEARCH_FSDP_SHARD] = {AT(fsdp_shard),         INT,  false},
    [SEARCH_ZERO_GROUP] = {AT(zero_group),         INT,  false},
    [SEARCH_FIRST_STAGE_LAYERS] = {AT(first_stage_layers), INT,  false},
    [SEARCH_LAST_STAGE_LAYERS] = {AT(last_stage_layers),  INT,  false},
    [SEARCH_OFFLOAD_OPTIMIZER] = {AT(offload_optimizer),  BOOL, false},
    [SEARCH_RESHARD_AFTER_FORWARD] = {AT(reshard_after_forward), BOOL, false},
};

const struct field *search_dimension_field(enum search_dimension dimension)
{
    size_t i = strategy_row(search_dimension_names[dimension]);
    return i < strategy_field_count ? &strategy_fields[i] : NULL;
}

int search_dimension_get(const struct strategy *s, enum search_dimension dimension)
{
    const char *member = (const char *)s + dimensions[dimension].offset;
    int value;
    if (dimensions[dimension].kind == BOOL)
        return *(const bool *)(const void *)member;
    memcpy(&value, member, sizeof value);
    return value;
}

void search_dimension_set(struct strategy *s, enum search_dimension dimension, int value)
{
    char *member = (char *)s + dimensions[dimension].offset;
    if (dimensions[dimension].kind == BOOL)
        *(bool *)(void *)member = value != 0;
    else
        memcpy(member, &value, sizeof value);
}

bool search_dimension_tells(enum search_dimension dimension)
{
    return dimensions[dimension].tells;
}
