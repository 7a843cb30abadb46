/* Training logs of several programs: step times, sizes and memory, against numbers worked out by
 * hand. */
#include "tests/unit/run_log_of.h"
#include <stdio.h>
#include <string.h>

#define MEGATRON(i, ms)                                                                            \
    " [2025-03-04 10:12:00] iteration " #i "/ 500 | consumed samples: 1024 | elapsed time per "    \
    "iteration (ms): " #ms " | throughput per GPU (TFLOP/s/GPU): 400.0 | learning rate: 1.0E-05 "  \
    "| global batch size:  256 | lm loss: 1.2E+01 |\n"

static void test_megatron(void **state)
{
    struct run_log log = read_log(
        "using world size: 128, data-parallel size: 8, tensor-model-parallel size: 4\n"
        "  seq_length ...................................... 8192\n"
        "  tensor_model_parallel_size ...................... 4\n"
        "  data_path ....................................... ['/data/a b']\n"
        " [2025-03-04 10:12:00] iteration       1/ 500 | elapsed time per iteration (ms): 62000.5 "
        "| throughput per GPU (TFLOP/s/GPU): 100.0 | global batch size:  256 |\n"
        "[Rank 0] (after 1 iterations) memory (MB) | allocated: 10.0 | max allocated: 50000.0 | "
        "reserved: 60000.0 | max reserved: 61000.0\n"
        "[Rank 4] (after 1 iterations) memory (MB) | allocated: 10.0 | max allocated: 51000.0 | "
        "reserved: 60000.0 | max reserved: 60500.0\n" MEGATRON(2, 15000.0)
            MEGATRON(2, 15000.0) /* another rank's line */
        MEGATRON(3, 15200.0) MEGATRON(4, 15100.0) MEGATRON(5, 15050.0) MEGATRON(6, 30000.0));
    (void)state;
    assert_string_equal(log.family->name, "megatron-lm");
    assert_int_equal(log.count, 6);
    check_near(log.fact[RUN_LOG_GPUS], 128, 0);
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 256, 0);
    assert_non_null(strstr(log.arguments.data, "tensor_model_parallel_size=4\n"));
    assert_non_null(strstr(log.arguments.data, "data_path=['/data/a b']\n"));
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.warmup, 1);
    assert_int_equal(s.steps, 5); /* 15.0 15.05 15.1 15.2 30.0 */
    check_near(s.step_s, 15.1, 1e-12);
    check_near(s.mad_s, 0.1, 1e-9);     /* distances 0.1 0.05 0 0.1 14.9 */
    check_near(s.low_s, 15.02, 1e-12);  /* 0.4 of the way from the first to the second */
    check_near(s.high_s, 24.08, 1e-12); /* 0.6 of the way from the fourth to the fifth */
    assert_int_equal(s.outliers, 1);
    check_near(s.flop_per_s_per_gpu, 400e12, 1e-12);
    check_near(s.memory_bytes, 51000.0 * 1024 * 1024, 1e-12);
    check_near(s.reserved_bytes, 61000.0 * 1024 * 1024, 1e-12);
    run_log_free(&log);
}

static void test_bridge(void **state)
{
    struct run_log log = read_log("Step Time : 9.81s GPU utilization: 612.3MODEL_TFLOP/s/GPU\n"
                                  "Step Time : 9.79s GPU utilization: 613.0MODEL_TFLOP/s/GPU\n"
                                  "Step Time : 9.80s GPU utilization: 612.7MODEL_TFLOP/s/GPU\n");
    (void)state;
    assert_string_equal(log.family->name, "megatron-bridge");
    struct run_summary s = summary_of(&log, 0, 0, 0);
    check_near(s.step_s, 9.8, 1e-12); /* three steps: none is warm-up */
    assert_int_equal(s.warmup, 0);
    run_log_free(&log);
}

