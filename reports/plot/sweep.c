#include "reports/plot/sweep.h"
#include "base/c_locale.h"
#include "parallelism/sweep/sensitivity.h"
#include "reports/plot/words.h"
#include "reports/sweep_report.h"
#include <math.h>
#include <string.h>

enum { NAMED_MAX = 6, TICS_MAX = 9 };

struct picture {
    const struct sweep_request *request;
    const struct sweep *sweep;
    int columns, curves; /* values of the first axis, of the second */
    struct figure_unit unit;
};

/* The last axis varies fastest. */
static const struct sweep_point *point_at(const struct picture *p, int column, int curve)
{
    return &p->sweep->points[column * p->curves + curve];
}

static double mfu_of(const struct sweep_point *point)
{
    const struct step_cost *cost = &point->best.cost;
    double gpus = strategy_gpus(&point->best.strategy);
    return cost->model_flop / (cost->step_s * gpus * cost->peak_flop_per_s);
}

/* Another strategy than at the last point before where something fits; replicas of the same one
 * that other numbers of GPUs hold are none. */
static bool turns(const struct picture *p, int column, int curve)
{
    const struct sweep_point *here = point_at(p, column, curve);
    int c = column - 1;
    while (c >= 0 && !point_at(p, c, curve)->found)
        c--;
    if (c < 0 || !here->found)
        return false;
    const struct strategy *now = &here->best.strategy;
    struct strategy before = point_at(p, c, curve)->best.strategy;
    if (strategy_gpus(now) < strategy_gpus(&before) || strategy_gpus(now) > strategy_gpus(&before))
        before.dp = now->dp;
    return strategies_differ(&before, now);
}

/* Names, such as of systems: between two of them there is nothing. */
static bool has_names(const struct picture *p)
{
    return isnan(p->sweep->points[0].number[0][0]);
}

static void add_blocks(struct figure *f, const struct picture *p)
{
    for (int k = 0; k < p->curves; k++) {
        char name[24];
        c_locale_format(name, sizeof name, "curve%d", k);
        figure_open_block(f, name);
        figure_add(f, "NaN NaN NaN 0\n");
        for (int c = 0; c < p->columns; c++) {
            const struct sweep_point *point = point_at(p, c, k);
            if (point->found)
                figure_add(f, "%d %.9g %.9g %d\n", c, point->best.cost.step_s / p->unit.factor,
                           100 * mfu_of(point), turns(p, c, k));
            else
                figure_add(f, "\n"); /* the line breaks where nothing fits */
        }
        figure_close_block(f);
    }
}

static void add_tics(struct figure *f, const struct axis *axis)
{
    int step = (axis->count + TICS_MAX - 1) / TICS_MAX;
    figure_open_tics(f, "set xtics rotate by -30 font ',11'");
    for (int i = 0; i < axis->count; i += step)
        figure_tic(f, axis->label[i], i);
    figure_close_tics(f);
}

static void add_panel(struct figure *f, const struct picture *p, int column)
{
    const char *before = "plot ";
    for (int k = 0; k < p->curves; k++) {
        const char *colour = figure_hue[k % FIGURE_HUES];
        figure_add(f, "%s$curve%d using 1:%d with %s lw 2 pt 7 ps %s lc rgb '%s'", before, k,
                   column, has_names(p) ? "points" : "linespoints", has_names(p) ? "1.1" : "0.7",
                   colour);
        figure_add(f,
                   ", $curve%d using 1:($4 > 0 ? $%d : NaN) with points pt 6 ps 1.5 lw 1.5 lc rgb "
                   "'%s'",
                   k, column, figure_ink);
        before = ", ";
    }
    figure_add(f, "\n");
}

/* Values of the second axis, beside the panels. */
static void add_legend(struct figure *f, const struct picture *p)
{
    double y = 0.2;
    for (int k = 0; k < p->curves && p->curves > 1; k++) {
        struct text words = {0};
        axis_name(&p->request->axes[1], &words);
        text_addf(&words, " %s", p->request->axes[1].label[k]);
        struct figure_key key = {.x = 0.08 + 0.225 * (k % 4),
                                 .y = y - 0.045 * (k / 4),
                                 .colour = figure_hue[k % FIGURE_HUES],
                                 .words = text_string(&words),
                                 .symbol = 7,
                                 .dash = 1,
                                 .width = 2};
        figure_key_line(f, &key);
        text_free(&words);
    }
    struct figure_key ring = {.x = 0.08,
                              .y = p->curves > 1 ? y - 0.1 : 0.05,
                              .colour = figure_ink,
                              .words = "another strategy is fastest from here on",
                              .symbol = 6};
    figure_key_line(f, &ring);
}

