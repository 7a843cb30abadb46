#include "cli/output.h"
#include "cli/scenario_options.h"
#include "parallelism/search/choices.h"
#include "reports/launch/launch_report.h"
#include "reports/search_report.h"
#include <stdlib.h>

/* How many of the fastest strategies are tried before the answer is no. */
enum { CANDIDATES = 200 };

struct export_work {
    struct scenario_input input;
    struct search_options options;
    struct search_result result;
    struct strategy strategy;
    struct step_cost cost;
    bool given[OPTIONS_MAX];
};

static enum status find_target(const struct arguments *a, const struct framework **target,
                               struct error *e)
{
    const char *name = argument_value(a, "to");
    *target = name ? framework_find(name) : NULL;
    if (*target)
        return STATUS_OK;
    error_set(e, STATUS_USAGE, name ? "--to: no framework is called %s" : "--to is missing%s",
              name ? name : "");
    error_set_hint(e, "megatron-lm, megatron-bridge, torchtitan or deepspeed");
    return e->status;
}

static bool holds_strategy(const struct scenario_input *input)
{
    return input->file && json_member(json_root(input->file), "strategy");
}

/* Where no stack is named, the framework's own decides what is legal. */
static enum status take_stack(const struct arguments *a, const struct framework *target,
                              struct scenario_input *input, struct error *e)
{
    bool from_file = input->file != NULL;
    if (argument_value(a, "stack") || from_file)
        return STATUS_OK;
    return stack_find(target->stack, argument_value(a, "catalog"), &input->scenario.stack, e);
}

static enum status export_one(const struct framework *target, const struct scenario *scenario,
                              const struct ranked *one, struct text *out, struct error *e)
{
    struct launch_request request = {target, scenario, &one->strategy, &one->cost};
    return launch_text(&request, out, e);
}

/* The strategy of a file, with the flags over it. */
static enum status export_given(const struct arguments *a, const struct framework *target,
                                struct export_work *work, struct text *out, struct error *e)
{
    struct ranked one;
    if (strategy_input_read(a, &work->input, &one.strategy, work->given, e) != STATUS_OK)
        return e->status;
    step_estimate(&work->input.scenario, &one.strategy, &one.cost);
    if (!one.cost.legal)
        return error_set(e, STATUS_NO, "the strategy is illegal: %s", one.cost.reason);
    if (!one.cost.fits)
        output_note(a, "the strategy does not fit: %s", one.cost.reason);
    return export_one(target, &work->input.scenario, &one, out, e);
}

static enum status export_nothing(const struct framework *target, const struct export_work *work,
                                  struct error *e)
{
    struct text rejected = {0};
    search_rejected_text(&work->result, &rejected);
    if (work->result.legal > 0)
        error_set(e, STATUS_NO, "nothing fits");
    else
        error_set(e, STATUS_NO, "no strategy is legal for %s within the options given%s%s",
                  target->title, rejected.length > 0 ? "; rejected: " : "",
                  text_string(&rejected));
    error_set_hint(e, "stepcast search --stack %s with the same flags tells what would fit",
                   work->input.scenario.stack.name);
    text_free(&rejected);
    return e->status;
}

/* The fastest strategy that the target can express; a faster one that it cannot is told. */
static enum status export_found(const struct arguments *a, const struct framework *target,
                                struct export_work *work, struct text *out, struct error *e)
{
    struct error first;
    error_init(&first);
    for (int i = 0; i < work->result.count; i++) {
        struct error why;
        error_init(&why);
        export_one(target, &work->input.scenario, &work->result.results[i], out, &why);
        if (i == 0)
            first = why;
        if (why.status == STATUS_OK && i > 0)
            output_note(a, "rank %d of the search is the first that can be exported; of rank 1: %s",
                        i + 1, first.message);
        if (why.status != STATUS_NO) {
            *e = why;
            return e->status;
        }
    }
    if (work->result.count == 0)
        return export_nothing(target, work, e);
    *e = first;
    error_set_hint(e, "none of the %d fastest can be exported: restrict the search to what %s has",
                   work->result.count, target->title);
    return e->status;
}

/* Keeps the search to what the target can express, where no flag asks for more. */
static enum status keep_to(const struct framework *target, struct search_options *options,
                           struct error *e)
{
    bool given[SEARCH_DIMENSIONS];
    for (int d = 0; d < SEARCH_DIMENSIONS; d++)
        given[d] = options->choices[d].count > 0;
    for (const struct framework_value *v = target->only; v && v->key; v++) {
        int d = names_find(search_dimension_names, v->key);
        if (!given[d] && choices_add((enum search_dimension)d, v->value, &options->choices[d], e))
            return e->status;
    }
    return STATUS_OK;
}

static enum status search(const struct arguments *a, const struct framework *target,
                          struct export_work *work, struct error *e)
{
    search_options_default(&work->options);
    if (choices_input_read(a, &work->input, &work->options, work->given, e) != STATUS_OK ||
        keep_to(target, &work->options, e) != STATUS_OK ||
        argument_int(a, "threads", ARGUMENT_THREADS_MAX, &work->options.threads, e) != STATUS_OK)
        return e->status;
    work->options.top = CANDIDATES;
    return search_run(&work->input.scenario, &work->options, &work->result, e);
}

static enum status run_export(const struct arguments *a, struct export_work *work, struct error *e)
{
    const struct framework *target;
    struct text out = {0};
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "export takes no operand, got %s", a->operands[0]);
    if (find_target(a, &target, e) || scenario_input_read(a, &work->input, e) ||
        take_stack(a, target, &work->input, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    if (holds_strategy(&work->input))
        export_given(a, target, work, &out, e);
    else if (search(a, target, work, e) == STATUS_OK)
        export_found(a, target, work, &out, e);
    if (e->status == STATUS_OK)
        output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

enum status export_command(const struct arguments *arguments, struct error *e)
{
    struct export_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_export(arguments, work, e);
    search_result_free(&work->result);
    scenario_input_free(&work->input);
    free(work);
    return e->status;
}
