/* Any bytes are the fields of a stack, a job and a strategy, or an error with a place; a step under
 * them is finite or has a reason. */
#include "parallelism/step.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

static struct scenario scenario;

static void init(void)
{
    struct error e;
    error_init(&e);
    require(stack_find(NULL, NULL, &scenario.stack, &e) == STATUS_OK);
    job_default(&scenario.job);
    scenario.job.seq_length = 4096;
    scenario.job.global_batch = 64;
    if (scenario.model.layers > 0)
        return;
    require(model_find("mixtral-8x7b", NULL, &scenario.model, &e) == STATUS_OK);
    require(system_find("dgx-h100", NULL, &scenario.system, &e) == STATUS_OK);
    scenario.system.gpus = 64;
}

static enum status read_part(const struct json *json, const char *key, const struct field *rows,
                             size_t count, void *out, bool *given)
{
    struct fields_options options = {.given = given};
    struct error e;
    error_init(&e);
    const struct json_value *part = json_member(json_root(json), key);
    if (part &&
        fields_read(json, part, (struct fields){rows, count}, out, &options, &e) != STATUS_OK)
        require(e.status == STATUS_INPUT && e.message[0] && e.line >= 1);
    return e.status;
}

static void check_step(const struct strategy *s)
{
    static struct step_cost cost;
    step_estimate(&scenario, s, &cost);
    require(cost.legal || (cost.rule && cost.reason[0]));
    if (!cost.legal)
        return;
    require(isfinite(cost.step_s) && cost.step_s > 0);
    for (int i = 0; i < TERMS; i++)
        require(isfinite(cost.term_s[i]) && cost.term_s[i] >= 0);
    require(isfinite(cost.memory_total_bytes) && cost.memory_total_bytes >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool given[64] = {false};
    struct strategy s;
    struct error e;
    error_init(&e);
    struct json *json = json_parse((const char *)data, size, "fuzz", &e);
    if (!json)
        return 0;
    init();
    strategy_default(&s);
    if (read_part(json, "stack", stack_fields, stack_field_count, &scenario.stack, NULL) ==
            STATUS_OK &&
        read_part(json, "job", job_fields, job_field_count, &scenario.job, NULL) == STATUS_OK &&
        read_part(json, "strategy", strategy_fields, strategy_field_count, &s, given) ==
            STATUS_OK) {
        strategy_complete(&s, given, &scenario);
        check_step(&s);
    }
    json_free(json);
    return 0;
}
