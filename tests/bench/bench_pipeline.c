/* Closed forms and recurrences of pipelines against the event simulation: accuracy by schedule and
 * by how much stages differ, and the time of an evaluation. Same figures on every machine but for
 * the times. Usage: bench_pipeline [CASES] */
#include "parallelism/pipeline/pipeline.h"
#include "parallelism/pipeline/schedule_simulation.h"
#include "tests/unit/random_stages.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct condition {
    const char *name;
    struct spread spread;
    int least_rounds; /* micro-batches per rank, at least */
};

static const struct condition conditions[] = {
    {"equal stages",            {0, 0, 0},       2},
    {"heavy ends",              {0, 3, 0},       2},
    {"heavy ends, hops to 0.1", {0, 3, 0.1},     2},
    {"+-5 %, ends to 1, hops",  {0.05, 1, 0.05}, 2},
    {"+-20 %, ends to 3, hops", {0.2, 3, 0.05},  2},
    {"+-20 %, no ends",         {0.2, 0, 0},     2},
    {"+-20 %, ends, m = p",     {0.2, 3, 0.05},  1},
};

struct statistics {
    int cases, exact;
    double mean, mean_abs, low, high, bound;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add(struct statistics *s, double error, double bound_error, bool exact)
{
    s->cases++;
    s->exact += exact;
    s->mean += error;
    s->mean_abs += fabs(error);
    s->low = fmin(s->low, error);
    s->high = fmax(s->high, error);
    s->bound += bound_error;
}

static struct schedule_shape shape_of(struct random *dice, enum schedule schedule, int least_rounds)
{
    struct schedule_shape s = random_shape(dice, schedule);
    if (least_rounds == 1)
        s.micro_batches = s.ranks;
    return s;
}

static struct statistics measure(enum schedule schedule, const struct condition *condition,
                                 int cases)
{
    struct random dice = {88172645463325252u};
    struct schedule_simulation simulation;
    static struct stages times;
    struct statistics s = {0};
    schedule_simulation_init(&simulation);
    while (s.cases < cases) {
        struct schedule_shape shape = shape_of(&dice, schedule, condition->least_rounds);
        struct pipeline p;
        struct pipeline_time t;
        struct error e = {0};
        if (shape.micro_batches < condition->least_rounds * shape.ranks)
            continue;
        random_stages(&dice, &shape, condition->spread, &times, &p);
        if (schedule_simulate(&p, &simulation, &e) != STATUS_OK)
            break;
        pipeline_time(&p, &t);
        add(&s, t.total_s / simulation.total_s - 1, stages_bound_s(&p) / simulation.total_s - 1,
            t.exact);
    }
    schedule_simulation_free(&simulation);
    return s;
}

static void print_accuracy(int cases)
{
    printf("%-12s %-24s %9s %9s %9s %9s %7s %9s\n", "schedule", "stages", "mean %", "abs %",
           "low %", "high %", "exact %", "bound %");
    for (int k = SCHEDULE_GPIPE; k < SCHEDULES; k++)
        for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
            bool dual = k == SCHEDULE_DUALPIPE || k == SCHEDULE_DUALPIPEV;
            if (dual && conditions[i].least_rounds < 2)
                continue; /* not legal */
            struct statistics s = measure((enum schedule)k, &conditions[i], cases);
            printf("%-12s %-24s %+9.4f %9.4f %9.3f %9.3f %7.1f %9.2f\n", schedule_names[k],
                   conditions[i].name, 100 * s.mean / s.cases, 100 * s.mean_abs / s.cases,
                   100 * s.low, 100 * s.high, 100. * s.exact / s.cases, 100 * s.bound / s.cases);
        }
}

/* The quickest of several repeats, in nanoseconds an evaluation. */
static double evaluation_ns(const struct pipeline *p)
{
    enum { REPEATS = 7, EVALUATIONS = 2000 };
    double quickest = 1e9;
    volatile double sink = 0;
    for (int i = 0; i < REPEATS; i++) {
        struct pipeline_time t;
        double begin = now_s();
        for (int j = 0; j < EVALUATIONS; j++) {
            pipeline_time(p, &t);
            sink = sink + t.total_s;
        }
        quickest = fmin(quickest, (now_s() - begin) / EVALUATIONS);
    }
    return 1e9 * quickest;
}

static double simulation_us(const struct pipeline *p)
{
    enum { SIMULATIONS = 50 };
    struct schedule_simulation s;
    struct error e = {0};
    schedule_simulation_init(&s);
    double begin = now_s();
    for (int i = 0; i < SIMULATIONS; i++)
        if (schedule_simulate(p, &s, &e) != STATUS_OK)
            break;
    double took = now_s() - begin;
    schedule_simulation_free(&s);
    return 1e6 * took / SIMULATIONS;
}

static void print_times(void)
{
    static const struct schedule_shape shapes[] = {
        {SCHEDULE_GPIPE,       8,  1, 64,  0},
        {SCHEDULE_1F1B,        8,  1, 64,  0},
        {SCHEDULE_1F1B,        16, 1, 512, 0},
        {SCHEDULE_INTERLEAVED, 8,  3, 64,  0},
        {SCHEDULE_INTERLEAVED, 16, 8, 128, 0},
        {SCHEDULE_ZB_H1,       8,  1, 64,  0},
        {SCHEDULE_ZB_H2,       8,  1, 64,  0},
        {SCHEDULE_ZB_V,        8,  2, 64,  0},
        {SCHEDULE_DUALPIPE,    8,  2, 64,  0},
        {SCHEDULE_DUALPIPEV,   8,  2, 64,  0},
    };
    struct random dice = {7};
    static struct stages times;
    printf("\n%-12s %5s %6s %6s %14s %14s %14s\n", "schedule", "ranks", "chunks", "m", "alike, ns",
           "uneven, ns", "simulation, us");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct schedule_shape *s = &shapes[i];
        struct pipeline p;
        random_stages(&dice, s, (struct spread){0, 3, 0.05}, &times, &p);
        double alike = evaluation_ns(&p);
        random_stages(&dice, s, (struct spread){0.2, 3, 0.05}, &times, &p);
        printf("%-12s %5d %6d %6d %14.0f %14.0f %14.1f\n", schedule_names[s->schedule], s->ranks,
               s->chunks, s->micro_batches, alike, evaluation_ns(&p), simulation_us(&p));
    }
}

int main(int argc, char **argv)
{
    long cases = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    print_accuracy(cases > 0 && cases < 1000000 ? (int)cases : 1000);
    print_times();
    return 0;
}
