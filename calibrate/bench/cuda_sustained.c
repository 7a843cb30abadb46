#include "base/wall_clock.h"
#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_script.h"
#include "calibrate/bench/cuda_suites.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Loads of 30 s that the power controller answers with a clock: what a product, a copy and an idle
 * GPU draw, and how fast a product runs at the cap (MODELLING 2.5). sustained.csv has a row a load,
 * with means over its last 20 s; sustained_trace.csv the readings at 10 Hz. */

static const double LOAD_S = 30, SETTLED_S = 10, READING_S = 0.1;
/* On and off within 20 ms: shorter than the controller's averaging, so that it sees the mean. */
static const double PERIOD_S = 20e-3, GRAPH_S = 2e-3;
static const double ARENA_BYTES = 4e9;
enum { SIZE = 8192, REPETITIONS_MAX = 40000 };

struct load {
    const char *name;
    double duty; /* share of the time that the load runs; 0: idle */
    enum dtype dtype;
    bool copy, attention; /* attention: PyTorch's, by torch_ops.py */
};
static const struct load loads[] = {
    {"idle",      0,    DTYPE_BF16, false, false},
    {"gemm",      1,    DTYPE_BF16, false, false},
    {"gemm",      1,    DTYPE_FP8,  false, false},
    {"copy",      1,    DTYPE_BF16, true,  false},
    {"attention", 1,    DTYPE_BF16, false, true },
    {"gemm",      0.25, DTYPE_BF16, false, false},
    {"gemm",      0.5,  DTYPE_BF16, false, false},
    {"gemm",      0.75, DTYPE_BF16, false, false},
};
enum { LOADS = sizeof loads / sizeof loads[0] };

struct sustained_run {
    struct cuda_gpu *gpu;
    struct cuda_arena arena;
    float *one;
    struct sample_file trace;
    const struct load *load;
    struct cuda_matmul matmul;
    struct cuda_operands operands;
    double flop, bytes; /* of one call */
    struct nvml_log *log;
    struct timing attention; /* of its calls */
    double *call_s;          /* of each graph after it has settled */
    double busy_s;           /* of all graphs after it has settled */
};

static enum status enqueue(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct sustained_run *run = context;
    char *set = cuda_arena_set(&run->arena, call);
    if (run->load->copy)
        return CUDA_TRY(
            kernel_copy(set, set + run->arena.set_bytes / 2, run->arena.set_bytes / 4, stream), e);
    struct cuda_operand_places at = cuda_operand_places(set, &run->operands);
    return cuda_matmul_enqueue(&run->matmul, run->gpu, &at, stream, e);
}

static enum status prepare(struct sustained_run *run, struct error *e)
{
    const struct cuda_product product = {run->load->dtype, PHASE_FORWARD, SIZE, SIZE, SIZE};
    if (!cuda_operands_of(&product, &run->operands))
        return error_set(e, STATUS_NO, "no such datatype");
    double set_bytes = run->load->copy ? 1e9 : cuda_operand_set_bytes(&run->operands);
    if (cuda_arena_divide(&run->arena, run->gpu, set_bytes, e) != STATUS_OK)
        return e->status;
    run->flop = run->load->copy ? 0 : 2.0 * SIZE * SIZE * SIZE;
    run->bytes = run->load->copy ? (double)run->arena.set_bytes
                                 : (double)run->operands.a_bytes + (double)run->operands.b_bytes +
                                       (double)run->operands.c_bytes;
    if (run->load->copy)
        return CUDA_TRY(kernel_fill(run->arena.base, ELEMENT_BF16,
                                    run->arena.set_bytes / 2 * (size_t)run->arena.sets, 1,
                                    run->gpu->stream),
                        e);
    if (cuda_matmul_open(&run->matmul, run->gpu, &product, run->one, e) != STATUS_OK)
        return e->status;
    return cuda_operands_fill(&run->arena, &run->operands, run->gpu->stream, e);
}

