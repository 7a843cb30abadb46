/* Any bytes are a profiler's trace or an error. The terms of a step are not negative and sum to it.
 */
#include "calibrate/runlog/kineto.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct kineto trace;
    struct strategy strategy;
    struct error e;
    error_init(&e);
    strategy_default(&strategy);
    strategy.tp = strategy.pp = strategy.dp = 2;
    if (kineto_read((const char *)data, size, "fuzz.json", &strategy, &trace, &e) != STATUS_OK) {
        require(e.status == STATUS_INPUT && e.message[0]);
        return 0;
    }
    double sum = 0;
    for (int i = 0; i < TERMS; i++) {
        require(isfinite(trace.term_s[i]) && trace.term_s[i] >= 0);
        require(isfinite(trace.busy_s[i]) && trace.busy_s[i] >= 0);
        sum += trace.term_s[i];
    }
    require(isfinite(trace.step_s) && trace.step_s >= 0 && trace.kernels >= 1);
    require(fabs(sum - trace.step_s) <= 1e-6 * trace.step_s + 1e-12);
    return 0;
}
