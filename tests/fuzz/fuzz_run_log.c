/* Any bytes are the log of a training run or an error. Steps have numbers that are finite and not
 * negative, and their summary is ordered. */
#include "calibrate/runlog/run_log.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static void check_summary(const struct run_log *log)
{
    static const struct run_size size = {64, 4096, 256};
    struct run_summary s;
    struct error e;
    error_init(&e);
    if (run_log_summary(log, &size, &s, &e) != STATUS_OK) {
        require(e.message[0]);
        return;
    }
    require(s.steps > 0 && isfinite(s.step_s) && s.step_s > 0);
    require(s.low_s <= s.step_s && s.step_s <= s.high_s && isfinite(s.high_s));
    require(isfinite(s.mad_s) && s.mad_s >= 0 && isfinite(s.drift_frac));
    require(isfinite(s.memory_bytes) && isfinite(s.tokens_per_s_per_gpu));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run_log log = {0};
    struct error e;
    error_init(&e);
    if (run_log_read((const char *)data, size, "fuzz.log", &log, &e) == STATUS_OK) {
        require(log.family && log.count > 0);
        for (size_t i = 0; i < log.count; i++)
            for (int q = 0; q < RUN_LOG_QUANTITIES; q++)
                require(isfinite(log.steps[i].value[q]) && log.steps[i].value[q] >= 0);
        check_summary(&log);
    } else {
        require(e.status == STATUS_INPUT && e.message[0]);
    }
    run_log_free(&log);
    return 0;
}