/* Calls of a graph of about GRAPH_S; its time a call. */
static enum status make_graph(struct sustained_run *run, cudaGraphExec_t *graph, int *calls,
                              struct error *e)
{
    const struct cuda_work work = {.enqueue = enqueue, .context = run};
    double seconds = 0;
    if (cuda_record(run->gpu, &work, 1, graph, e) != STATUS_OK)
        return e->status;
    for (int i = 0; i < 3; i++)
        if (cuda_replay(run->gpu, *graph, &seconds, e) != STATUS_OK)
            return e->status;
    *calls = (int)fmin(fmax(round(GRAPH_S / fmax(seconds, 1e-6)), 1), 64);
    if (CUDA_TRY(cudaGraphExecDestroy(*graph), e) != STATUS_OK)
        return e->status;
    return cuda_record(run->gpu, &work, *calls, graph, e);
}

/* Runs for a duty's share of each period. *n: graphs timed after the load had settled. */
static enum status run_load(struct sustained_run *run, cudaGraphExec_t graph, int calls, int *n,
                            struct error *e)
{
    double start_s = wall_clock_s(), now_s = start_s;
    *n = 0;
    run->busy_s = 0;
    while (now_s - start_s < LOAD_S) {
        double busy_s = 0, period_s = run->load->duty < 1 ? PERIOD_S : GRAPH_S;
        while (busy_s < run->load->duty * period_s) {
            double graph_s = 0;
            if (cuda_replay(run->gpu, graph, &graph_s, e) != STATUS_OK)
                return e->status;
            busy_s += graph_s;
            if (now_s - start_s > SETTLED_S && *n < REPETITIONS_MAX)
                run->call_s[(*n)++] = graph_s / calls;
        }
        if (now_s - start_s > SETTLED_S)
            run->busy_s += busy_s;
        if (run->load->duty < 1)
            wall_clock_sleep(now_s + period_s - wall_clock_s());
        now_s = wall_clock_s();
    }
    return STATUS_OK;
}

