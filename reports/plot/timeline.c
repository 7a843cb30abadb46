#include "reports/plot/timeline.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"
#include <math.h>

/* So many operations of a stage are told apart on a page; so many rectangles make a file of a few
 * hundred kilobytes. */
enum { OPERATIONS_MAX = 110, EVENTS_MAX = 3000 };

/* Classes of events, in the order of the legend. */
enum part {
    PART_FORWARD,
    PART_BACKWARD,
    PART_WEIGHT,
    PART_PAIR,
    PART_COMMUNICATION,
    PART_TAIL,
    PARTS
};
static const struct {
    const char *name, *colour;
} parts[PARTS] = {
    [PART_FORWARD] = {"forward",               "#3182bd"},
    [PART_BACKWARD] = {"backward",              "#e69f00"},
    [PART_WEIGHT] = {"weight gradient",       "#009e73"},
    [PART_PAIR] = {"forward and backward",  "#6a3d9a"},
    [PART_COMMUNICATION] = {"exposed communication", "#b2182b"},
    [PART_TAIL] = {"optimizer, stragglers", "#595959"},
};

static enum part part_of(const struct timeline_event *event)
{
    static const enum part by_kind[TIMELINE_KINDS] = {
        [TIMELINE_FORWARD] = PART_FORWARD,
        [TIMELINE_BACKWARD] = PART_BACKWARD,
        [TIMELINE_BACKWARD_INPUT] = PART_BACKWARD,
        [TIMELINE_BACKWARD_WEIGHT] = PART_WEIGHT,
        [TIMELINE_PAIR] = PART_PAIR,
        [TIMELINE_SEND] = PART_COMMUNICATION,
        [TIMELINE_DATA_PARALLEL] = PART_COMMUNICATION,
        [TIMELINE_OPTIMIZER] = PART_TAIL,
        [TIMELINE_OFFLOAD] = PART_COMMUNICATION,
        [TIMELINE_HOST] = PART_TAIL,
        [TIMELINE_STRAGGLER] = PART_TAIL,
    };
    return event->stream == STREAM_COMPUTE ? by_kind[event->kind] : PART_COMMUNICATION;
}

/* Transfers beside compute are no part of a stage's time. */
static bool shows(const struct timeline_event *event)
{
    return event->kind != TIMELINE_SEND;
}

static void add_data(struct figure *f, const struct timeline *t)
{
    text_add(&f->data, "stage,stream,kind,chunk,micro_batch,start_s,end_s\n");
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *event = &t->events[i];
        text_addf(&f->data, "%d,%s,%s,", event->stage, stream_names[event->stream],
                  timeline_kind_names[event->kind]);
        if (event->chunk >= 0)
            text_addf(&f->data, "%d,%d,", event->chunk, event->micro_batch);
        else
            text_add(&f->data, ",,");
        csv_number(&f->data, event->start_s);
        csv_number(&f->data, event->end_s);
        csv_end(&f->data);
    }
}

struct window {
    double from_s, to_s;
};

static bool inside(const struct timeline_event *event, const struct window *w)
{
    return shows(event) && event->end_s > w->from_s && event->start_s < w->to_s;
}

static bool drawable(const struct timeline *t, const struct window *windows, int n)
{
    size_t events = 0, operations = 0;
    for (int w = 0; w < n; w++) {
        for (size_t i = 0; i < t->count; i++) {
            const struct timeline_event *event = &t->events[i];
            bool seen = inside(event, &windows[w]);
            events += seen;
            operations += seen && event->stream == STREAM_COMPUTE;
        }
    }
    return events <= EVENTS_MAX && operations <= (size_t)t->stages * OPERATIONS_MAX;
}

/* The whole step; or its beginning and its end, equally long, with as much as is drawn well. */
static int find_windows(const struct timeline *t, struct window *out)
{
    double low = 0, high = t->total_s / 2;
    out[0] = (struct window){0, t->total_s};
    if (drawable(t, out, 1))
        return 1;
    for (int i = 0; i < 40; i++) {
        double length = (low + high) / 2;
        const struct window two[2] = {
            {0,                   length    },
            {t->total_s - length, t->total_s}
        };
        *(drawable(t, two, 2) ? &low : &high) = length;
    }
    out[0] = (struct window){0, low};
    out[1] = (struct window){t->total_s - low, t->total_s};
    return 2;
}

