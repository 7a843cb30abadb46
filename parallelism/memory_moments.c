#include "parallelism/memory_moments.h"
#include <stdlib.h>

const char *const memory_cause_names[MEMORY_CAUSES + 1] = {"forward", "logits", "recomputed layer",
                                                           NULL};

static void find_peak(const struct timeline *t, int stage, struct memory_moment *out)
{
    double most = 0, before = 0;
    int in_flight = 0;
    bool is_first = true;
    for (size_t i = 0; i < t->memory_count; i++) {
        const struct timeline_memory *now = &t->memory[i];
        if (now->stage != stage)
            continue;
        if (!is_first)
            in_flight += now->bytes >= before ? 1 : -1;
        if (is_first || now->bytes > most) {
            most = now->bytes;
            out->time_s = now->time_s;
            out->in_flight = in_flight;
        }
        before = now->bytes;
        is_first = false;
    }
}

/* The operation of that stage that begins at or after a time; its backward, or any. */
static const struct timeline_event *operation_from(const struct timeline *t, int stage,
                                                   double from_s, bool is_backward)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *event = &t->events[i];
        if (event->stage == stage && event->stream == STREAM_COMPUTE && event->chunk >= 0 &&
            event->start_s >= from_s && (!is_backward || event->kind != TIMELINE_FORWARD))
            return event;
    }
    return NULL;
}

static enum memory_cause cause_of(const struct strategy *s, const double bytes[MEMORY_KINDS])
{
    if (bytes[MEMORY_LOGITS] > 0)
        return MEMORY_AT_LOGITS;
    return s->recompute == RECOMPUTE_FULL ? MEMORY_AT_RECOMPUTE : MEMORY_AT_FORWARD;
}

static void find_operation(const struct timeline *t, int stage, struct memory_moment *out)
{
    bool again = out->cause == MEMORY_AT_RECOMPUTE;
    const struct timeline_event *event = operation_from(t, stage, out->time_s, again);
    out->chunk = event ? event->chunk : -1;
    out->micro_batch = event ? event->micro_batch : -1;
    if (event && out->cause != MEMORY_AT_FORWARD)
        out->time_s = again ? event->start_s : event->end_s;
}

enum status memory_moments_find(const struct scenario *scenario, const struct strategy *s,
                                struct memory_moments *out, struct error *e)
{
    struct timeline timeline = {0};
    struct step_parts *parts = malloc(sizeof *parts);
    if (!parts) {
        error_set(e, STATUS_IO, "out of memory");
    } else if (timeline_find(scenario, s, &timeline, e) == STATUS_OK) {
        step_take_apart(scenario, s, parts);
        stage_memory_find(scenario, s, parts, &out->memory);
        for (int r = 0; r < out->memory.ranks; r++) {
            find_peak(&timeline, r, &out->moment[r]);
            out->moment[r].cause = cause_of(s, out->memory.bytes[r]);
            find_operation(&timeline, r, &out->moment[r]);
        }
    }
    timeline_free(&timeline);
    free(parts);
    return e->status;
}
