#include "reports/plot/pareto.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"
#include <math.h>

static const double gib = 1073741824;
static const double s_per_h = 3600;
/* Times the fastest step: the front beyond is left to the numbers. */
static const double slowest_shown = 4;

static void add_row(struct figure *f, const char *panel, double gpus, const struct ranked *r,
                    double usd)
{
    struct text words = {0};
    strategy_describe(&r->strategy, &words);
    csv_text(&f->data, panel);
    csv_number(&f->data, gpus);
    csv_number(&f->data, r->cost.step_s);
    csv_number(&f->data, r->cost.memory_total_bytes);
    csv_number(&f->data, usd > 0 ? usd : (double)NAN);
    csv_text(&f->data, text_string(&words));
    csv_end(&f->data);
    text_free(&words);
}

/* USD of a step; 0 where the GPU has no price. */
static double step_usd(const struct pareto_picture *p, const struct sweep_point *point)
{
    return point->number[0][0] * p->scenario->system.gpu.price_usd_per_h / s_per_h *
           point->best.cost.step_s;
}

static void add_data(struct figure *f, const struct pareto_picture *p)
{
    double gpus = p->scenario->system.gpus;
    text_add(&f->data, "panel,gpus,step_time_s,memory_bytes,usd_per_step,strategy\n");
    for (int i = 0; i < p->front->count; i++)
        add_row(f, "front", gpus, &p->front->point[i], 0);
    for (int i = 0; i < p->cloud_count; i++)
        add_row(f, "other", gpus, &p->cloud[i], 0);
    for (int i = 0; i < p->by_gpus->count; i++) {
        const struct sweep_point *point = &p->by_gpus->points[i];
        if (point->found)
            add_row(f, "gpus", point->number[0][0], &point->best, step_usd(p, point));
    }
}

static void add_blocks(struct figure *f, const struct pareto_picture *p, double factor)
{
    figure_open_block(f, "cloud");
    figure_add(f, "NaN NaN\n");
    for (int i = 0; i < p->cloud_count; i++)
        figure_add(f, "%.9g %.9g\n", p->cloud[i].cost.memory_total_bytes / gib,
                   p->cloud[i].cost.step_s / factor);
    figure_close_block(f);
    figure_open_block(f, "front");
    for (int i = 0; i < p->front->count; i++)
        figure_add(f, "%.9g %.9g\n", p->front->point[i].cost.memory_total_bytes / gib,
                   p->front->point[i].cost.step_s / factor);
    figure_close_block(f);
}

/* Top of the memory panel: the slowest, but not so slow that the others melt into a line. */
static double slowest_s(const struct pareto_picture *p)
{
    double best = HUGE_VAL, most = 0;
    for (int i = 0; i < p->front->count; i++)
        best = fmin(best, p->front->point[i].cost.step_s);
    for (int i = 0; i < p->front->count; i++)
        most = fmax(most, p->front->point[i].cost.step_s);
    for (int i = 0; i < p->cloud_count; i++)
        most = fmax(most, p->cloud[i].cost.step_s);
    return fmin(most, slowest_shown * best);
}

static int points_above(const struct pareto_picture *p, double most_s)
{
    int n = 0;
    for (int i = 0; i < p->front->count; i++)
        n += p->front->point[i].cost.step_s > most_s;
    return n;
}

static void add_memory_panel(struct figure *f, const struct pareto_picture *p)
{
    double most_s = slowest_s(p);
    struct figure_unit unit = figure_unit_of(most_s);
    double capacity = p->front->point[0].cost.memory_capacity_bytes / gib;
    char words[64];
    add_blocks(f, p, unit.factor);
    c_locale_format(words, sizeof words, "step time, %s", unit.name);
    figure_set(f, "set xlabel", "memory of the fullest GPU, GiB");
    figure_set(f, "set ylabel", words);
    figure_add(f,
               "set xrange [0:%.9g]\nset yrange [0:%.9g]\nset lmargin at screen 0.085\n"
               "set rmargin at screen 0.49\n"
               "set arrow 1 from first %.9g,graph 0 to first %.9g,graph 1 nohead lw 2 dt 2 lc rgb "
               "'%s'\n",
               1.08 * capacity, 1.12 * most_s / unit.factor, capacity, capacity, figure_warn);
    figure_label(f, "usable",
                 "at first %.9g,graph 1 right offset character -0.5,-0.8 font ',12' tc "
                 "rgb '%s'",
                 capacity, figure_warn);
    figure_add(f,
               "plot $cloud using 1:2 with points pt 7 ps 0.35 lc rgb '#9ecae1' title 'strategies "
               "that fit', $front using 1:2 with linespoints lw 2 pt 7 ps 0.7 lc rgb '#d55e00' "
               "title 'front: no faster one in less memory'\n");
}

