#include "parallelism/frameworks/fsdp.h"
#include "base/file.h"
#include <stdio.h>
#include <string.h>

/* The value of a key, wherever it stands; NULL: not given. */
static const char *fsdp_value(struct framework_reader *r, const char *key)
{
    char full[96];
    snprintf(full, sizeof full, "fsdp_config.fsdp_%s", key);
    const char *value = reading_value(r, full);
    snprintf(full, sizeof full, "fsdp_config.%s", key);
    value = value ? value : reading_value(r, full);
    snprintf(full, sizeof full, "fsdp_%s", key);
    return value ? value : reading_value(r, full);
}

static bool fsdp_switch(struct framework_reader *r, const char *key)
{
    const char *value = fsdp_value(r, key);
    return value && (names_equal(value, "true") || names_equal(value, "yes"));
}

/* By its name, or by torch's number of it. */
static const struct {
    const char *name, *number;
    int zero;
    bool hybrid; /* one copy a node */
} shardings[] = {
    {"FULL_SHARD",         "1", 3, false},
    {"SHARD_GRAD_OP",      "2", 2, false},
    {"NO_SHARD",           "3", 0, false},
    {"HYBRID_SHARD",       "4", 3, true },
    {"HYBRID_SHARD_ZERO2", "5", 2, true },
};

static enum status read_sharding(struct framework_reader *r, const char *name)
{
    struct strategy *s = &r->run->strategy;
    for (size_t i = 0; i < sizeof shardings / sizeof *shardings; i++) {
        if (!names_equal(shardings[i].name, name) && strcmp(shardings[i].number, name) != 0)
            continue;
        s->zero = shardings[i].zero;
        if (shardings[i].hybrid && s->zero == 3)
            s->fsdp_shard = (int)r->run->scenario.system.gpus_per_node;
        else if (shardings[i].hybrid)
            s->zero_group = (int)r->run->scenario.system.gpus_per_node;
        return STATUS_OK;
    }
    return reading_error(r, "fsdp_sharding_strategy", "\"%.60s\" is not known", name);
}

/* FSDP 2 says by a switch, FSDP 1 by a sharding strategy, whether parameters are dropped behind the
 * forward pass. */
enum status fsdp_read(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *sharding = fsdp_value(r, "sharding_strategy");
    const char *reshard = fsdp_value(r, "reshard_after_forward");
    const char *version = fsdp_value(r, "version");
    bool second = version && strcmp(version, "2") == 0;
    bool named = reshard && !names_equal(reshard, "true") && !names_equal(reshard, "false");
    if (second)
        s->zero = 3;
    if (named) /* its name in FSDP 1, which Accelerate takes here, too */
        sharding = reshard;
    else if (reshard && second)
        s->reshard_after_forward = names_equal(reshard, "true");
    if (sharding && (!second || named) && !value_is_unresolved(sharding) &&
        read_sharding(r, sharding) != STATUS_OK)
        return r->e->status;
    if (fsdp_switch(r, "offload_params")) {
        s->offload_optimizer = true;
        r->run->scenario.stack.offloads_shards = s->zero == 3;
    }
    if (fsdp_switch(r, "activation_checkpointing"))
        s->recompute = RECOMPUTE_FULL;
    return STATUS_OK;
}
