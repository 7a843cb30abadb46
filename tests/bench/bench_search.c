/* Speed of the search.
 *
 *   bench_search                all figures
 *   bench_search pruned         only the pruned searches
 *   bench_search sizes [MOST]   only time against the size of the space, as CSV: unpruned up to
 *                               MOST strategies (2 x 10^8)
 *   bench_search unpruned       only one unpruned search; prints the strategies evaluated: what
 *                               tests/bench/search.sh counts the instructions of */
#include "parallelism/search/search.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now_s(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

struct setting {
    const char *name, *model, *system;
    double gpus, seq_length, global_batch;
};
static const struct setting llama = {
    "Llama-3.1 405B, 16,384 H100", "llama3.1-405b", "dgx-h100", 16384, 8192, 2048};
static const struct setting settings[] = {
    {"Llama-3 70B, 512 H100",       "llama3-70b",    "dgx-h100", 512,   8192, 1024 },
    {"GPT-3 175B, 64 A100",         "gpt3-175b",     "dgx-a100", 64,    2048, 64   },
    {"Llama-3.1 405B, 16,384 H100", "llama3.1-405b", "dgx-h100", 16384, 8192, 2048 },
    {"DeepSeek-V3, 2,048 H100",     "deepseek-v3",   "dgx-h100", 2048,  4096, 15360},
};

static void fail(const struct error *e)
{
    fprintf(stderr, "%s\n", e->message);
    exit(EXIT_FAILURE);
}

static struct scenario *scenario_of(const struct setting *s)
{
    struct scenario *scenario = calloc(1, sizeof *scenario);
    struct error e;
    error_init(&e);
    if (!scenario)
        exit(EXIT_FAILURE);
    if (model_find(s->model, NULL, &scenario->model, &e) ||
        system_find(s->system, NULL, &scenario->system, &e) ||
        stack_find(NULL, NULL, &scenario->stack, &e))
        fail(&e);
    job_default(&scenario->job);
    scenario->system.gpus = s->gpus;
    scenario->job.seq_length = s->seq_length;
    scenario->job.global_batch = s->global_batch;
    return scenario;
}

static struct search_options options_of(const struct scenario *scenario)
{
    struct search_options options;
    search_options_default(&options);
    search_options_complete(&options, NULL, scenario);
    options.threads = 1;
    return options;
}

/* Everything that the stack can express and the search can try. */
static void open_all(const struct scenario *scenario, struct search_options *options)
{
    options->open_overlaps = scenario->stack.overlaps;
    options->open[SEARCH_OFFLOAD_OPTIMIZER] = true;
    options->open[SEARCH_DISPATCHER] = true;
}

/* One search; CPU seconds of all threads. */
struct timing {
    double wall_s, cpu_s;
    long long legal, evaluated;
};

static struct timing timed(const struct scenario *scenario, const struct search_options *options)
{
    struct timing t;
    struct search_result result;
    struct error e;
    error_init(&e);
    double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
    if (search_run(scenario, options, &result, &e) != STATUS_OK)
        fail(&e);
    t.wall_s = now_s(CLOCK_MONOTONIC) - wall;
    t.cpu_s = now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    t.legal = result.legal;
    t.evaluated = result.evaluated;
    search_result_free(&result);
    return t;
}

/* The same three times: the fastest, since other work on the machine only adds. */
static struct timing fastest(const struct scenario *scenario, const struct search_options *options)
{
    struct timing best = timed(scenario, options);
    for (int i = 0; i < 2; i++) {
        struct timing t = timed(scenario, options);
        if (t.wall_s < best.wall_s)
            best = t;
    }
    return best;
}

static double resident_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

/* Everything evaluated, on one core: the default space, less overlaps, more of it. */
static void bench_unpruned(void)
{
    static const char *const names[] = {"unpruned, overlaps fixed, one core",
                                        "unpruned, default space, one core",
                                        "unpruned, every dimension, one core"};
    struct scenario *scenario = scenario_of(&llama);
    for (int i = 0; i < 3; i++) {
        struct search_options options = options_of(scenario);
        if (i == 0)
            options.open_overlaps = 0;
        if (i == 2)
            open_all(scenario, &options);
        options.no_prune = true;
        struct timing t = timed(scenario, &options);
        printf("%-40s %10lld strategies, %.2f s (CPU %.2f s): %.2f million a second (CPU %.2f)\n",
               names[i], t.evaluated, t.wall_s, t.cpu_s, (double)t.evaluated / t.wall_s / 1e6,
               (double)t.evaluated / t.cpu_s / 1e6);
    }
    free(scenario);
}

/* Wall time on two threads, and, since other work on the machine may hold one of them up, what
 * their CPU times tell: the time of one over that of the busier of two. */