/* Step time, and on a second axis what a step costs: in GPU-hours, or money where it is known. */
static void add_gpus_panel(struct figure *f, const struct pareto_picture *p)
{
    bool priced = p->scenario->system.gpu.price_usd_per_h > 0;
    double most_s = 0;
    for (int i = 0; i < p->by_gpus->count; i++)
        if (p->by_gpus->points[i].found)
            most_s = fmax(most_s, p->by_gpus->points[i].best.cost.step_s);
    struct figure_unit unit = figure_unit_of(most_s);
    char words[64];
    figure_open_block(f, "gpus");
    figure_add(f, "NaN NaN NaN\n");
    for (int i = 0; i < p->by_gpus->count; i++) {
        const struct sweep_point *point = &p->by_gpus->points[i];
        double hours = point->number[0][0] * point->best.cost.step_s / s_per_h;
        if (point->found)
            figure_add(f, "%.9g %.9g %.9g\n", point->number[0][0],
                       point->best.cost.step_s / unit.factor, priced ? step_usd(p, point) : hours);
    }
    figure_close_block(f);
    c_locale_format(words, sizeof words, "step time, %s", unit.name);
    figure_set(f, "set xlabel", "GPUs");
    figure_set(f, "set ylabel", words);
    figure_set(f, "set y2label", priced ? "cost of a step, USD" : "GPU-hours of a step");
    figure_add(f,
               "unset arrow 1\nunset label\nset logscale x 2\nset xrange [*:*]\nset yrange "
               "[0:*]\nset y2range [0:*]\nset y2tics\nset border 11\nset xtics rotate by -40 font "
               "',11' (");
    for (int i = 0; i < p->by_gpus->count; i++)
        figure_add(f, "%s'%.0f' %.9g", i > 0 ? ", " : "", p->by_gpus->points[i].number[0][0],
                   p->by_gpus->points[i].number[0][0]);
    figure_add(f,
               ")\nset lmargin at screen 0.585\nset rmargin at screen 0.915\n"
               "set offsets graph 0.05, graph 0.05, graph 0.08, 0\n"
               "set key at screen 0.75,0.095 center top\n"
               "plot $gpus using 1:2 with linespoints lw 2 pt 7 ps 0.8 lc rgb '#0072b2' title "
               "'step time', $gpus using 1:3 axes x1y2 with linespoints lw 2 dt 2 pt 5 ps 0.7 lc "
               "rgb '#009e73' title '%s'\n",
               priced ? "cost" : "GPU-hours");
}

void plot_pareto(struct figure *f, const struct pareto_picture *p)
{
    add_data(f, p);
    struct text remark = {0};
    int above = points_above(p, slowest_s(p));
    if (above > 0)
        text_addf(&remark, "\n%d of the front above %g times the fastest step not shown", above,
                  slowest_shown);
    plot_title_with(f, "What speed costs: in memory of a GPU, and in GPUs", p->scenario,
                    text_string(&remark));
    text_free(&remark);
    figure_add(f, "set multiplot\nset bmargin at screen 0.26\nset tmargin at screen 0.84\n"
                  "set key at screen 0.28,0.095 center top vertical Left reverse samplen 2 font "
                  "',12'\n");
    add_memory_panel(f, p);
    add_gpus_panel(f, p);
    figure_add(f, "unset multiplot\n");
}