static void add_block(struct figure *f, const struct timeline *t, const struct window *w,
                      int window, enum part part, double factor)
{
    char name[24];
    c_locale_format(name, sizeof name, "w%dp%d", window, (int)part);
    figure_open_block(f, name);
    figure_add(f, "-9 NaN NaN\n");
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *event = &t->events[i];
        if (inside(event, w) && part_of(event) == part)
            figure_add(f, "%d %.9g %.9g\n", event->stage, fmax(event->start_s, w->from_s) / factor,
                       fmin(event->end_s, w->to_s) / factor);
    }
    figure_close_block(f);
}

static bool part_shows(const struct timeline *t, enum part part)
{
    for (size_t i = 0; i < t->count; i++)
        if (shows(&t->events[i]) && part_of(&t->events[i]) == part)
            return true;
    return false;
}

static void add_panel(struct figure *f, const struct timeline *t, const struct window *w,
                      int window, double factor)
{
    const char *before = "plot ";
    figure_add(f, "set xrange [%.9g:%.9g]\n", w->from_s / factor, w->to_s / factor);
    for (int p = 0; p < PARTS; p++) {
        if (!part_shows(t, (enum part)p))
            continue;
        figure_add(f,
                   "%s$w%dp%d using (($2+$3)/2):1:2:3:($1-0.42):($1+0.42) with boxxyerror lc rgb "
                   "'%s' title '%s'",
                   before, window, p, parts[p].colour, parts[p].name);
        before = ", ";
    }
    figure_add(f, "\n");
}

static void add_frame(struct figure *f, const struct timeline *t, int windows,
                      const struct figure_unit *unit)
{
    char words[64];
    c_locale_format(words, sizeof words, "time in the step, %s", unit->name);
    figure_label(f, words, "at screen 0.53,0.135 center front");
    figure_set(f, "set ylabel", "pipeline stage");
    figure_add(f,
               "set yrange [%g:-0.6]\nset ytics 0,%d scale 0\nunset grid\nset border 1\n"
               "set tmargin at screen 0.84\nset bmargin at screen 0.22\n"
               "set key at screen 0.5,0.09 center top vertical maxrows 2 Left reverse samplen 1.5 "
               "width 1 font ',12'\n",
               t->stages - 0.4, t->stages > 24 ? 4 : 1);
    if (windows == 2)
        figure_label(f, "...", "at screen 0.5225,0.53 center front");
}

static void add_panels(struct figure *f, const struct timeline *t, const struct window *windows,
                       int n, double factor)
{
    if (n == 1) {
        figure_add(f, "set lmargin at screen 0.075\nset rmargin at screen 0.98\n");
        add_panel(f, t, &windows[0], 0, factor);
        return;
    }
    figure_add(f, "set multiplot\nset lmargin at screen 0.075\nset rmargin at screen 0.51\n");
    add_panel(f, t, &windows[0], 0, factor);
    figure_add(f, "unset label\nunset key\nunset ylabel\nset format y ''\n"
                  "set lmargin at screen 0.535\nset rmargin at screen 0.98\n");
    add_panel(f, t, &windows[1], 1, factor);
    figure_add(f, "unset multiplot\n");
}

/* Share of the pipeline's time in which a stage waits, over all stages. */
static double idle_frac(const struct timeline *t)
{
    double busy_s = 0;
    for (size_t i = 0; i < t->count; i++)
        if (shows(&t->events[i]) && t->events[i].chunk >= 0)
            busy_s += t->events[i].end_s - t->events[i].start_s;
    return 1 - busy_s / (t->pipeline_s * t->stages);
}

void plot_timeline(struct figure *f, const struct scenario *scenario,
                   const struct strategy *strategy, const struct timeline *t)
{
    struct figure_unit unit = figure_unit_of(t->total_s);
    struct window windows[2];
    int n = find_windows(t, windows);
    struct text remark = {0}, title = {0};
    add_data(f, t);
    if (strategy->pp == 1)
        text_add(&title, "The step on its one pipeline stage, micro-batch after micro-batch");
    else
        text_addf(&title,
                  "The step on its pipeline: schedule %s, stages wait %.1f %% of the pipeline's "
                  "time",
                  schedule_names[strategy->schedule], 100 * idle_frac(t));
    text_add(&remark, "\n");
    strategy_describe(strategy, &remark);
    if (n == 2)
        text_addf(&remark, "; the first and the last %.3g of %.4g %s",
                  windows[0].to_s / unit.factor, t->total_s / unit.factor, unit.name);
    plot_title_with(f, text_string(&title), scenario, text_string(&remark));
    for (int w = 0; w < n; w++)
        for (int p = 0; p < PARTS; p++)
            add_block(f, t, &windows[w], w, (enum part)p, unit.factor);
    add_frame(f, t, n, &unit);
    add_panels(f, t, windows, n, unit.factor);
    text_free(&remark);
    text_free(&title);
}
