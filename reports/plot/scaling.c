#include "reports/plot/scaling.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"
#include <math.h>

/* One curve: the points of a sweep at which something fits. */
struct curve {
    const char *name, *colour;
    int symbol;
    const struct sweep *sweep;
    bool weak;
};

static double gpus_of(const struct sweep_point *p)
{
    return p->number[0][0];
}

static double batch_of(const struct scenario *s, const struct curve *c, const struct sweep_point *p)
{
    return c->weak ? p->number[0][1] : s->job.global_batch;
}

static double tokens_per_s(const struct scenario *s, const struct curve *c,
                           const struct sweep_point *p)
{
    return batch_of(s, c, p) * s->job.seq_length / p->best.cost.step_s;
}

static double mfu_of(const struct sweep_point *p)
{
    const struct step_cost *cost = &p->best.cost;
    return cost->model_flop / (cost->step_s * gpus_of(p) * cost->peak_flop_per_s);
}

static const struct sweep_point *first_found(const struct sweep *s)
{
    for (int i = 0; i < s->count; i++)
        if (s->points[i].found)
            return &s->points[i];
    return NULL;
}

static void add_data(struct figure *f, const struct scenario *scenario, const struct curve *curves)
{
    text_add(&f->data, "scaling,gpus,global_batch,step_time_s,tokens_per_s,mfu,strategy\n");
    for (int c = 0; c < 2; c++) {
        for (int i = 0; i < curves[c].sweep->count; i++) {
            const struct sweep_point *p = &curves[c].sweep->points[i];
            struct text words = {0};
            if (p->found)
                strategy_describe(&p->best.strategy, &words);
            csv_text(&f->data, curves[c].name);
            csv_number(&f->data, gpus_of(p));
            csv_number(&f->data, batch_of(scenario, &curves[c], p));
            csv_number(&f->data, p->found ? p->best.cost.step_s : (double)NAN);
            csv_number(&f->data, p->found ? tokens_per_s(scenario, &curves[c], p) : (double)NAN);
            csv_number(&f->data, p->found ? mfu_of(p) : (double)NAN);
            csv_text(&f->data, words.data ? words.data : "nothing fits");
            csv_end(&f->data);
            text_free(&words);
        }
    }
}

/* gpus, step, its ideal, tokens/s, its ideal, MFU in %: ideal goes on from the first point. */
static void add_block(struct figure *f, const struct scenario *scenario, const struct curve *c,
                      double factor)
{
    const struct sweep_point *first = first_found(c->sweep);
    figure_open_block(f, c->name);
    figure_add(f, "NaN NaN NaN NaN NaN NaN\n");
    for (int i = 0; i < c->sweep->count && first; i++) {
        const struct sweep_point *p = &c->sweep->points[i];
        double more = gpus_of(p) / gpus_of(first);
        double ideal_s = first->best.cost.step_s / (c->weak ? 1 : more);
        double ideal_rate = tokens_per_s(scenario, c, first) * more;
        if (p->found)
            figure_add(f, "%.9g %.9g %.9g %.9g %.9g %.9g\n", gpus_of(p),
                       p->best.cost.step_s / factor, ideal_s / factor,
                       tokens_per_s(scenario, c, p) / 1e3, ideal_rate / 1e3, 100 * mfu_of(p));
    }
    figure_close_block(f);
}

static void add_panel(struct figure *f, const struct curve *curves, int column, bool ideal)
{
    const char *before = "plot ";
    for (int c = 0; c < 2; c++) {
        if (ideal)
            figure_add(f, "%s$%s using 1:%d with lines lw 1.2 dt 2 lc rgb '%s', ", before,
                       curves[c].name, column + 1, curves[c].colour);
        figure_add(f, "%s$%s using 1:%d with linespoints lw 2 pt %d ps 0.8 lc rgb '%s'",
                   ideal ? "" : before, curves[c].name, column, curves[c].symbol, curves[c].colour);
        before = ", ";
    }
    figure_add(f, "\n");
}

static void add_legend(struct figure *f, const struct curve *curves)
{
    for (int c = 0; c < 2; c++) {
        struct figure_key line = {.x = 0.2 + 0.34 * c,
                                  .y = 0.1,
                                  .colour = curves[c].colour,
                                  .words = c == 0 ? "strong: the same batch"
                                                  : "weak: the batch grows with the GPUs",
                                  .symbol = curves[c].symbol,
                                  .dash = 1,
                                  .width = 2};
        figure_key_line(f, &line);
        line.y = 0.055;
        line.words = "its ideal";
        line.symbol = 0;
        line.dash = 2;
        line.width = 1.2;
        figure_key_line(f, &line);
    }
}

/* Room around what a panel shows, on logarithmic axes. */
static void set_range(struct figure *f, const char *axis, double low, double high)
{
    figure_add(f, "set %srange [%.9g:%.9g]\n", axis, low, high);
}