static void test_nemo(void **state)
{
    struct run_log log = read_log(
        "Training epoch 0, iteration 0/99 | lr: 1e-06 | global_batch_size: 128 | global_step: 0 | "
        "reduced_train_loss: 11.03 | train_step_timing in s: 41.7\n"
        "Training epoch 0, iteration 1/99 | lr: 2e-06 | global_batch_size: 128 | global_step: 1 | "
        "max_memory_reserved: 67785762816 | max_memory_allocated: 61027123200 | "
        "train_step_timing in s: 6.08 | TFLOPS_per_GPU: 1.249e+03 | consumed_samples: 256\n"
        "Training epoch 0, iteration 2/99 | global_batch_size: 128 | train_step_timing in s: 6.1\n"
        "Training epoch 0, iteration 3/99 | global_batch_size: 128 | train_step_timing in s: "
        "6.06\n");
    (void)state;
    assert_string_equal(log.family->name, "nemo");
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.warmup, 1);
    check_near(s.step_s, 6.08, 1e-12);
    check_near(s.memory_bytes, 61027123200.0, 0);
    check_near(s.reserved_bytes, 67785762816.0, 0);
    check_near(s.flop_per_s_per_gpu, 1.249e15, 1e-12);
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 128, 0);
    run_log_free(&log);
}

#define TITAN(step, tps)                                                                           \
    "[rank0]:[titan] 2025-05-12 19:12:31,119 - root - INFO - \x1b[31mstep: " #step                 \
    "  \x1b[32mloss: 12.2  \x1b[38;2;54;234;195mmemory: 48.00GiB(60.56%)  \x1b[34mtps: " tps       \
    "  \x1b[36mtflops: 333.40  \x1b[35mmfu: 33.71%\x1b[39m\n"

static void test_torchtitan(void **state)
{
    struct run_log log = read_log(
        "[rank0]:[titan] - INFO - Trainer is initialized with local batch size 1, global batch "
        "size 64, gradient accumulation steps 1, sequence length 8192, total steps 1000\n" TITAN(
            1, "702") TITAN(10, "5,760") TITAN(20, "5,770") TITAN(30, "5,750"));
    (void)state;
    struct run_summary s = summary_of(&log, 8, 0, 0);
    /* 64 x 8192 tokens over 8 x 5760 tokens/s */
    check_near(s.step_s, 64.0 * 8192 / (8 * 5760), 1e-12);
    check_near(s.tokens_per_s_per_gpu, 5760, 1e-12);
    check_near(s.flop_per_s_per_gpu, 333.4e12, 1e-12);
    check_near(s.reserved_bytes, 48.0 * 1024 * 1024 * 1024, 1e-12);
    run_log_free(&log);
}

/* BLOOM's logs: 2048 sequences in 104.38 s are 19.62 a second. */
static void test_megatron_deepspeed(void **state)
{
    struct run_log log = read_log(
        " iteration     1000/  115311 | consumed samples:       192000 | elapsed time per "
        "iteration "
        "(s): 104.38 | learning rate: 6.000E-05 | global batch size:  2048 | lm loss: 2.5E+00 | "
        "samples per second: 19.621 | TFLOPs: 153.10 |\n");
    (void)state;
    assert_string_equal(log.family->title, "Megatron-DeepSpeed");
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.steps, 1);
    check_near(s.step_s, 104.38, 1e-12);
    check_near(s.flop_per_s_per_gpu, 153.1e12, 1e-12);
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 2048, 0);
    run_log_free(&log);
}

/* 64 x 8192 tokens over 8 GPUs of 5760 tokens/s: 11.38 s. */
static void test_torchtitan_wps(void **state)
{
    struct run_log log = read_log(
        "[rank0]:2024-09-12 19:12:31,119 - root - INFO - \x1b[36mstep: 10  \x1b[32mloss:  7.1  "
        "\x1b[33mmemory: 39.45GiB(41.52%)  \x1b[34mwps: 5,760  \x1b[35mmfu: 39.1%\x1b[39m\n");
    (void)state;
    struct run_summary s = summary_of(&log, 8, 8192, 64);
    check_near(s.step_s, 64 * 8192 / (8 * 5760.0), 1e-12);
    check_near(s.reserved_bytes, 39.45 * 0x1p30, 1e-12);
    run_log_free(&log);
}

