/* Logs of Hugging Face's Trainer and of the programs on it: the progress bar, lines with a clock,
 * the summary. Times are worked out by hand from the clocks and counts in the lines. */
#include "tests/unit/run_log_of.h"
#include <string.h>

static double step_s(const struct run_log *log, double batch)
{
    return summary_of(log, 8, 4096, batch).step_s;
}

/* A bar returns to its start for each step; evaluation, maps and loads draw bars in between. */
static void test_bar(void **state)
{
    struct run_log log =
        read_log("***** Running training *****\n"
                 "  Num examples = 51,200\n"
                 "  Instantaneous batch size per device = 4\n"
                 "  Total train batch size (w. parallel, distributed & accumulation) = 1,024\n"
                 "  Total optimization steps = 50\n"
                 "Map: 100%|####| 40/40 [09:00<00:00, 13.5s/it]\r\n"
                 "Loading checkpoint shards:  50%|#  | 2/4 [20:00<20:00, 600.00s/it]\r"
                 "\r  0%|          | 0/50 [00:00<?, ?it/s]\r"
                 "  2%|1         | 1/50 [00:09<07:21,  9.02s/it]\r"
                 "  4%|1         | 2/50 [00:12<04:30,  5.63s/it]\r"
                 "{'loss': 2.51, 'grad_norm': 3.1, 'learning_rate': 1e-05, 'epoch': 0.04}\n"
                 "  4%|1         | 2/50 [00:12<04:30,  5.63s/it]\r"
                 "\n  0%|          | 1/9 [00:00<00:02,  3.91it/s]\x1b[A\r"
                 "  6%|1         | 3/50 [00:15<03:00,  3.82s/it]\r"
                 "  8%|1         | 4/50 [00:19<02:58,  3.78s/it]\r"
                 " 10%|1         | 5/50 [00:23<02:52,  3.84s/it]\r"
                 "[rank0]:  12%|1         | 6/50 [00:27<02:52,  3.80s/it]\r");
    (void)state;
    assert_string_equal(log.family->title, "Hugging Face's Trainer");
    assert_null(log.family->caveat);
    /* 9.02 of warm-up, 3 for each of two, 4, 4, 4: a clock each 18 / 5 s */
    assert_int_equal(log.count, 5);
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 1024, 0);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 3, 1e-12);
    check_near(step_s(&log, 0), 4, 1e-12);
    run_log_free(&log);
    /* faster than a step a second, and what a launcher puts before the line */
    log = read_log("0:  1%| | 10/999 [00:20<17:00,  2.50it/s]\n0: {'loss': 1.0, 'epoch': 0.1}\n"
                   "0:  2%| | 20/999 [00:24<17:00,  2.50it/s]\n");
    check_near(step_s(&log, 0), 0.4, 1e-12);
    run_log_free(&log);
}

/* Steps of minutes: the clock tells more than the mean that tqdm prints. */
static void test_clock(void **state)
{
    struct run_log log = read_log(
        "Train:   2%|1| 1/60 [01:40<1:38:20, 100.00s/it]{'loss': '0.3713', 'epoch': '0.1', "
        "'memory(GiB)': '14.5'}\n"
        "Train:   5%|1| 3/60 [03:40<1:02:00, 70.00s/it]{'loss': '0.3', 'epoch': '0.2', "
        "'memory(GiB)': '16.5'}\n"
        "Train:  10%|1| 6/60 [1:00:40<55:00, 66.00s/it]\n"
        "Train:  12%|1| 7/60 [1:01:42<55:00, 64.00s/it]\n");
    (void)state;
    assert_int_equal(log.count, 4);
    check_near(log.steps[0].value[RUN_LOG_STEP_S], 100, 1e-12);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 60, 1e-12);   /* 120 s, 2 steps */
    check_near(log.steps[2].value[RUN_LOG_STEP_S], 1140, 1e-12); /* 57 min, 3 steps */
    check_near(log.steps[3].value[RUN_LOG_STEP_S], 62, 1e-12);
    check_near(log.fact[RUN_LOG_RESERVED_BYTES], 16.5 * GIBI, 1e-12);
    run_log_free(&log);
    /* without a bar, behind another number, far from the one before: 5943 s of 99 steps, 60 of one
     */
    log = read_log("{'loss': 2.6, 'epoch': 0.04}\n12 4% 40/2238 [40:00<35:43:37, 60.13s/it]\n"
                   "12 4% 139/2238 [2:19:03<35:43:37, 60.13s/it]\n12 140/2238 [2:20:03<9:58, "
                   "61.97s/it]\n");
    assert_int_equal(log.count, 3);
    check_near(log.steps[1].value[RUN_LOG_ITERATION], 139, 0);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 5943.0 / 99, 1e-12);
    check_near(log.steps[2].value[RUN_LOG_STEP_S], 60, 1e-12);
    run_log_free(&log);
    /* a run that starts again, its clock and its steps */
    log =
        read_log("{'loss': 1.0, 'epoch': 0.1}\n50%|#| 50/99 [05:00<04:54,  6.00s/it]\r"
                 "61%|#| 60/99 [06:00<04:54,  6.00s/it]\r51%|#| 51/99 [00:40<04:54, 40.00s/it]\r"
                 "61%|#| 61/99 [01:50<04:54,  9.00s/it]\r71%|#| 71/99 [03:00<02:54,  8.00s/it]\r");
    assert_int_equal(log.count, 4);
    check_near(log.steps[2].value[RUN_LOG_STEP_S], 7, 1e-12);
    check_near(log.steps[3].value[RUN_LOG_STEP_S], 7, 1e-12);
    run_log_free(&log);
    /* its last state alone is a mean of the run: 27170 s of 12051 steps, not the last steps' 3.06
     */
    log = read_log("{'loss': 1.29, 'epoch': 3.0}\n"
                   "100%|####| 12051/12051 [7:32:50<00:00,  3.06s/it]C:\\Users\n");
    assert_non_null(log.family->caveat);
    check_near(step_s(&log, 0), 27170.0 / 12051, 1e-12);
    run_log_free(&log);
}

