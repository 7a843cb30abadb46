/* How fast a strategy is evaluated and a space is searched.
 *
 *     build-dev/tests/bench_search               seconds and rates
 *     build-dev/tests/bench_search evaluate N    N evaluations and nothing else: for
 *         valgrind --tool=callgrind, the difference of two N over their difference is the
 *         instructions of one (tests/bench/instructions.sh)
 */
#include "parallelism/search.h"
#include "parallelism/step_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool scenario_of(const char *model, const char *system, double gpus, struct scenario *out)
{
    struct error e;
    error_init(&e);
    memset(out, 0, sizeof *out);
    job_default(&out->job);
    if (model_find(model, NULL, &out->model, &e) || system_find(system, NULL, &out->system, &e) ||
        stack_find("default", NULL, &out->stack, &e)) {
        fprintf(stderr, "%s\n", e.message);
        return false;
    }
    out->system.gpus = gpus;
    return true;
}

/* A fixed strategy of Llama-3 70B on 512 H100s, again and again: layer costs and layout given. */
static double evaluate(const struct scenario *scenario, long times)
{
    struct step_parts *parts = malloc(sizeof *parts);
    struct strategy s;
    struct step_cost cost;
    double sum = 0;
    strategy_default(&s);
    s.tp = s.pp = 4;
    s.vpp = 5;
    s.dp = 32;
    s.zero = 1;
    s.sequence_parallel = true;
    s.schedule = SCHEDULE_INTERLEAVED;
    s.overlaps = scenario->stack.overlaps;
    if (!parts || strategy_illegal(scenario, &s, NULL, 0)) {
        free(parts);
        return 0;
    }
    step_take_apart(scenario, &s, parts);
    struct step_inputs in = step_parts_inputs(scenario, parts);
    for (long i = 0; i < times; i++) {
        s.zero = (int)(i & 1);
        step_evaluate(&in, &s, &cost);
        sum += cost.step_s;
    }
    free(parts);
    return sum;
}

static void time_evaluation(const struct scenario *scenario)
{
    double best = 1;
    for (int repeat = 0; repeat < 7; repeat++) {
        double start = now_s(), sum = evaluate(scenario, 200000);
        double each = (now_s() - start) / 200000;
        if (sum > 0 && each < best)
            best = each;
    }
    printf("one evaluation, layer costs cached: %.0f ns (best of 7), %.2f million a second\n",
           1e9 * best, 1e-6 / best);
}

static void time_search(const char *name, const struct scenario *scenario, bool no_prune, int threads)
{
    struct search_options options;
    struct search_result result;
    struct error e;
    error_init(&e);
    search_options_default(&options);
    options.no_prune = no_prune;
    options.threads = threads;
    double start = now_s();
    if (search_run(scenario, &options, &result, &e) != STATUS_OK)
        return;
    double seconds = now_s() - start;
    printf("%-34s %d thread%s %-9s %11lld configurations, %9lld evaluated, %8.1f ms, %.2f million "
           "evaluations/s\n",
           name, threads, threads == 1 ? " " : "s", no_prune ? "all" : "pruned", result.configs,
           result.evaluated, 1e3 * seconds, 1e-6 * (double)result.evaluated / seconds);
    search_result_free(&result);
}

int main(int count, char **words)
{
    static struct scenario c;
    if (!scenario_of("llama3-70b", "dgx-h100", 512, &c))
        return 1;
    c.job.seq_length = 8192;
    c.job.global_batch = 1024;
    if (count == 3 && strcmp(words[1], "evaluate") == 0)
        return evaluate(&c, strtol(words[2], NULL, 10)) >= 0 ? 0 : 1;
    time_evaluation(&c);
    time_search("llama3-70b on 512 H100", &c, false, 1);
    if (!scenario_of("gpt3-175b", "dgx-a100", 64, &c))
        return 1;
    c.job.seq_length = 2048;
    c.job.global_batch = 64;
    c.job.precision = DTYPE_FP16;
    time_search("gpt3-175b on 64 A100", &c, false, 1);
    time_search("gpt3-175b on 64 A100", &c, true, 1);
    if (!scenario_of("llama3-405b", "dgx-h100", 16384, &c))
        return 1;
    c.job.seq_length = 8192;
    c.job.global_batch = 2048;
    time_search("llama3-405b on 16384 H100", &c, false, 1);
    time_search("llama3-405b on 16384 H100", &c, false, 2);
    time_search("llama3-405b on 16384 H100", &c, true, 1);
    if (!scenario_of("deepseek-v3", "dgx-h100", 2048, &c))
        return 1;
    c.job.seq_length = 4096;
    c.job.global_batch = 8192;
    c.job.precision = DTYPE_FP8;
    time_search("deepseek-v3 on 2048 H100", &c, false, 1);
    return 0;
}
