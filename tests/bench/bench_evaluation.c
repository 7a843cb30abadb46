/* How fast one strategy is evaluated.
 *
 *     build-dev/tests/bench_evaluation               times
 *     build-dev/tests/bench_evaluation evaluate N    N evaluations and nothing else: for
 *         valgrind --tool=callgrind, the difference of two N over their difference is the
 *         instructions of one (tests/bench/instructions.sh)
 */
#include "parallelism/step_parts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
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

/* The same with everything below the shard worked out anew: stages, pipeline, ZeRO, memory. */
static void time_below_shard(const struct scenario *scenario)
{
    enum { TIMES = 100000 };
    struct step_parts *p = malloc(sizeof *p);
    struct memo *memo = malloc(sizeof *memo);
    struct strategy s;
    struct step_cost cost;
    strategy_default(&s);
    s.tp = 8;
    s.pp = 8;
    strategy_complete(&s, NULL, scenario);
    if (p && memo) {
        memo_init(memo);
        step_take_apart(scenario, &s, p);
        struct step_inputs in = step_parts_inputs(scenario, p);
        double start = now_s();
        for (int i = 0; i < TIMES; i++) {
            stages_init(scenario, &p->shard, &s, &p->split, memo, &p->stages);
            stages_recompute(&p->shard, &s, &p->stages);
            layout_loads(scenario, &p->shard, &p->stages, &p->peaks, &p->layout);
            layout_times(scenario, &p->shard, &p->stages, &s, &p->layout);
            zero_cost_init(scenario, &p->shard, &s, &p->zero);
            zero_cost_price(scenario, &p->shard, &p->stages.tail_parameters, &s, memo, &p->zero);
            step_evaluate(&in, &s, &cost);
        }
        printf("the same with stages, pipeline, ZeRO and memory anew: %.0f ns\n",
               1e9 * (now_s() - start) / TIMES);
    }
    free(memo);
    free(p);
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
    time_below_shard(&c);
    return 0;
}
