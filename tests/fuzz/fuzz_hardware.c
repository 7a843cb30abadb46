/* Any bytes are a gpu (first byte even) or a system, or an error with a place. What was read and is
 * written again reads back, and its step of a small model is finite. */
#include "hardware/system.h"
#include "parallelism/step.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

static struct scenario scenario;

static void check_error(const struct error *e)
{
    require(e->status == STATUS_INPUT && e->message[0]);
}

/* A folder's or a file's name inside the text would be opened: nothing here is a path. */
static void check_step(void)
{
    static struct step_cost cost;
    struct strategy s;
    strategy_default(&s);
    scenario.system.gpus = 8;
    scenario.job.global_batch = 8;
    strategy_complete(&s, NULL, &scenario);
    step_estimate(&scenario, &s, &cost);
    if (!cost.legal)
        return;
    require(isfinite(cost.step_s) && cost.step_s > 0);
    for (int i = 0; i < TERMS; i++)
        require(isfinite(cost.term_s[i]) && cost.term_s[i] >= 0);
    require(isfinite(cost.memory_total_bytes) && isfinite(cost.memory_capacity_bytes));
}

static void check_gpu(const struct json *json)
{
    static struct gpu gpu, again;
    struct error e;
    error_init(&e);
    if (gpu_read(json, json_root(json), NULL, &gpu, &e) != STATUS_OK) {
        check_error(&e);
        return;
    }
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_open_object(&w, NULL);
    gpu_write(&w, &gpu);
    json_close_object(&w);
    require(!t.failed && !w.bad);
    struct json *written = json_parse(t.data, t.length, "again", &e);
    require(written != NULL);
    if (gpu_read(written, json_root(written), NULL, &again, &e) != STATUS_OK) {
        fprintf(stderr, "%s: %s\n%s\n", e.path, e.message, t.data);
        abort();
    }
    require(memcmp(gpu.peak_flop_per_s, again.peak_flop_per_s, sizeof gpu.peak_flop_per_s) == 0);
    scenario.system.gpu = gpu;
    check_step();
    json_free(written);
    text_free(&t);
}

static void check_system(const struct json *json)
{
    struct error e;
    error_init(&e);
    if (system_read(json, json_root(json), NULL, &scenario.system, &e) == STATUS_OK)
        check_step();
    else
        check_error(&e);
}

static void init(void)
{
    struct error e;
    error_init(&e);
    require(system_find("dgx-h100", NULL, &scenario.system, &e) == STATUS_OK);
    if (scenario.model.layers > 0)
        return;
    require(model_find("llama3-8b", NULL, &scenario.model, &e) == STATUS_OK);
    require(stack_find(NULL, NULL, &scenario.stack, &e) == STATUS_OK);
    job_default(&scenario.job);
    scenario.job.seq_length = 2048;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e;
    error_init(&e);
    if (size < 1)
        return 0;
    struct json *json = json_parse((const char *)data + 1, size - 1, "fuzz", &e);
    if (!json)
        return 0;
    init();
    (data[0] % 2 ? check_system : check_gpu)(json);
    json_free(json);
    return 0;
}
