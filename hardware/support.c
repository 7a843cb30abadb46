#include "hardware/support.h"
#include "base/file.h"
#include "hardware/collective_defaults.h"
#include <stdio.h>
#include <string.h>

const char *const support_part_names[SUPPORT_PARTS + 1] = {
    "gemm",   "grouped_gemm", "attention_forward", "attention_backward",
    "memory", "scale_up",     "scale_out",         NULL,
};
const char *const support_answer_names[SUPPORT_YES + 2] = {"no", "partly", "yes", NULL};

/* The collectives that training steps consist of. */
static const enum collective training_collectives[] = {
    COLLECTIVE_ALL_REDUCE, COLLECTIVE_ALL_GATHER, COLLECTIVE_REDUCE_SCATTER, COLLECTIVE_ALL_TO_ALL};

/* How much a kind of constants rests on. */
static int weight_of(const char *kind)
{
    static const char *const kinds[] = {"", "assumed", "transferred", "measured", NULL};
    return names_find(kinds, kind);
}

static void keep_weakest(struct support *weakest, const struct support *s)
{
    if (weakest->kind[0] == '\0' || weight_of(s->kind) < weight_of(weakest->kind))
        *weakest = *s;
}

static void group_support(const struct calibration *c, const struct calibration_group *group,
                          struct support *s)
{
    *s = (struct support){.samples = group->samples, .error_frac = group->error_frac};
    snprintf(s->kind, sizeof s->kind, "%s", calibration_kind_names[group->kind]);
    snprintf(s->source, sizeof s->source, "%s", calibration_group_source(c, group));
    memcpy(s->date, group->date, sizeof s->date);
}

static void memory_support(const struct calibration *c, struct support *weakest)
{
    for (int class_ = 0; class_ < MEMORY_CLASSES; class_++) {
        struct support s;
        group_support(c, &c->memory_group[class_], &s);
        keep_weakest(weakest, &s);
    }
}

/* The GPU's own constants are of its links: on a tier of another technology they stand in. */
static void transfer_links(const struct system *system, struct support *support)
{
    const char *own = system->gpu.scale_up_technology, *tier = system->tier[0].technology;
    if (*own == '\0' || *tier == '\0' || names_equal(own, tier))
        return;
    char source[sizeof support->source];
    snprintf(source, sizeof source, "%s: %.150s", own, support->source);
    memcpy(support->source, source, sizeof source);
    snprintf(support->kind, sizeof support->kind, "%s", source_kind_names[SOURCE_TRANSFERRED]);
    support->error_frac = 0;
    support->samples = 0;
}

void support_collective(const struct system *system, int tier, enum collective op,
                        struct support *support)
{
    const struct tier *on = &system->tier[tier];
    const struct collective_calibration *own = &on->collective;
    memset(support, 0, sizeof *support);
    bool of_gpu = tier == 0 && own->op[op].regimes == 0;
    if (of_gpu)
        own = &system->gpu.calibration.collective;
    if (own->op[op].regimes > 0) {
        support->samples = own->samples;
        support->error_frac = own->error_frac;
        snprintf(support->kind, sizeof support->kind, "%s", source_kind_names[own->kind]);
        memcpy(support->source, own->source, sizeof support->source);
        memcpy(support->date, own->date, sizeof support->date);
        if (of_gpu)
            transfer_links(system, support);
        return;
    }
    const char *source = collective_default_source(on->technology);
    size_t n = strcspn(source, ":");
    snprintf(support->kind, sizeof support->kind, "%.*s", (int)n, source);
    snprintf(support->source, sizeof support->source, "%s",
             source + n + (source[n] == ':' ? 2 : 0));
}

static void tier_support(const struct system *system, int tier, struct support *weakest)
{
    size_t n = sizeof training_collectives / sizeof *training_collectives;
    for (size_t i = 0; i < n && tier < system->tiers; i++) {
        struct support s;
        support_collective(system, tier, training_collectives[i], &s);
        keep_weakest(weakest, &s);
    }
}

bool support_find(const struct system *system, enum dtype dtype,
                  struct support parts[SUPPORT_PARTS])
{
    const struct calibration *c = &system->gpu.calibration;
    memset(parts, 0, SUPPORT_PARTS * sizeof *parts);
    if (system->gpu.peak_flop_per_s[dtype] <= 0)
        return false;
    group_support(c, &c->gemm_group[dtype], &parts[SUPPORT_GEMM]);
    group_support(c, &c->grouped_group[dtype], &parts[SUPPORT_GROUPED]);
    /* Training computes attention in 16 bits whatever the linear layers' datatype. */
    group_support(c, &c->attention_group[ATTENTION_FORWARD][0], &parts[SUPPORT_ATTENTION_FORWARD]);
    group_support(c, &c->attention_group[ATTENTION_BACKWARD][0],
                  &parts[SUPPORT_ATTENTION_BACKWARD]);
    memory_support(c, &parts[SUPPORT_MEMORY]);
    tier_support(system, 0, &parts[SUPPORT_SCALE_UP]);
    tier_support(system, 1, &parts[SUPPORT_SCALE_OUT]);
    return true;
}

static bool is_measured(const struct support *s)
{
    return strcmp(s->kind, "measured") == 0;
}

enum support_answer support_answer(const struct support parts[SUPPORT_PARTS])
{
    if (is_measured(&parts[SUPPORT_GEMM]))
        return SUPPORT_YES;
    for (int i = 0; i < SUPPORT_PARTS; i++)
        if (is_measured(&parts[i]))
            return SUPPORT_PARTLY;
    return SUPPORT_NO;
}
