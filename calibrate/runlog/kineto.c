#include "calibrate/runlog/kineto.h"
#include "base/array.h"
#include "base/json_read.h"
#include "calibrate/runlog/kernel_names.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A kernel or copy on the GPU, in microseconds of the trace. */
struct interval {
    double start_us, end_us;
    enum term term;
    bool compute; /* else communication or copy: exposed where no compute runs */
};

struct intervals {
    struct interval *items;
    size_t count, capacity;
};

static bool append(struct intervals *list, const struct interval *item)
{
    struct interval *items = array_grow(list->items, list->count, &list->capacity, sizeof *items);
    if (!items)
        return false;
    list->items = items;
    list->items[list->count++] = *item;
    return true;
}

static bool number_of(const struct json_value *event, const char *key, double *out)
{
    const struct json_value *v = json_member(event, key);
    *out = json_number(v);
    return v && json_kind(v) == JSON_NUMBER;
}

/* The span of an event that has one. */
static bool read_span(const struct json_value *event, struct interval *out)
{
    double start, length;
    if (json_kind(event) != JSON_OBJECT ||
        strcmp(json_string(json_member(event, "ph")), "X") != 0 ||
        !number_of(event, "ts", &start) || !number_of(event, "dur", &length) || length < 0)
        return false;
    out->start_us = start;
    out->end_us = start + length;
    return true;
}

/* A collective's communicator: by its description, by its operation, by its size. */
static enum term collective_term(const struct json_value *args, const char *kernel,
                                 const struct strategy *s)
{
    enum term term = communicator_term(json_string(json_member(args, "Process Group Description")));
    const char *op = json_string(json_member(args, "Collective name"));
    double size = 0;
    number_of(args, "Group size", &size);
    bool sends = strstr(kernel, "SendRecv") || strstr(op, "send") || strstr(op, "recv");
    bool exchanges = strstr(op, "all_to_all") || strstr(op, "alltoall");
    if (term != TERMS)
        return term;
    if (exchanges || (sends && s->ep > 1 && s->pp == 1))
        return TERM_EP;
    if (sends)
        return s->pp > 1 ? TERM_PP : TERM_CP;
    if (s->tp > 1 && size == s->tp && s->tp != s->dp * s->cp)
        return TERM_TP;
    if (size == s->dp * s->cp || (s->tp == 1 && s->ep == 1 && s->cp == 1))
        return TERM_DP;
    return TERMS;
}

static void note_unknown(struct kineto *out, const char *name)
{
    for (int i = 0; i < out->unknown_count; i++) {
        if (strncmp(out->unknown[i], name, sizeof out->unknown[0] - 1) == 0)
            return;
    }
    if (out->unknown_count < KINETO_UNKNOWN_MAX)
        snprintf(out->unknown[out->unknown_count++], sizeof out->unknown[0], "%s", name);
}

/* Copies between host and device are offload; the rest of the memory traffic is memory-bound. */
static void classify_copy(const char *name, struct interval *out)
{
    bool host = strstr(name, "HtoD") || strstr(name, "DtoH") || strstr(name, "Host");
    out->term = host ? TERM_OFFLOAD : TERM_MEMORY_BOUND;
    out->compute = !host;
}

static void classify_kernel(const struct json_value *event, const struct strategy *s,
                            struct interval *out, struct kineto *result)
{
    const char *name = json_string(json_member(event, "name"));
    struct kernel_class class = kernel_class_of(name);
    out->term = class.term;
    bool moves = class.collective || class.term == TERM_TP || class.term == TERM_EP;
    out->compute = !moves;
    if (class.collective) {
        enum term term = collective_term(json_member(event, "args"), name, s);
        if (term == TERMS)
            result->other_comm_s += 1e-6 * (out->end_us - out->start_us);
        out->term = term == TERMS ? TERM_DP : term;
    }
    if (!class.known)
        note_unknown(result, name);
}

/* True if the event ran on the GPU. */
static bool read_interval(const struct json_value *event, const struct strategy *s,
                          struct interval *out, struct kineto *result)
{
    const char *category = json_string(json_member(event, "cat"));
    bool copy = strcmp(category, "gpu_memcpy") == 0 || strcmp(category, "gpu_memset") == 0;
    bool kernel = strcmp(category, "kernel") == 0 || strcmp(category, "Kernel") == 0;
    if ((!copy && !kernel) || !read_span(event, out))
        return false;
    if (copy)
        classify_copy(json_string(json_member(event, "name")), out);
    else
        classify_kernel(event, s, out, result);
    return true;
}

/* The steps that the profiler marked; on the GPU's time line where it did so there. */
struct steps {
    struct intervals host, gpu;
};

static bool is_step(const struct json_value *event, struct interval *out, bool *gpu)
{
    const char *category = json_string(json_member(event, "cat"));
    *gpu = strcmp(category, "gpu_user_annotation") == 0;
    return strncmp(json_string(json_member(event, "name")), "ProfilerStep", 12) == 0 &&
           read_span(event, out) && out->end_us > out->start_us;
}

static bool read_events(const struct json_value *events, const struct strategy *s,
                        struct intervals *kernels, struct steps *steps, struct kineto *out)
{
    for (const struct json_value *v = json_first(events); v; v = json_next(v)) {
        struct interval item = {.term = TERM_HOST};
        bool gpu, kept = true;
        if (json_kind(v) != JSON_OBJECT)
            continue;
        if (is_step(v, &item, &gpu))
            kept = append(gpu ? &steps->gpu : &steps->host, &item);
        else if (read_interval(v, s, &item, out))
            kept = append(kernels, &item);
        if (!kept)
            return false;
    }
    return true;
}

