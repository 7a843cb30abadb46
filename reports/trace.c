#include "reports/trace.h"
#include "base/json_write.h"
#include "reports/format.h"
#include <math.h>

/* Whole nanoseconds, in the trace's microseconds. */
static double trace_us(double seconds)
{
    return floor(seconds * 1e9 + 0.5) / 1e3;
}

/* What an event tells of a process, or of a thread of it; its arguments stay open. */
static void open_metadata(struct json_writer *w, const char *what, int stage, int stream)
{
    json_open_object_compact(w, NULL);
    json_put_string(w, "ph", "M");
    json_put_string(w, "name", what);
    json_put_number(w, "pid", stage);
    if (stream >= 0)
        json_put_number(w, "tid", stream);
    json_open_object_compact(w, "args");
}

static void put_name(struct json_writer *w, const char *what, int stage, int stream,
                     const char *name)
{
    open_metadata(w, what, stage, stream);
    json_put_string(w, "name", name);
    json_close_object(w);
    json_close_object(w);
}

/* Order in which a viewer shows processes and threads. */
static void put_order(struct json_writer *w, const char *what, int stage, int stream, int index)
{
    open_metadata(w, what, stage, stream);
    json_put_number(w, "sort_index", index);
    json_close_object(w);
    json_close_object(w);
}

static void put_names(struct json_writer *w, const struct timeline *t)
{
    struct text name = {0};
    for (int stage = 0; stage < t->stages; stage++) {
        text_clear(&name);
        text_addf(&name, "pipeline stage %d", stage);
        put_name(w, "process_name", stage, -1, name.data);
        put_order(w, "process_sort_index", stage, -1, stage);
        for (int stream = 0; stream < STREAMS; stream++) {
            put_name(w, "thread_name", stage, stream, stream_names[stream]);
            put_order(w, "thread_sort_index", stage, stream, stream);
        }
    }
    text_free(&name);
}

/* What a viewer writes on an event: "forward 3", "tp of forward 3". */
static void name_event(const struct timeline_event *event, struct text *out)
{
    text_clear(out);
    if (event->stream != STREAM_COMPUTE && event->chunk >= 0 && event->kind != TIMELINE_SEND)
        text_addf(out, "%s of ", stream_names[event->stream]);
    text_add(out, timeline_kind_names[event->kind]);
    if (event->micro_batch >= 0)
        text_addf(out, " %d", event->micro_batch);
}

static void put_event(struct json_writer *w, const struct timeline_event *event,
                      struct text *scratch)
{
    double start = trace_us(event->start_s), end = trace_us(event->end_s);
    name_event(event, scratch);
    json_open_object_compact(w, NULL);
    json_put_string(w, "ph", "X");
    json_put_string(w, "name", scratch->data);
    json_put_string(w, "cat", timeline_kind_names[event->kind]);
    json_put_number(w, "pid", event->stage);
    json_put_number(w, "tid", event->stream);
    json_put_number(w, "ts", start);
    json_put_number(w, "dur", floor((end - start) * 1e3 + 0.5) / 1e3);
    if (event->chunk >= 0) {
        json_open_object_compact(w, "args");
        json_put_number(w, "chunk", event->chunk);
        json_put_number(w, "micro_batch", event->micro_batch);
        json_close_object(w);
    }
    json_close_object(w);
}

static void put_memory(struct json_writer *w, const struct timeline_memory *m)
{
    json_open_object_compact(w, NULL);
    json_put_string(w, "ph", "C");
    json_put_string(w, "name", "memory, GiB");
    json_put_number(w, "pid", m->stage);
    json_put_number(w, "ts", trace_us(m->time_s));
    json_open_object_compact(w, "args");
    json_put_number(w, "GiB", floor(m->bytes / 1073741824 * 1e6 + 0.5) / 1e6);
    json_close_object(w);
    json_close_object(w);
}

static void put_about(struct json_writer *w, const struct scenario *scenario,
                      const struct strategy *strategy, const struct timeline *t)
{
    struct text words = {0};
    json_open_object(w, "otherData");
    json_put_string(w, "generator", "stepcast " STEPCAST_VERSION);
    format_scenario(scenario, &words);
    json_put_string(w, "scenario", words.data);
    text_clear(&words);
    strategy_describe(strategy, &words);
    json_put_string(w, "strategy", words.data);
    json_put_number(w, "step_time_s", t->step_s);
    json_put_number(w, "traced_s", t->total_s);
    json_put_string(w, "note",
                    "one GPU of each pipeline stage; communication is what is exposed, after the "
                    "compute it belongs to; what data parallelism exposes stands after the "
                    "pipeline");
    json_close_object(w);
    text_free(&words);
}

void trace_json(const struct scenario *scenario, const struct strategy *strategy,
                const struct timeline *t, struct text *out)
{
    struct json_writer w;
    struct text scratch = {0};
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "displayTimeUnit", "ms");
    put_about(&w, scenario, strategy, t);
    json_open_array(&w, "traceEvents");
    put_names(&w, t);
    for (size_t i = 0; i < t->count; i++)
        put_event(&w, &t->events[i], &scratch);
    for (size_t i = 0; i < t->memory_count; i++)
        put_memory(&w, &t->memory[i]);
    json_close_array(&w);
    json_close_object(&w);
    text_free(&scratch);
}