/* Least and largest of a column of both curves, the ideal beside it included. */
struct extent {
    double low, high;
};

static struct extent extent_of(const struct scenario *s, const struct curve *curves, int column,
                               double factor)
{
    struct extent e = {HUGE_VAL, 0};
    for (int c = 0; c < 2; c++) {
        const struct sweep_point *first = first_found(curves[c].sweep);
        for (int i = 0; i < curves[c].sweep->count && first; i++) {
            const struct sweep_point *p = &curves[c].sweep->points[i];
            double more = gpus_of(p) / gpus_of(first);
            double ideal = column == 2 ? first->best.cost.step_s / (curves[c].weak ? 1 : more)
                                       : tokens_per_s(s, &curves[c], first) * more;
            double real = column == 2 ? p->best.cost.step_s : tokens_per_s(s, &curves[c], p);
            if (!p->found)
                continue;
            e.low = fmin(e.low, fmin(real, ideal) / factor);
            e.high = fmax(e.high, fmax(real, ideal) / factor);
        }
    }
    return e;
}

static double best_mfu(const struct curve *curves)
{
    double most = 0;
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < curves[c].sweep->count; i++)
            if (curves[c].sweep->points[i].found)
                most = fmax(most, mfu_of(&curves[c].sweep->points[i]));
    return most;
}

/* Tics at the numbers of GPUs that were asked for. */
static void add_tics(struct figure *f, const struct sweep *s)
{
    figure_add(f, "set xtics rotate by -40 font ',11' (");
    for (int i = 0; i < s->count; i++)
        figure_add(f, "%s'%.0f' %.9g", i > 0 ? ", " : "", gpus_of(&s->points[i]),
                   gpus_of(&s->points[i]));
    figure_add(f, ")\n");
}

static double longest_s(const struct curve *curves)
{
    double most = 0;
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < curves[c].sweep->count; i++)
            if (curves[c].sweep->points[i].found)
                most = fmax(most, curves[c].sweep->points[i].best.cost.step_s);
    return most;
}

static void add_panels(struct figure *f, const struct scenario *scenario,
                       const struct curve *curves, double factor)
{
    const struct sweep *sweep = curves[0].sweep;
    struct extent steps = extent_of(scenario, curves, 2, factor);
    struct extent rates = extent_of(scenario, curves, 4, 1e3);
    figure_add(f, "set multiplot\nset logscale x 2\nset logscale y\nset bmargin at screen 0.27\n"
                  "set tmargin at screen 0.79\nset grid x y\nset format y '%%.6g'\nset key off\n"
                  "set lmargin at screen 0.075\nset rmargin at screen 0.325\n");
    set_range(f, "x", gpus_of(&sweep->points[0]) / 1.2,
              gpus_of(&sweep->points[sweep->count - 1]) * 1.2);
    set_range(f, "y", steps.low / 1.3, steps.high * 1.3);
    figure_log_tics(f, steps.low / 1.3, steps.high * 1.3);
    add_panel(f, curves, 2, true);
    figure_add(f, "unset label\nunset arrow\nset lmargin at screen 0.405\n"
                  "set rmargin at screen 0.655\n");
    set_range(f, "y", rates.low / 1.3, rates.high * 1.3);
    figure_log_tics(f, rates.low / 1.3, rates.high * 1.3);
    add_panel(f, curves, 4, true);
    figure_add(f, "unset logscale y\nset ytics autofreq\nset lmargin at screen 0.725\nset rmargin "
                  "at screen 0.975\n");
    set_range(f, "y", 0, 115 * best_mfu(curves));
    add_panel(f, curves, 6, false);
    figure_add(f, "unset multiplot\n");
}

void plot_scaling(struct figure *f, const struct scenario *scenario, const struct sweep *strong,
                  const struct sweep *weak)
{
    const struct curve curves[2] = {
        {"strong", "#0072b2", 7, strong, false},
        {"weak",   "#d55e00", 5, weak,   true }
    };
    struct figure_unit unit = figure_unit_of(longest_s(curves));
    char words[48];
    add_data(f, scenario, curves);
    plot_title(f, "Strong and weak scaling: the fastest strategy at every number of GPUs",
               scenario);
    add_block(f, scenario, &curves[0], unit.factor);
    add_block(f, scenario, &curves[1], unit.factor);
    add_tics(f, strong);
    figure_set(f, "set xlabel", "GPUs");
    c_locale_format(words, sizeof words, "step time, %s", unit.name);
    figure_label(f, words, "at screen 0.02,0.835 left font ',13'");
    figure_label(f, "thousand tokens/s", "at screen 0.35,0.835 left font ',13'");
    figure_label(f, "MFU, %", "at screen 0.69,0.835 left font ',13'");
    add_legend(f, curves);
    add_panels(f, scenario, curves, unit.factor);
}
