#ifndef TESTS_UNIT_RUN_LOG_OF_H
#define TESTS_UNIT_RUN_LOG_OF_H
#include "calibrate/runlog/run_log.h"
#include "tests/unit/check.h"
#include <string.h>

/* A log that is read, and its summary told the run's size. */
static inline struct run_log read_log(const char *text)
{
    struct run_log log;
    struct error e;
    error_init(&e);
    assert_int_equal(run_log_read(text, strlen(text), "train.log", &log, &e), STATUS_OK);
    return log;
}

static inline struct run_summary summary_of(const struct run_log *log, double gpus, double seq,
                                            double batch)
{
    const struct run_size size = {gpus, seq, batch};
    struct run_summary s;
    struct error e;
    error_init(&e);
    assert_int_equal(run_log_summary(log, &size, &s, &e), STATUS_OK);
    return s;
}

#endif
