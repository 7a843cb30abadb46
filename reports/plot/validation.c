#include "reports/plot/validation.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include <math.h>
#include <string.h>

enum { FAMILIES_MAX = 28 };
/* Errors beyond are drawn at the edge. */
static const double edge_frac = 0.6;

struct picture {
    const struct cases *cases;
    const struct prediction *predictions;
    const char *family[FAMILIES_MAX];
    int families;
    double low_s, high_s;
};

static bool compared(const struct picture *p, size_t i)
{
    return isfinite(case_step_error(&p->cases->items[i], &p->predictions[i])) != 0;
}

static int family_of(const struct picture *p, size_t i)
{
    for (int k = 0; k < p->families; k++)
        if (strcmp(p->family[k], p->cases->items[i].family) == 0)
            return k;
    return -1;
}

static void survey(struct picture *p)
{
    for (size_t i = 0; i < p->cases->count; i++) {
        const struct run_case *c = &p->cases->items[i];
        if (!compared(p, i))
            continue;
        double predicted = p->predictions[i].step_s;
        p->low_s = fmin(p->low_s, fmin(c->step_s, predicted));
        p->high_s = fmax(p->high_s, fmax(c->step_s, predicted));
        if (family_of(p, i) < 0 && p->families < FAMILIES_MAX)
            p->family[p->families++] = c->family;
    }
}

static void add_data(struct figure *f, const struct picture *p)
{
    text_add(&f->data, "family,id,measured_step_time_s,predicted_step_time_s,error_frac\n");
    for (size_t i = 0; i < p->cases->count; i++) {
        const struct run_case *c = &p->cases->items[i];
        if (!compared(p, i))
            continue;
        csv_text(&f->data, c->family);
        csv_text(&f->data, c->id);
        csv_number(&f->data, c->step_s);
        csv_number(&f->data, p->predictions[i].step_s);
        csv_number(&f->data, case_step_error(c, &p->predictions[i]));
        csv_end(&f->data);
    }
}

static void add_blocks(struct figure *f, const struct picture *p)
{
    figure_open_block(f, "runs");
    for (size_t i = 0; i < p->cases->count; i++) {
        const struct run_case *c = &p->cases->items[i];
        double error = compared(p, i) ? case_step_error(c, &p->predictions[i]) : 0;
        /* runs of a family side by side, not on top of each other */
        double jitter = 0.5 * ((double)(i * 7 % 11) / 10 - 0.5);
        if (compared(p, i))
            figure_add(f, "%.9g %.9g %.9g %.9g\n", c->step_s, p->predictions[i].step_s,
                       100 * fmax(-edge_frac, fmin(edge_frac, error)), family_of(p, i) + jitter);
    }
    figure_close_block(f);
    double low = p->low_s / 1.5, high = p->high_s * 1.5;
    figure_open_block(f, "band");
    figure_add(f, "%.9g %.9g %.9g\n%.9g %.9g %.9g\n", low, 0.9 * low, 1.1 * low, high, 0.9 * high,
               1.1 * high);
    figure_close_block(f);
}

static double family_error(const struct picture *p, int family, size_t *n)
{
    double sum = 0;
    *n = 0;
    for (size_t i = 0; i < p->cases->count; i++) {
        if (!compared(p, i) || family_of(p, i) != family)
            continue;
        sum += fabs(case_step_error(&p->cases->items[i], &p->predictions[i]));
        ++*n;
    }
    return *n > 0 ? sum / (double)*n : 0;
}

static void add_family_tics(struct figure *f, const struct picture *p)
{
    figure_open_tics(f, p->families > 16 ? "set ytics scale 0 font ',9'"
                                         : "set ytics scale 0 font ',11'");
    for (int k = 0; k < p->families; k++) {
        struct text words = {0};
        size_t n;
        double error = family_error(p, k, &n);
        text_addf(&words, "%.30s (%zu runs, %.1f %%)", p->family[k], n, 100 * error);
        figure_tic(f, text_string(&words), k);
        text_free(&words);
    }
    figure_close_tics(f);
}