static void bench_threads(void)
{
    struct scenario *scenario = scenario_of(&llama);
    struct search_options options = options_of(scenario);
    options.no_prune = true;
    struct timing one = timed(scenario, &options);
    options.threads = 2;
    double caller_s = now_s(CLOCK_THREAD_CPUTIME_ID);
    struct timing two = timed(scenario, &options);
    caller_s = now_s(CLOCK_THREAD_CPUTIME_ID) - caller_s;
    double busier_s = caller_s > two.cpu_s - caller_s ? caller_s : two.cpu_s - caller_s;
    printf("unpruned on 2 threads against 1          %.2f times as fast (%.2f s, %.2f s); "
           "by CPU %.2f times\n",
           one.wall_s / two.wall_s, one.wall_s, two.wall_s, one.cpu_s / busier_s);
    free(scenario);
}

static void bench_pruned(void)
{
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        struct scenario *scenario = scenario_of(&settings[i]);
        struct search_options options = options_of(scenario);
        struct timing t = fastest(scenario, &options);
        printf("%-40s %10lld strategies, %7lld evaluated, %6.1f ms (CPU %.1f ms)\n",
               settings[i].name, t.legal, t.evaluated, 1e3 * t.wall_s, 1e3 * t.cpu_s);
        open_all(scenario, &options);
        t = fastest(scenario, &options);
        printf("%-40s %10lld strategies, %7lld evaluated, %6.1f ms (CPU %.1f ms)\n",
               "  every dimension open", t.legal, t.evaluated, 1e3 * t.wall_s, 1e3 * t.cpu_s);
        free(scenario);
    }
}

/* From one strategy to the whole space, dimension by dimension. */
static const struct {
    enum search_dimension dimension;
    int value;
} order[] = {
    {SEARCH_VPP,               8},
    {SEARCH_RECOMPUTE_LAYERS,  0},
    {SEARCH_RECOMPUTE,         0},
    {SEARCH_FSDP_SHARD,        0},
    {SEARCH_ZERO,              1},
    {SEARCH_PP,                8},
    {SEARCH_SEQUENCE_PARALLEL, 1},
    {SEARCH_MICRO_BATCH,       1},
    {SEARCH_TP,                8},
    {SEARCH_CP,                1},
};

static void size_row(const struct scenario *scenario, struct search_options *options,
                     double unpruned_most)
{
    struct timing pruned = fastest(scenario, options), whole = {.wall_s = 0};
    options->no_prune = true;
    if ((double)pruned.legal <= unpruned_most)
        whole = timed(scenario, options);
    options->no_prune = false;
    printf("%lld,%lld,%.6f,", pruned.legal, pruned.evaluated, pruned.cpu_s);
    if (whole.wall_s > 0)
        printf("%.6f", whole.cpu_s);
    printf("\n");
    fflush(stdout);
}

static void bench_sizes(double unpruned_most)
{
    enum { ROWS = sizeof order / sizeof *order };
    struct scenario *scenario = scenario_of(&llama);
    struct search_options options = options_of(scenario);
    for (int i = 0; i < ROWS; i++)
        options.choices[order[i].dimension] = (struct choices){1, {order[i].value}};
    options.open_overlaps = 0;
    printf("strategies,evaluated,pruned_s,unpruned_s\n");
    for (int i = 0; i < ROWS; i++) {
        options.choices[order[i].dimension].count = 0;
        size_row(scenario, &options, unpruned_most);
    }
    open_all(scenario, &options);
    size_row(scenario, &options, unpruned_most);
    options.open[SEARCH_ZERO_GROUP] = true;
    options.open[SEARCH_SCHEDULE] = true;
    size_row(scenario, &options, unpruned_most);
    free(scenario);
}

/* A part of the whole space, small enough for a machine that counts instructions. */
static void count_unpruned(void)
{
    struct scenario *scenario = scenario_of(&llama);
    struct search_options options = options_of(scenario);
    open_all(scenario, &options);
    options.choices[SEARCH_TP] = (struct choices){
        2, {4, 8}
    };
    options.choices[SEARCH_CP] = (struct choices){
        2, {1, 2}
    };
    options.choices[SEARCH_MICRO_BATCH] = (struct choices){1, {1}};
    options.choices[SEARCH_SEQUENCE_PARALLEL] = (struct choices){1, {1}};
    options.no_prune = true;
    printf("%lld\n", timed(scenario, &options).evaluated);
    free(scenario);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "unpruned") == 0) {
        count_unpruned();
        return EXIT_SUCCESS;
    }
    if (argc > 1 && strcmp(argv[1], "pruned") == 0) {
        bench_pruned();
        return EXIT_SUCCESS;
    }
    if (argc > 1 && strcmp(argv[1], "sizes") == 0) {
        bench_sizes(argc > 2 ? strtod(argv[2], NULL) : 2e8);
        fprintf(stderr, "memory at its peak: %.0f MB\n", resident_mb());
        return EXIT_SUCCESS;
    }
    bench_unpruned();
    bench_threads();
    bench_pruned();
    printf("memory of this process at its peak       %.0f MB\n", resident_mb());
    return EXIT_SUCCESS;
}