static enum status write_trace(struct sustained_run *run, const char *key, struct error *e)
{
    for (int i = 0; i < run->log->count; i++) {
        char row[160], values[96];
        const struct nvml_reading *r = &run->log->reading[i];
        snprintf(row, sizeof row, "%s,%.2f", key, run->log->at_s[i]);
        snprintf(values, sizeof values, "%.0f,%.1f,%.0f,%d", 1e-6 * r->clock_hz, r->power_w,
                 r->temperature_c, r->throttled);
        if (!sample_file_has(&run->trace, row) &&
            sample_file_add(&run->trace, row, values, e) != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

static void load_key(const void *context, size_t i, char *key, size_t size)
{
    (void)context;
    snprintf(key, size, "%s,%s,%g", loads[i].name, dtype_names[loads[i].dtype], loads[i].duty);
}

static void summarise(const struct sustained_run *run, int n, struct sample *out)
{
    struct nvml_reading mean = nvml_log_mean(run->log, SETTLED_S);
    if (n > 0)
        out->timing = timing_of(run->call_s, (size_t)n);
    snprintf(out->extra, sizeof out->extra, "%.0f,%.1f,%.0f,%d,%.4f,%.6g,%.6g",
             1e-6 * mean.clock_hz, mean.power_w, mean.temperature_c, mean.throttled,
             run->busy_s / (LOAD_S - SETTLED_S), run->load->duty > 0 ? run->flop : 0,
             run->load->duty > 0 ? run->bytes : 0);
}

/* What the script says when it is done: seconds of a call, their MAD, calls, busy share, FLOP and
 * bytes of a call. */
static enum status read_answer(struct sustained_run *run, const char *line, struct error *e)
{
    double calls = 0;
    if (sscanf(line, "%lf %lf %lf %lf %lf %lf", &run->attention.median_s, &run->attention.mad_s,
               &calls, &run->busy_s, &run->flop, &run->bytes) != 6)
        return error_set(e, STATUS_NO, "torch_ops.py answered \"%.60s\"", line);
    run->busy_s *= LOAD_S - SETTLED_S;
    run->attention.repetitions = (int)calls;
    return STATUS_OK;
}

/* The script says "ready" when its kernels are loaded, and runs them from then on. */
static enum status run_attention(struct sustained_run *run, const char *key, struct error *e)
{
    struct cuda_script script;
    struct error ended;
    char seconds[16], settled[16], line[256];
    snprintf(seconds, sizeof seconds, "%g", LOAD_S);
    snprintf(settled, sizeof settled, "%g", SETTLED_S);
    const char *const options[] = {"--sustain", seconds, "--settle", settled, NULL};
    if (cuda_script_start(&script, run->gpu, options, true, e) != STATUS_OK)
        return e->status;
    if (cuda_script_line(&script, line, sizeof line, e) == STATUS_OK &&
        nvml_log_start(run->log, &run->gpu->nvml, READING_S, e) == STATUS_OK) {
        enum status status = cuda_script_line(&script, line, sizeof line, e);
        nvml_log_stop(run->log, e);
        if (status == STATUS_OK && e->status == STATUS_OK && read_answer(run, line, e) == STATUS_OK)
            write_trace(run, key, e);
    }
    error_init(&ended);
    if (cuda_script_end(&script, &ended) == STATUS_NO)
        *e = ended;
    return e->status;
}

static enum status measure_attention(struct sustained_run *run, const char *key, struct sample *out,
                                     struct error *e)
{
    if (run_attention(run, key, e) != STATUS_OK)
        return e->status;
    summarise(run, 0, out);
    out->timing = run->attention;
    return STATUS_OK;
}

static enum status measure_load(void *context, size_t i, struct sample *out, struct error *e)
{
    struct sustained_run *run = context;
    cudaGraphExec_t graph = NULL;
    char key[96];
    int calls = 1, n = 0;
    run->load = &loads[i];
    load_key(run, i, key, sizeof key);
    if (run->load->attention)
        return measure_attention(run, key, out, e);
    if (prepare(run, e) == STATUS_OK && make_graph(run, &graph, &calls, e) == STATUS_OK &&
        nvml_log_start(run->log, &run->gpu->nvml, READING_S, e) == STATUS_OK) {
        enum status status = run_load(run, graph, calls, &n, e);
        nvml_log_stop(run->log, e);
        if (status == STATUS_OK && e->status == STATUS_OK)
            write_trace(run, key, e);
    }
    if (e->status == STATUS_OK)
        summarise(run, n, out);
    if (graph)
        CUDA_TRY(cudaGraphExecDestroy(graph), e);
    cuda_matmul_close(&run->matmul);
    return e->status;
}

static enum status allocate(struct sustained_run *run, struct error *e)
{
    run->log = calloc(1, sizeof *run->log);
    run->call_s = calloc(REPETITIONS_MAX, sizeof *run->call_s);
    if (!run->log || !run->call_s)
        return error_set(e, STATUS_IO, "out of memory");
    if (cuda_one(&run->one, e) != STATUS_OK ||
        cuda_arena_open(&run->arena, 0.5, ARENA_BYTES, e) != STATUS_OK)
        return e->status;
    return bench_open_samples(run->gpu->bench, "sustained_trace",
                              "load,dtype,duty,at_s,clock_mhz,power_w,temperature_c,throttled", 4,
                              &run->trace, e);
}

/* Runs however long it takes: a load cut short says nothing. */
enum status cuda_sustained_suite(struct bench *bench, struct error *e)
{
    struct sustained_run run = {.gpu = cuda_gpu_of(bench), .trace = {.fd = -1}};
    const struct sweep sweep = {
        .file = "sustained",
        .columns = "load,dtype,duty",
        .extra = "clock_mhz,power_w,temperature_c,throttled,busy_frac,flop,bytes",
        .count = LOADS,
        .key = load_key,
        .measure = measure_load,
        .context = &run};
    bench->suite_end_s = wall_clock_s() + 2 * LOADS * LOAD_S;
    bench_say(bench, "sustained: %d loads of %.0f s", LOADS, LOAD_S);
    if (!run.gpu->nvml.device)
        bench_say(bench, "  without NVML: times alone, no clock, power and temperature");
    if (allocate(&run, e) == STATUS_OK)
        sweep_run(bench, &sweep, false, e);
    sample_file_close(&run.trace);
    cuda_arena_close(&run.arena);
    if (run.one)
        CUDA_TRY(cudaFree(run.one), e);
    free(run.call_s);
    free(run.log);
    return e->status;
}
