#include "reports/explain/explain.h"
#include "reports/explain/parts.h"
#include "reports/format.h"
#include <stdlib.h>
#include <string.h>

const char *const explain_topics[] = {
    "gemm",    "attention", "memory_bound", "recompute", "tp",        "cp",     "ep",  "pp", "dp",
    "offload", "bubble",    "optimizer",    "host",      "straggler", "memory", "mfu", NULL};

static void work(const struct explanation *x, enum term term)
{
    explain_ops(x, term);
}

static void recompute(const struct explanation *x, enum term term)
{
    (void)term;
    explain_recompute(x);
}

static void data_parallel(const struct explanation *x, enum term term)
{
    (void)term;
    explain_data_parallel(x);
}

static void offload(const struct explanation *x, enum term term)
{
    (void)term;
    explain_offload(x);
}

static void optimizer(const struct explanation *x, enum term term)
{
    (void)term;
    explain_optimizer(x);
}

static void host(const struct explanation *x, enum term term)
{
    (void)term;
    explain_host(x);
}

static void straggler(const struct explanation *x, enum term term)
{
    (void)term;
    explain_straggler(x);
}

static void (*const sections[TERMS])(const struct explanation *x, enum term term) = {
    [TERM_GEMM] = work,
    [TERM_ATTENTION] = work,
    [TERM_MEMORY_BOUND] = work,
    [TERM_RECOMPUTE] = recompute,
    [TERM_TP] = work,
    [TERM_CP] = work,
    [TERM_EP] = work,
    [TERM_PP] = explain_pipeline,
    [TERM_DP] = data_parallel,
    [TERM_OFFLOAD] = offload,
    [TERM_BUBBLE] = explain_pipeline,
    [TERM_OPTIMIZER] = optimizer,
    [TERM_HOST] = host,
    [TERM_STRAGGLER] = straggler,
};

static void add_term(const struct explanation *x, enum term term)
{
    const struct step_cost *cost = x->result->cost;
    struct text scratch = {0};
    text_addf(x->out, "\n%s = %s", term_names[term],
              format_unit(&scratch, cost->term_s[term], UNIT_SECONDS, 6));
    text_addf(x->out, " (%.2f %% of the step): %s\n", 100 * cost->term_s[term] / cost->step_s,
              term_description(&x->result->scenario->model, term));
    text_free(&scratch);
    if (cost->term_s[term] != 0)
        sections[term](x, term);
}

/* How the terms make the step. */
static void add_sum(const struct explanation *x)
{
    const struct step_cost *cost = x->result->cost;
    const struct strategy *s = x->result->strategy;
    struct text scratch = {0};
    bool first = true;
    text_addf(x->out, "step = %s", format_unit(&scratch, cost->step_s, UNIT_SECONDS, 6));
    for (int t = 0; t < TERMS; t++) {
        if (cost->term_s[t] == 0)
            continue;
        text_addf(x->out, " %s %s", first ? "=" : "+", term_names[t]);
        first = false;
    }
    text_addf(x->out,
              "\nEvery GPU of pipeline rank r works through m micro-batches; the terms count the "
              "work of the bottleneck rank, %d of %d.\n"
              "m = global batch / (micro-batch x dp) = %.0f / (%d x %d) = %g\n",
              cost->bottleneck_stage, x->parts->split.ranks, x->result->scenario->job.global_batch,
              s->micro_batch, s->dp, x->parts->layout.micro_batches);
    if (x->parts->layout.passes < x->parts->layout.micro_batches)
        text_addf(
            x->out,
            "Each rank has two stages, and half of them pass through each: in the terms m = %g\n",
            x->parts->layout.passes);
    text_free(&scratch);
}

static void add_topic(const struct explanation *x, int topic)
{
    if (topic < TERMS)
        add_term(x, (enum term)topic);
    else if (strcmp(explain_topics[topic], "memory") == 0)
        explain_memory(x);
    else
        explain_mfu(x);
}

static enum status unknown_topic(const char *topic, struct error *e)
{
    size_t n = 0;
    while (explain_topics[n])
        n++;
    const char *nearest = nearest_name(topic, explain_topics, n);
    error_set(e, STATUS_USAGE, "no term is called %s", topic);
    if (nearest)
        error_set_hint(e, "did you mean %s?", nearest);
    else
        error_set_hint(e, "the rows of the table are the terms; memory and mfu besides");
    return e->status;
}

enum status explain_text(const struct result *result, const char *topic, struct text *out,
                         struct error *e)
{
    int chosen = topic ? names_find(explain_topics, topic) : 0;
    if (chosen < 0)
        return unknown_topic(topic, e);
    struct step_parts *parts = malloc(sizeof *parts);
    if (!parts)
        return error_set(e, STATUS_IO, "out of memory");
    step_take_apart(result->scenario, result->strategy, parts);
    struct explanation x = {result, parts, out};
    add_sum(&x);
    if (topic)
        add_topic(&x, chosen);
    for (int i = 0; !topic && explain_topics[i]; i++) {
        if (i >= TERMS || result->cost->term_s[i] != 0)
            add_topic(&x, i);
    }
    free(parts);
    return STATUS_OK;
}