#define FACTORY(step, elapsed)                                                                     \
    "{\"current_steps\": " #step ", \"total_steps\": 90, \"loss\": 1.2, \"epoch\": 0.1, "          \
    "\"percentage\": 1.0, \"elapsed_time\": \"" elapsed "\", \"remaining_time\": \"2:17:00\"}\n"

static void test_factory(void **state)
{
    struct run_log log =
        read_log(FACTORY(10, "0:02:00") FACTORY(20, "0:03:30") FACTORY(30, "23:59:30") FACTORY(
            40, "1 day, 0:01:10") FACTORY(41, "1 day, 0:01:20") FACTORY(50, "1 day, 0:02:50"));
    (void)state;
    assert_string_equal(log.family->title, "LLaMA-Factory");
    assert_int_equal(log.count, 5); /* 10 s tell too little of a step */
    check_near(log.steps[0].value[RUN_LOG_STEP_S], 12, 1e-12);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 9, 1e-12);
    check_near(log.steps[3].value[RUN_LOG_STEP_S], 10, 1e-12);
    check_near(log.steps[4].value[RUN_LOG_STEP_S], 10, 1e-12); /* of ten: from step 40 on */
    run_log_free(&log);
}

static void test_swift(void **state)
{
    struct run_log log = read_log(
        "[INFO:swift] rank: 0, local_rank: 0, world_size: 4, local_world_size: 4\n"
        "{'loss': 2.13, 'epoch': 0.3, 'global_step/max_steps': '5/16', 'percentage': '31.25%', "
        "'elapsed_time': '5m 28s', 'remaining_time': '12m 2s', 'memory(GiB)': 24.8, "
        "'train_speed(iter/s)': 0.02}\n"
        "{\"loss\": \"2.0\", \"epoch\": \"0.6\", \"global_step/max_steps\": \"10/16\", "
        "\"elapsed_time\": \"1h 0m 28s\", \"train_speed(s/it)\": \"66.0\"}\n");
    (void)state;
    assert_string_equal(log.family->title, "ms-swift");
    assert_int_equal(log.count, 2);
    check_near(log.fact[RUN_LOG_GPUS], 4, 0);
    check_near(log.steps[0].value[RUN_LOG_STEP_S], 50, 1e-12);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 660, 1e-12); /* 55 min, 5 steps */
    run_log_free(&log);
}

static void summary_is(const char *text, double batch, double seconds)
{
    struct run_log log = read_log(text);
    assert_int_equal(log.count, 1);
    assert_non_null(log.family->caveat);
    check_near(step_s(&log, batch), seconds, 1e-12);
    run_log_free(&log);
}