/* With one axis: the fastest strategy where it changes. */
static void name_strategies(struct figure *f, const struct picture *p)
{
    int named = 0, more = 0;
    for (int c = 0; c < p->columns && p->curves == 1; c++) {
        const struct sweep_point *point = point_at(p, c, 0);
        struct text words = {0};
        bool first = point->found && named == 0;
        if (!first && !turns(p, c, 0))
            continue;
        more += named >= NAMED_MAX;
        if (named >= NAMED_MAX)
            continue;
        text_addf(&words, "%s: ", p->request->axes[0].label[c]);
        strategy_describe(&point->best.strategy, &words);
        figure_label(f, text_string(&words),
                     "at screen 0.075,%.4f left font ',11' tc rgb '%s' front",
                     0.245 - 0.034 * named, figure_grey);
        text_free(&words);
        named++;
    }
    if (more > 0)
        figure_label(f, "and more", "at screen 0.9,0.05 left font ',11' tc rgb '%s' front",
                     figure_grey);
}

/* Where the panels end, in shares of the figure's height: what stands along x hangs below them,
 * aslant, 6 of the 540 points a letter. */
static double panel_bottom(const struct axis *axis)
{
    size_t longest = 0;
    for (int i = 0; i < axis->count; i++)
        longest = strlen(axis->label[i]) > longest ? strlen(axis->label[i]) : longest;
    double more = fmin((double)longest, 24) - 6;
    return 0.42 + 0.0065 * fmax(more, 0);
}

static double most_of(const struct picture *p, double (*value)(const struct sweep_point *point))
{
    double most = 0;
    for (int i = 0; i < p->sweep->count; i++)
        if (p->sweep->points[i].found)
            most = fmax(most, value(&p->sweep->points[i]));
    return most;
}

static double step_of(const struct sweep_point *point)
{
    return point->best.cost.step_s;
}

static void add_title(struct figure *f, const struct picture *p)
{
    struct text title = {0}, name = {0};
    axis_name(&p->request->axes[0], &name);
    text_addf(&title, "Step time over %s", text_string(&name));
    text_clear(&name);
    if (p->request->axis_count > 1)
        axis_name(&p->request->axes[1], &name);
    if (name.length > 0)
        text_addf(&title, " and %s", name.data);
    text_add(&title, ", the strategy optimised anew");
    plot_title(f, text_string(&title), p->request->scenario);
    text_free(&title);
    text_free(&name);
}

static void draw(struct figure *f, const struct picture *p)
{
    char words[48];
    struct text name = {0};
    add_title(f, p);
    add_blocks(f, p);
    add_tics(f, &p->request->axes[0]);
    add_legend(f, p);
    name_strategies(f, p);
    axis_name(&p->request->axes[0], &name);
    figure_set(f, "set xlabel", text_string(&name));
    c_locale_format(words, sizeof words, "step time, %s", p->unit.name);
    figure_set(f, "set ylabel", words);
    figure_add(f,
               "set multiplot\nset key off\nset xrange [%g:%g]\nset yrange [0:%.9g]\n"
               "set tmargin at screen 0.84\nset bmargin at screen %.4g\n"
               "set lmargin at screen 0.085\nset rmargin at screen 0.47\n",
               -0.3, p->columns - 0.7, 1.1 * most_of(p, step_of) / p->unit.factor,
               panel_bottom(&p->request->axes[0]));
    add_panel(f, p, 2);
    figure_set(f, "set ylabel", "MFU, %");
    figure_add(f,
               "unset label\nunset arrow\nset yrange [0:%.9g]\nset lmargin at screen 0.58\n"
               "set rmargin at screen 0.96\n",
               110 * most_of(p, mfu_of));
    add_panel(f, p, 3);
    figure_add(f, "unset multiplot\n");
    text_free(&name);
}

enum status plot_sweep(struct figure *f, const struct sweep_request *request,
                       const struct sweep *sweep, struct error *e)
{
    struct sweep_report report = {request, sweep};
    struct picture p = {.request = request, .sweep = sweep};
    p.columns = request->axes[0].count;
    p.curves = request->axis_count > 1 ? request->axes[1].count : 1;
    double most_s = most_of(&p, step_of);
    if (request->axis_count > PLOT_SWEEP_AXES || p.curves > PLOT_SWEEP_CURVES)
        return error_set(e, STATUS_USAGE,
                         "a figure shows two inputs, the second with at most %d values",
                         PLOT_SWEEP_CURVES);
    if (!(most_s > 0))
        return error_set(e, STATUS_NO, "nothing fits at any point");
    p.unit = figure_unit_of(most_s);
    draw(f, &p);
    return sweep_csv(&report, &f->data, e);
}