static int by_length(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    double dx = x->end_us - x->start_us, dy = y->end_us - y->start_us;
    return (dx > dy) - (dx < dy);
}

static int by_start(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    return (x->start_us > y->start_us) - (x->start_us < y->start_us);
}

/* The step of median length; without marks the span of all kernels. */
static struct interval choose_step(struct steps *steps, const struct intervals *kernels,
                                   struct kineto *out)
{
    struct intervals *marks = steps->gpu.count > 0 ? &steps->gpu : &steps->host;
    out->steps = (int)marks->count;
    if (marks->count > 0) {
        qsort(marks->items, marks->count, sizeof *marks->items, by_length);
        return marks->items[marks->count / 2];
    }
    struct interval span = kernels->items[0];
    for (size_t i = 1; i < kernels->count; i++) {
        span.start_us = fmin(span.start_us, kernels->items[i].start_us);
        span.end_us = fmax(span.end_us, kernels->items[i].end_us);
    }
    out->steps = 1;
    return span;
}

/* An interval's start or end on the time line. */
struct edge {
    double at_us;
    int change; /* +1, -1 */
    enum term term;
    bool compute;
};

static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    if (x->at_us < y->at_us || x->at_us > y->at_us)
        return x->at_us < y->at_us ? -1 : 1;
    return x->change - y->change;
}

struct running {
    int compute[TERMS], other[TERMS], computing, others;
};

/* The time between two edges goes to what runs: compute first, in equal parts. */
static void share(const struct running *now, double seconds, double term_s[TERMS])
{
    const int *count = now->computing > 0 ? now->compute : now->other;
    int all = now->computing > 0 ? now->computing : now->others;
    if (all == 0)
        term_s[TERM_HOST] += seconds;
    for (int t = 0; t < TERMS && all > 0; t++)
        term_s[t] += seconds * count[t] / all;
}

static size_t make_edges(const struct intervals *kernels, const struct interval *step,
                         struct edge *edges, struct kineto *out)
{
    size_t n = 0;
    for (size_t i = 0; i < kernels->count; i++) {
        const struct interval *k = &kernels->items[i];
        double start = fmax(k->start_us, step->start_us), end = fmin(k->end_us, step->end_us);
        if (!(end > start))
            continue;
        edges[n++] = (struct edge){start, 1, k->term, k->compute};
        edges[n++] = (struct edge){end, -1, k->term, k->compute};
        out->busy_s[k->term] += 1e-6 * (end - start);
        out->kernels++;
    }
    return n;
}

static enum status sweep(struct intervals *kernels, const struct interval *step, struct kineto *out,
                         struct error *e)
{
    struct edge *edges = malloc(2 * kernels->count * sizeof *edges);
    struct running now = {.computing = 0};
    if (!edges)
        return error_set(e, STATUS_IO, "out of memory");
    qsort(kernels->items, kernels->count, sizeof *kernels->items, by_start);
    size_t n = make_edges(kernels, step, edges, out);
    qsort(edges, n, sizeof *edges, by_time);
    double at = step->start_us;
    for (size_t i = 0; i < n; i++) {
        const struct edge *edge = &edges[i];
        share(&now, 1e-6 * (edge->at_us - at), out->term_s);
        at = edge->at_us;
        (edge->compute ? now.compute : now.other)[edge->term] += edge->change;
        *(edge->compute ? &now.computing : &now.others) += edge->change;
    }
    share(&now, 1e-6 * (step->end_us - at), out->term_s);
    out->step_s = 1e-6 * (step->end_us - step->start_us);
    free(edges);
    return STATUS_OK;
}

static enum status no_kernels(const struct json *json, const struct json_value *root,
                              struct error *e)
{
    json_error(json, root, e, STATUS_INPUT, "no kernel with a time is in the trace");
    error_set_hint(e, "a trace of torch.profiler with CUDA activities, as export_chrome_trace "
                      "writes it");
    return e->status;
}

static enum status read_trace(const struct json *json, const struct strategy *strategy,
                              struct kineto *out, struct error *e)
{
    const struct json_value *root = json_root(json);
    const struct json_value *events =
        json_kind(root) == JSON_ARRAY ? root : json_member(root, "traceEvents");
    struct intervals kernels = {.count = 0};
    struct steps steps = {.host = {.count = 0}};
    memset(out, 0, sizeof *out);
    if (!events || json_kind(events) != JSON_ARRAY)
        json_error(json, root, e, STATUS_INPUT, "expected \"traceEvents\", a list");
    else if (!read_events(events, strategy, &kernels, &steps, out))
        error_set(e, STATUS_IO, "out of memory");
    else if (kernels.count == 0)
        no_kernels(json, root, e);
    if (e->status == STATUS_OK) {
        struct interval step = choose_step(&steps, &kernels, out);
        if (sweep(&kernels, &step, out, e) == STATUS_OK && out->kernels == 0)
            no_kernels(json, root, e); /* the marked steps hold none of them */
    }
    free(kernels.items);
    free(steps.host.items);
    free(steps.gpu.items);
    return e->status;
}

static enum status read_and_free(struct json *json, const struct strategy *strategy,
                                 struct kineto *out, struct error *e)
{
    if (json)
        read_trace(json, strategy, out, e);
    json_free(json);
    return e->status;
}

enum status kineto_load(const char *path, const struct strategy *strategy, struct kineto *out,
                        struct error *e)
{
    return read_and_free(json_load(path, e), strategy, out, e);
}

enum status kineto_read(const char *text, size_t n, const char *file,
                        const struct strategy *strategy, struct kineto *out, struct error *e)
{
    return read_and_free(json_parse(text, n, file, e), strategy, out, e);
}