/* Dispatch is asynchronous: its first step holds the compilation, its second next to nothing. */
static void test_maxtext(void **state)
{
    struct run_log log = read_log(
        "Config param global_batch_size_to_train_on: 96\nConfig param max_target_length: 2048\n"
        "Num_devices: 4, shape (1, 1, 4, 1)\n"
        "completed step: 0, seconds: 44.923, TFLOP/s/device: 17.022, Tokens/s/device: 1094.129, "
        "total_weights: 196608, loss: 12.038\n"
        "completed step: 1, seconds: 0.319, TFLOP/s/device: 2400.734, Tokens/s/device: 154316.608, "
        "total_weights: 196608, loss: 12.038\n"
        "completed step: 2, seconds: 5.658, TFLOP/s/device: 135.158, Tokens/s/device: 8687.815, "
        "total_weights: 196608, loss: 11.689\n"
        "completed step: 3, seconds: 5.669, TFLOP/s/device: 134.882, Tokens/s/device: 8670.101, "
        "total_weights: 155934, loss: 10.542\n"
        "completed step: 4, seconds: 5.668, TFLOP/s/device: 134.911, Tokens/s/device: 8671.946, "
        "total_weights: 163259, loss: 10.440\n");
    (void)state;
    assert_string_equal(log.family->name, "maxtext");
    check_near(log.fact[RUN_LOG_GPUS], 4, 0);
    check_near(log.fact[RUN_LOG_SEQ_LENGTH], 2048, 0);
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 96, 0);
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.warmup, 1);
    assert_int_equal(s.steps, 4);
    check_near(s.step_s, (5.658 + 5.668) / 2, 1e-12); /* 0.319 5.658 5.668 5.669 */
    check_near(s.flop_per_s_per_gpu, (134.911e12 + 135.158e12) / 2, 1e-12);
    check_near(s.tokens_per_s_per_gpu, (8671.946 + 8687.815) / 2, 1e-12);
    run_log_free(&log);
}

/* DeepSpeed of 2022: its mean since the start is all that it says. */
static void test_old_deepspeed(void **state)
{
#define OLD(n, rate)                                                                               \
    "[2022-03-11 02:06:58,985] [INFO] [timer.py:189:stop] 0/" #n ", SamplesPerSec=" #rate          \
    ", MemAllocated=0.26GB, MaxMemAllocated=9.00GB\n"
    struct run_log log = read_log(OLD(40, 80.0) OLD(50, 80.0) OLD(60, 100.0) OLD(60, 100.0));
#undef OLD
    (void)state;
    assert_string_equal(log.family->name, "deepspeed");
    assert_int_equal(log.count, 3);
    struct run_summary s = summary_of(&log, 8, 2048, 160);
    check_near(s.step_s, 2, 1e-12);
    check_near(s.memory_bytes, 9.0 * 1024 * 1024 * 1024, 1e-12);
    run_log_free(&log);
}

/* Docker's file of a container's output: arguments and steps behind the quotes. */
static void test_docker(void **state)
{
    struct run_log log = read_log(
        "{\"log\":\"  seq_length ...................................... 8192\\n\",\"time\":\"t\"}\n"
        "{\"log\":\" iteration 1/ 5 | elapsed time per iteration (ms): 6200.5 | global batch size: "
        "256 |\\n\",\"stream\":\"stdout\"}\n"
        "{\"log\":\" iteration 2/ 5 | elapsed time per \",\"stream\":\"stdout\"}\n"
        "{\"log\":\"iteration (ms): 6000.5 | global batch size: 256 "
        "|\\n\",\"stream\":\"stdout\"}\n");
    (void)state;
    assert_int_equal(log.count, 2);
    check_near(log.steps[1].value[RUN_LOG_STEP_S], 6.0005, 1e-12);
    assert_string_equal(log.arguments.data, "seq_length=8192\n");
    run_log_free(&log);
}