static void test_summary(void **state)
{
    (void)state;
    summary_is("{'loss': '0.13', 'epoch': '2.9'}\n{'train_runtime': '1575', "
               "'train_samples_per_second': '1.25', 'train_steps_per_second': '0.157'}\n",
               10, 8); /* 10 sequences at 1.25 a second */
    summary_is("Total optimization steps = 1,000\nContinuing training from global step 500\n"
               "{'train_runtime': 1500.0, 'train_samples_per_second': 9.9, "
               "'train_steps_per_second': 0.667}\n",
               64, 3); /* 500 of the steps in 1500 s; the rate counts all */
    summary_is("***** train metrics *****\n  epoch                    =        1.0\n"
               "  train_runtime            = 0:20:30.00\n  train_steps_per_second   =      0.25\n",
               0, 4);
    /* before transformers 4.6: steps, under the name of sequences */
    summary_is("{'train_runtime': 110.5948, 'train_samples_per_second': 1.6, 'epoch': 0.69}\n", 0,
               0.625);
    summary_is("TrainOutput(global_step=100, training_loss=0.6, metrics={'train_runtime': 250.0, "
               "'train_samples_per_second': 1.6})",
               0, 2.5);
    summary_is("{\n  \"global_step\": 200,\n  \"log_history\": [\n    {\n      \"loss\": 1.1,\n"
               "      \"step\": 190\n    },\n    {\n      \"step\": 200,\n"
               "      \"train_runtime\": 500.0,\n      \"train_samples_per_second\": 12.6,\n"
               "      \"train_steps_per_second\": 0.4\n    }\n  ],\n  \"max_steps\": 200\n}\n",
               64, 2.5);
}

static void refused(const char *text, const char *hint)
{
    struct run_log log;
    struct error e;
    error_init(&e);
    assert_int_equal(run_log_read(text, strlen(text), "train.log", &log, &e), STATUS_INPUT);
    assert_string_equal(e.message, "no line of it tells what a training step took");
    assert_non_null(strstr(e.hint, hint));
    assert_int_equal(log.count, 0);
}

#define LIGHTNING(epoch, counts, clock, step)                                                      \
    "Epoch " epoch ":   1%|1   | " counts " [" clock "<9:00:00, 41.00s/it, loss=3.1, v_num=, "     \
    "reduced_train_loss=3.090, global_step=" step ", consumed_samples=1.6e+6]\r"

/* Bars of an epoch, with the optimizer's steps behind them: their clock begins anew with each. */
static void test_lightning(void **state)
{
    struct run_log log = read_log(
        LIGHTNING("0", "96/100", "1:00:00", "95.0") LIGHTNING("0", "98/100", "1:01:20", "97.0")
            LIGHTNING("1", "2/100", "02:00", "101.0") LIGHTNING("1", "5/100", "04:00", "104.0"));
    (void)state;
    assert_string_equal(log.family->title, "Lightning");
    assert_int_equal(log.count, 3);
    check_near(log.steps[0].value[RUN_LOG_STEP_S], 41, 1e-12); /* its mean until then */
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 40, 1e-12);
    check_near(log.steps[2].value[RUN_LOG_STEP_S], 40, 1e-12);
    run_log_free(&log);
    /* four micro-batches a step, of a run that went on: the rate of the bar is not a step's */
    log = read_log(LIGHTNING("0", "400/4000", "10:00", "600.0")
                       LIGHTNING("0", "440/4000", "16:00", "610.0"));
    assert_int_equal(log.count, 1);
    check_near(log.steps[0].value[RUN_LOG_STEP_S], 36, 1e-12);
    run_log_free(&log);
    refused(LIGHTNING("0", "400/4000", "10:00", "600.0"), "logs of");
    log = read_log(LIGHTNING("0", "400/4000", "10:00", "399.0"));
    check_near(step_s(&log, 0), 41, 1e-12);
    run_log_free(&log);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("{'loss': 1.2984, 'grad_norm': 1.0, 'epoch': 3.0}\n", "keep its progress bar");
    refused("{\n  \"global_step\": 200,\n  \"log_history\": [\n  ]\n}\n", "its last line");
    /* bars that are not the Trainer's: another program's, of micro-batches, without a rate */
    refused(" 10%|1| 5/50 [00:23<02:52,  3.84s/it]\n", "logs of");
    refused("{'loss': 1.2, 'epoch': 3.0}\nEpoch 1: 10%|1| 5/50 [00:23<02:52,  3.84s/it]\n",
            "keep its progress bar");
    refused("{'loss': 1.2, 'epoch': 3.0}\n 0%| | 0/50 [00:00<?, ?it/s]\n", "keep its progress bar");
    refused("{'loss': 1.2, 'epoch': 3.0}\n 10%|1| 5/50 [00:23<02:52,  9 examples/s]\n",
            "keep its progress bar");
    refused("'train_runtime': nan, 'train_steps_per_second': 0.5", "logs of");
    refused(FACTORY(10, "soon"), "logs of");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bar),      cmocka_unit_test(test_clock),
        cmocka_unit_test(test_factory),  cmocka_unit_test(test_swift),
        cmocka_unit_test(test_summary),  cmocka_unit_test(test_lightning),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