static void add_scatter(struct figure *f, const struct picture *p)
{
    figure_set(f, "set xlabel", "measured step time, s");
    figure_set(f, "set ylabel", "predicted step time, s");
    figure_add(f,
               "set multiplot\nset logscale xy\nset xrange [%.9g:%.9g]\nset yrange "
               "[%.9g:%.9g]\nset lmargin at screen 0.09\nset rmargin at screen 0.475\n"
               "set bmargin at screen 0.2\nset tmargin at screen 0.85\nset format '%%g'\n"
               "set key at screen 0.28,0.075 center top horizontal Left reverse samplen 2 font "
               "',12'\n"
               "plot $band using 1:2:3 with filledcurves lc rgb '#e5e5e5' title '10 %% band', "
               "$band using 1:1 with lines lw 1.2 lc rgb '%s' title 'equal', $runs using 1:2 "
               "with points pt 7 ps 0.45 lc rgb '#0072b2' title 'a run'\n",
               p->low_s / 1.5, p->high_s * 1.5, p->low_s / 1.5, p->high_s * 1.5, figure_ink);
}

static double worst_error(const struct picture *p)
{
    double worst = 0;
    for (size_t i = 0; i < p->cases->count; i++)
        if (compared(p, i))
            worst = fmax(worst, fabs(case_step_error(&p->cases->items[i], &p->predictions[i])));
    return worst;
}

static void add_strips(struct figure *f, const struct picture *p)
{
    char words[64] = "error of the prediction, %";
    if (worst_error(p) > edge_frac)
        c_locale_format(words, sizeof words, "error, %% (beyond %.0f: at the edge)",
                        100 * edge_frac);
    figure_set(f, "set xlabel", words);
    figure_add(f,
               "unset label\nunset logscale\nunset ylabel\nset key off\n"
               "set xrange [%g:%g]\nset yrange [%g:-0.6]\nset lmargin at screen 0.755\n"
               "set rmargin at screen 0.98\nset border 1\nunset grid\nset grid x\n"
               "set format x '%%g'\nset xtics 30\n"
               "set object 1 rectangle from -10,graph 0 to 10,graph 1 back fc rgb '#e5e5e5' fs "
               "solid 1 noborder\n",
               -100 * edge_frac, 100 * edge_frac, p->families - 0.4);
    add_family_tics(f, p);
    figure_add(f, "plot $runs using 3:4 with points pt 7 ps 0.35 lc rgb '#0072b2'\n"
                  "unset multiplot\n");
}

enum status plot_validation(struct figure *f, const struct cases *cases,
                            const struct prediction *predictions, bool left_out, struct error *e)
{
    struct picture p = {.cases = cases, .predictions = predictions, .low_s = HUGE_VAL, .high_s = 0};
    struct validation all;
    struct text title = {0}, remark = {0};
    survey(&p);
    if (p.families == 0)
        return error_set(e, STATUS_NO, "no case has a measured step time and a prediction");
    if (validation_summarise(cases, predictions, NULL, &all, e) != STATUS_OK)
        return e->status;
    text_addf(&title, "Predicted against measured: %zu runs, mean absolute error %.1f %%",
              all.step.n, 100 * all.step.mape);
    text_addf(&remark, "median %.1f %%, 90 %% of the runs within %.1f %%; %s",
              100 * all.step.median, 100 * all.step.p90,
              left_out ? "every run predicted by constants fitted without it"
                       : "each run by the shipped constants of its stack");
    add_data(f, &p);
    figure_title(f, text_string(&title), text_string(&remark));
    add_blocks(f, &p);
    add_scatter(f, &p);
    add_strips(f, &p);
    text_free(&title);
    text_free(&remark);
    return STATUS_OK;
}