/* A progress bar is one line of many steps. */
static void test_progress_bar(void **state)
{
    struct run_log log = read_log(
        "Epoch 0: 1%| | 1/99 [0:58<8:01, 6.3s/it, global_step=1.000, train_step_timing in s=9.0]\r"
        "Epoch 0: 2%| | 2/99 [0:58<8:01, 6.3s/it, global_step=2.000, train_step_timing in s=6.0]\r"
        "Epoch 0: 3%| | 3/99 [0:58<8:01, 6.3s/it, global_step=3.000, train_step_timing in s=6.2]");
    (void)state;
    assert_string_equal(log.family->name, "nemo");
    assert_int_equal(log.count, 3);
    check_near(log.steps[2].value[RUN_LOG_STEP_S], 6.2, 1e-12);
    run_log_free(&log);
}

static void test_deepspeed(void **state)
{
    struct run_log log = read_log(
        "[2025-02-11 14:03:22,519] [INFO] [config.py:1014:print]   train_batch_size ............. "
        "512\n"
        "[2025-02-11 14:03:22,520] [INFO] [config.py:1014:print]   world_size ................... "
        "64\n"
        "[INFO] [timer.py:264:stop] epoch=0/micro_step=40/global_step=10, RunningAvgSamplesPerSec="
        "25.0, CurrSamplesPerSec=6.4, MemAllocated=4.32GB, MaxMemAllocated=38.5GB\n"
        "[INFO] [timer.py:264:stop] epoch=0/micro_step=80/global_step=20, RunningAvgSamplesPerSec="
        "25.0, CurrSamplesPerSec=25.6, MemAllocated=4.32GB, MaxMemAllocated=38.5GB\n"
        "[INFO] [timer.py:264:stop] epoch=0/micro_step=120/global_step=30, RunningAvgSamplesPerSec="
        "25.0, CurrSamplesPerSec=25.6, MemAllocated=4.32GB, MaxMemAllocated=38.5GB\n"
        "[INFO] [timer.py:264:stop] epoch=0/micro_step=160/global_step=40, RunningAvgSamplesPerSec="
        "25.0, CurrSamplesPerSec=25.6, MemAllocated=4.32GB, MaxMemAllocated=38.5GB\n");
    (void)state;
    struct run_summary s = summary_of(&log, 0, 0, 0);
    check_near(s.step_s, 20, 1e-12); /* 512 / 25.6 */
    check_near(s.memory_bytes, 38.5 * 1024 * 1024 * 1024, 1e-12);
    check_near(log.fact[RUN_LOG_GPUS], 64, 0);
    run_log_free(&log);

    log = read_log("steps: 10 loss: 10.8 iter time (s): 2.130 samples/sec: 120.188\n"
                   "steps: 20 loss: 10.1 iter time (s): 2.110 samples/sec: 121.327\n"
                   "steps: 30 loss: 9.51 iter time (s): 2.120 samples/sec: 120.755\n");
    s = summary_of(&log, 0, 0, 0);
    check_near(s.step_s, 2.12, 1e-12);
    run_log_free(&log);
}

/* Three digits and a letter; a batch that they round is none. */
static void test_nanotron(void **state)
{
#define NANOTRON(i, ms, batch)                                                                     \
    "08/31/2024 14:37:31 [INFO|DP=0|PP=0|TP=0|node-1]: iteration: " #i " / 15 | consumed_tokens: " \
    "2.1M | elapsed_time_per_iteration_ms: " ms " | tokens_per_sec: 853K | "                       \
    "tokens_per_sec_per_gpu: 13.4K | global_batch_size: " batch " | lm_loss: 10.1 | lr: 3e-05 | "  \
    "model_tflops_per_gpu: 412 | hardware_tflops_per_gpu: 412 | grad_norm: 1.2\n"
    struct run_log log = read_log(
        "08/31/2024 14:37:30 [INFO|DP=0]:  Memory usage: 64.15MiB. Peak allocated 30000.5MiB. Peak "
        "reserved: 31000.00MiB\n" NANOTRON(1, "4.71K", "512") NANOTRON(2, "1.23K", "512")
            NANOTRON(3, "998", "512") NANOTRON(4, "1.1K", "1.02K"));
#undef NANOTRON
    (void)state;
    assert_string_equal(log.family->title, "nanotron");
    check_near(log.fact[RUN_LOG_GLOBAL_BATCH], 512, 0);
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.warmup, 1);
    check_near(s.step_s, 1.1, 1e-12); /* 0.998 1.1 1.23 */
    check_near(s.flop_per_s_per_gpu, 412e12, 1e-12);
    check_near(s.tokens_per_s_per_gpu, 13400, 1e-12);
    check_near(s.memory_bytes, 30000.5 * MEBI, 1e-12);
    check_near(s.reserved_bytes, 31000 * MEBI, 1e-12);
    run_log_free(&log);
}

