#include "base/json_read.h"
#include "cli/stepcast.h"
#include "parallelism/scenario_read.h"
#include "parallelism/search/choices.h"
#include "reports/estimate_report.h"
#include "reports/search_report.h"
#include <stdlib.h>
#include <string.h>

enum { TOP_MAX = 1000000, THREADS_MAX = 1024 };

struct stepcast_scenario {
    struct scenario scenario;
    struct strategy strategy;        /* of the answer that was read */
    bool given[STRATEGY_FIELDS_MAX]; /* by row of strategy_fields */
    struct search_options options;
    bool fixed[STRATEGY_FIELDS_MAX];
};

const char *stepcast_version(void)
{
    return STEPCAST_VERSION;
}

void stepcast_free(char *text)
{
    free(text);
}

void stepcast_scenario_free(stepcast_scenario *scenario)
{
    free(scenario);
}

/* Passes the error on as text, and the status. */
static enum stepcast_status finish(const struct error *e, char **error)
{
    if (error && e->status != STATUS_OK) {
        *error = malloc(2048);
        if (*error)
            error_format(e, *error, 2048);
    }
    return (enum stepcast_status)e->status;
}

/* The text as the caller's own; an answer without memory is none. */
static void hand_over(struct text *text, char **answer, struct error *e)
{
    if (text->failed || !text->data)
        error_set(e, STATUS_IO, "out of memory");
    else
        *answer = text->data;
    if (!*answer)
        text_free(text);
}

/* The parts of an earlier answer beside its scenario. */
static enum status read_rest(const struct json *json, const struct json_value *root,
                             stepcast_scenario *out, struct error *e)
{
    const struct json_value *strategy = json_member(root, "strategy");
    const struct json_value *space = json_member(root, "space");
    strategy_default(&out->strategy);
    search_options_default(&out->options);
    if (strategy && strategy_read(json, strategy, json_member(root, "given"), &out->strategy,
                                  out->given, e) != STATUS_OK)
        return e->status;
    if (!space || choices_read(json, space, &out->options, out->fixed, e) != STATUS_OK)
        return e->status;
    return openings_read(json, space, &out->options, e);
}

static enum status read_scenario(const char *text, const char *catalog, stepcast_scenario *out,
                                 struct error *e)
{
    struct json *json = json_parse(text, strlen(text), "scenario", e);
    if (!json)
        return e->status;
    const struct json_value *root = json_root(json), *scenario = json_member(root, "scenario");
    if (scenario_read(json, scenario ? scenario : root, catalog, &out->scenario, e) == STATUS_OK &&
        scenario)
        read_rest(json, root, out, e);
    else
        read_rest(json, NULL, out, e);
    json_free(json);
    return e->status;
}

enum stepcast_status stepcast_scenario_read(const char *json, const char *catalog,
                                            stepcast_scenario **scenario, char **error)
{
    struct error e;
    error_init(&e);
    if (error)
        *error = NULL;
    if (!scenario || !json) {
        error_set(&e, STATUS_USAGE, "scenario and json may not be NULL");
        return finish(&e, error);
    }
    *scenario = calloc(1, sizeof **scenario);
    if (!*scenario)
        error_set(&e, STATUS_IO, "out of memory");
    else if (read_scenario(json, catalog, *scenario, &e) != STATUS_OK) {
        free(*scenario);
        *scenario = NULL;
    }
    return finish(&e, error);
}

/* What a call leaves behind before it starts; false: it cannot. */
static bool begin(const stepcast_scenario *scenario, char **answer, char **error, struct error *e)
{
    error_init(e);
    if (error)
        *error = NULL;
    if (answer)
        *answer = NULL;
    if (!scenario || !answer)
        error_set(e, STATUS_USAGE, "scenario and answer may not be NULL");
    return e->status == STATUS_OK;
}

static enum status read_strategy(const char *text, struct strategy *strategy, bool *given,
                                 struct error *e)
{
    struct json *json = json_parse(text, strlen(text), "strategy", e);
    if (!json)
        return e->status;
    strategy_default(strategy);
    memset(given, 0, STRATEGY_FIELDS_MAX * sizeof *given);
    strategy_read(json, json_root(json), NULL, strategy, given, e);
    json_free(json);
    return e->status;
}

