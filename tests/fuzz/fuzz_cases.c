/* Any bytes are measured runs or an error. Each case has a forecast of finite numbers or a reason
 * why not. */
#include "calibrate/validate.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

static void check_case(const struct run_case *c)
{
    static struct prediction p;
    require(memchr(c->id, 0, sizeof c->id) && memchr(c->skipped, 0, sizeof c->skipped));
    require(isfinite(c->step_s) && c->step_s >= 0 && isfinite(c->memory_bytes));
    case_predict(c, &p);
    require(p.skipped[0] || (isfinite(p.step_s) && p.step_s > 0));
    require(p.skipped[0] || (isfinite(p.memory_bytes) && p.memory_bytes >= 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cases_options options = {NULL, NULL};
    struct cases cases = {0};
    struct error e;
    error_init(&e);
    if (cases_parse((const char *)data, size, "fuzz", &options, &cases, &e) == STATUS_OK) {
        require(cases.count > 0);
        for (size_t i = 0; i < cases.count; i++)
            check_case(&cases.items[i]);
    } else {
        require(e.status == STATUS_INPUT && e.message[0] && cases.count == 0);
    }
    cases_free(&cases);
    return 0;
}