/* Clocks that fall: the last third against the first. */
static void test_drift(void **state)
{
    char text[4096];
    size_t n = 0;
    (void)state;
    for (int i = 1; i <= 13; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              " iteration %d/ 500 | elapsed time per iteration (ms): %d |\n", i,
                              i < 9 ? 10000 : 11000);
    struct run_log log = read_log(text);
    struct run_summary s = summary_of(&log, 0, 0, 0);
    assert_int_equal(s.steps, 12);
    check_near(s.drift_frac, 0.1, 1e-9);
    run_log_free(&log);
}

static void refused(const char *text, const char *message)
{
    struct run_log log;
    struct error e;
    error_init(&e);
    assert_int_equal(run_log_read(text, strlen(text), "train.log", &log, &e), STATUS_INPUT);
    assert_string_equal(e.message, message);
    assert_int_equal(log.count, 0);
}

/* A log that was copied while it was written, cut off inside the last step's time: neither 178 ms
 * nor 17 tokens a second are what a step took. */
static void test_cut_off(void **state)
{
    (void)state;
    static const char *const logs[] = {
        " iteration 9/ 20 | elapsed time per iteration (ms): 17900.0 | global batch size: 64 |\n"
        " iteration 10/ 20 | elapsed time per iteration (ms): 17850.0 | global batch size: 64 |\n"
        " iteration 11/ 20 | elapsed time per iteration (ms): 178",
        " iteration 9/ 20 | elapsed time per iteration (ms): 17900.0 | global batch size: 64 |\n"
        " iteration 10/ 20 | elapsed time per iteration (ms): 17850.0 | global batch size: 64 |\n"
        " iteration 11/ 20 | elapsed time per iteration (ms): 178\nTerminated\n",
        "step: 9  loss: 3.1  memory: 40.5GiB(51%)  tps: 1,717  mfu: 41.0%\n"
        "step: 10  loss: 3.0  memory: 40.5GiB(51%)  tps: 1,712  mfu: 40.9%\n"
        "step: 11  loss: 3.0  memory: 40.5GiB(51%)  tps: 17",
    };
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct run_log log = read_log(logs[i]);
        assert_int_equal(log.count, 2);
        run_log_free(&log);
    }
}

static void test_refusals(void **state)
{
    struct error e;
    struct run_summary s;
    const struct run_size nothing = {0, 0, 0};
    (void)state;
    refused("", "no line of it tells what a training step took");
    refused("hello\nworld\n", "no line of it tells what a training step took");
    refused("elapsed time per iteration (ms): nan |\n",
            "no line of it tells what a training step took");
    /* a rate without the sizes that make it a time */
    struct run_log log = read_log(TITAN(10, "5,760"));
    error_init(&e);
    assert_int_equal(run_log_summary(&log, &nothing, &s, &e), STATUS_INPUT);
    assert_string_equal(e.message, "no step of the log has a time");
    run_log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_megatron),       cmocka_unit_test(test_bridge),
        cmocka_unit_test(test_nemo),           cmocka_unit_test(test_torchtitan),
        cmocka_unit_test(test_maxtext),        cmocka_unit_test(test_megatron_deepspeed),
        cmocka_unit_test(test_torchtitan_wps), cmocka_unit_test(test_old_deepspeed),
        cmocka_unit_test(test_docker),         cmocka_unit_test(test_progress_bar),
        cmocka_unit_test(test_deepspeed),      cmocka_unit_test(test_nanotron),
        cmocka_unit_test(test_drift),          cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