static void answer_estimate(const stepcast_scenario *s, const struct strategy *strategy,
                            const bool *given, char **answer, struct error *e)
{
    struct step_cost cost;
    struct provenance *provenance = calloc(1, sizeof *provenance);
    struct result result = {.scenario = &s->scenario,
                            .strategy = strategy,
                            .cost = &cost,
                            .provenance = provenance,
                            .given = given};
    struct text out = {0};
    if (!provenance) {
        error_set(e, STATUS_IO, "out of memory");
        return;
    }
    step_estimate(&s->scenario, strategy, &cost);
    if (cost.legal)
        provenance_find(&s->scenario, strategy, provenance);
    estimate_json(&result, NULL, &out);
    hand_over(&out, answer, e);
    free(provenance);
    if (!cost.legal)
        error_set(e, STATUS_NO, "the strategy is illegal: %s", cost.reason);
    else if (!cost.fits)
        error_set(e, STATUS_NO, "the strategy does not fit: %s", cost.reason);
}

enum stepcast_status stepcast_estimate(const stepcast_scenario *scenario, const char *text,
                                       char **answer, char **error)
{
    struct error e;
    struct strategy strategy;
    bool given[STRATEGY_FIELDS_MAX];
    if (!begin(scenario, answer, error, &e))
        return finish(&e, error);
    strategy = scenario->strategy;
    memcpy(given, scenario->given, sizeof given);
    if (!text || read_strategy(text, &strategy, given, &e) == STATUS_OK) {
        strategy_complete(&strategy, given, &scenario->scenario);
        answer_estimate(scenario, &strategy, given, answer, &e);
    }
    return finish(&e, error);
}

/* A member that is a whole number; not there: out stays. */
static enum status read_count(const struct json *json, const struct json_value *v, int least,
                              int most, int *out, struct error *e)
{
    double number = json_number_or(v, -1);
    if (!v)
        return STATUS_OK;
    if (!(number >= least) || number > most || (double)(int)number < number)
        return json_error(json, v, e, STATUS_INPUT, "expected a whole number from %d to %d", least,
                          most);
    *out = (int)number;
    return STATUS_OK;
}

/* Members that are none of these are refused: a misspelled restriction would be lost. */
static enum status check_members(const struct json *json, const struct json_value *root,
                                 struct error *e)
{
    static const char *const names[] = {"top", "threads", "restricted", "fixed", NULL};
    if (json_kind(root) != JSON_OBJECT)
        return json_error(json, root, e, STATUS_INPUT, "expected an object");
    for (const struct json_value *m = json_first(root); m; m = json_next(m)) {
        if (names_find(names, json_key(m)) < 0)
            return json_error(json, m, e, STATUS_INPUT,
                              "expected \"top\", \"threads\", \"restricted\" or \"fixed\"");
    }
    return STATUS_OK;
}

static enum status read_options(const char *text, struct search_options *options, bool *fixed,
                                struct error *e)
{
    struct json *json = json_parse(text, strlen(text), "options", e);
    if (!json)
        return e->status;
    const struct json_value *root = json_root(json);
    if (check_members(json, root, e) == STATUS_OK &&
        read_count(json, json_member(root, "top"), 1, TOP_MAX, &options->top, e) == STATUS_OK &&
        read_count(json, json_member(root, "threads"), 0, THREADS_MAX, &options->threads, e) ==
            STATUS_OK)
        choices_read(json, root, options, fixed, e);
    json_free(json);
    return e->status;
}

static void answer_search(const stepcast_scenario *s, const struct search_options *options,
                          const bool *fixed, char **answer, struct error *e)
{
    struct search_result result = {.count = 0};
    struct text out = {0};
    if (search_run(&s->scenario, options, &result, e) != STATUS_OK)
        return;
    size_t n = (size_t)result.count;
    struct provenance *provenance = calloc(n > 0 ? n : 1, sizeof *provenance);
    if (!provenance) {
        error_set(e, STATUS_IO, "out of memory");
    } else {
        for (size_t i = 0; i < n; i++)
            provenance_find(&s->scenario, &result.results[i].strategy, &provenance[i]);
        struct search_report report = {&s->scenario, options, &result, fixed, provenance, NULL};
        search_json(&report, &out);
        hand_over(&out, answer, e);
        if (n == 0)
            error_set(e, STATUS_NO, "nothing fits");
    }
    free(provenance);
    search_result_free(&result);
}

enum stepcast_status stepcast_search(const stepcast_scenario *scenario, const char *text,
                                     char **answer, char **error)
{
    struct error e;
    struct search_options options;
    bool fixed[STRATEGY_FIELDS_MAX];
    if (!begin(scenario, answer, error, &e))
        return finish(&e, error);
    options = scenario->options;
    memcpy(fixed, scenario->fixed, sizeof fixed);
    if (!text || read_options(text, &options, fixed, &e) == STATUS_OK) {
        search_options_complete(&options, fixed, &scenario->scenario);
        answer_search(scenario, &options, fixed, answer, &e);
    }
    return finish(&e, error);
}
