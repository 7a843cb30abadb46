#include "base/c_locale.h"
#include "hardware/roofline.h"
#include "reports/csv.h"
#include "reports/plot/samples.h"
#include <math.h>

/* Residuals beyond are drawn at the edge. */
static const double edge_frac = 0.6;

static bool drawable(const struct samples_picture *p, size_t i)
{
    const struct sample *s = &p->samples->items[i];
    return s->kind == SAMPLE_GEMM && !p->predictions[i].skipped &&
           p->system->gpu.peak_flop_per_s[s->dtype] > 0;
}

static double efficiency(const struct samples_picture *p, size_t i, double time_s)
{
    const struct sample *s = &p->samples->items[i];
    return gemm_flop(&s->gemm) / time_s / p->system->gpu.peak_flop_per_s[s->dtype];
}

static void add_data(struct figure *f, const struct samples_picture *p)
{
    text_add(&f->data, "dtype,m,n,k,flop,measured_time_s,fitted_time_s,measured_peak_frac,"
                       "fitted_peak_frac,error_frac\n");
    for (size_t i = 0; i < p->samples->count; i++) {
        const struct sample *s = &p->samples->items[i];
        double fitted_s = p->predictions[i].time_s;
        if (!drawable(p, i))
            continue;
        csv_text(&f->data, dtype_names[s->dtype]);
        const double numbers[] = {s->gemm.m,
                                  s->gemm.n,
                                  s->gemm.k,
                                  gemm_flop(&s->gemm),
                                  s->time_s,
                                  fitted_s,
                                  efficiency(p, i, s->time_s),
                                  efficiency(p, i, fitted_s),
                                  fitted_s / s->time_s - 1};
        for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++)
            csv_number(&f->data, numbers[k]);
        csv_end(&f->data);
    }
}

static bool has_dtype(const struct samples_picture *p, enum dtype dtype)
{
    for (size_t i = 0; i < p->samples->count; i++)
        if (drawable(p, i) && p->samples->items[i].dtype == dtype)
            return true;
    return false;
}

/* FLOP, measured and fitted share of the peak, residual: all in percent. */
static void add_block(struct figure *f, const struct samples_picture *p, enum dtype dtype)
{
    char name[24];
    c_locale_format(name, sizeof name, "dtype%d", (int)dtype);
    figure_open_block(f, name);
    for (size_t i = 0; i < p->samples->count; i++) {
        const struct sample *s = &p->samples->items[i];
        double fitted_s = p->predictions[i].time_s;
        if (drawable(p, i) && s->dtype == dtype)
            figure_add(f, "%.6g %.6g %.6g %.6g\n", gemm_flop(&s->gemm),
                       100 * efficiency(p, i, s->time_s), 100 * efficiency(p, i, fitted_s),
                       100 * fmax(-edge_frac, fmin(edge_frac, fitted_s / s->time_s - 1)));
    }
    figure_close_block(f);
}

static double mean_error(const struct samples_picture *p, size_t *n)
{
    double sum = 0;
    *n = 0;
    for (size_t i = 0; i < p->samples->count; i++) {
        if (!drawable(p, i))
            continue;
        sum += fabs(p->predictions[i].time_s / p->samples->items[i].time_s - 1);
        ++*n;
    }
    return *n > 0 ? sum / (double)*n : 0;
}

/* Fitted points lie below, in grey: what shows of them is where they miss. */
static void add_efficiency(struct figure *f, const struct samples_picture *p)
{
    const char *before = "plot ", *title = "fitted";
    int hue = 0;
    for (int d = 0; d < DTYPES; d++) {
        if (!has_dtype(p, (enum dtype)d))
            continue;
        figure_add(f, "%s$dtype%d using 1:3 with points pt 5 ps 0.35 lc rgb '#a6a6a6' title '%s'",
                   before, d, title);
        before = ", ";
        title = "";
    }
    for (int d = 0; d < DTYPES; d++)
        if (has_dtype(p, (enum dtype)d))
            figure_add(f,
                       ", $dtype%d using 1:2 with points pt 7 ps 0.25 lc rgb '%s' title '%s, "
                       "measured'",
                       d, figure_hue[hue++ % FIGURE_HUES], dtype_names[d]);
    figure_add(f, "\n");
}

static void add_residuals(struct figure *f, const struct samples_picture *p)
{
    const char *before = "plot ";
    int hue = 0;
    for (int d = 0; d < DTYPES; d++) {
        if (!has_dtype(p, (enum dtype)d))
            continue;
        figure_add(f, "%s$dtype%d using 1:4 with points pt 7 ps 0.25 lc rgb '%s'", before, d,
                   figure_hue[hue++ % FIGURE_HUES]);
        before = ", ";
    }
    figure_add(f, "\n");
}

enum status plot_gemm(struct figure *f, const struct samples_picture *p, struct error *e)
{
    struct text title = {0}, remark = {0};
    size_t n;
    double error = mean_error(p, &n);
    if (n == 0)
        return error_set(e, STATUS_NO, "no matrix product among the samples can be forecast");
    add_data(f, p);
    text_addf(&title, "Matrix products on %s: %zu shapes, mean absolute error of the fit %.1f %%",
              p->system->gpu.name, n, 100 * error);
    text_addf(&remark, "share of the datasheet's dense peak over the size of the product");
    figure_title(f, text_string(&title), text_string(&remark));
    for (int d = 0; d < DTYPES; d++)
        if (has_dtype(p, (enum dtype)d))
            add_block(f, p, (enum dtype)d);
    figure_set(f, "set xlabel", "work of the product");
    figure_set(f, "set ylabel", "of the peak, %");
    figure_add(
        f,
        "set multiplot\nset logscale x\nset xtics ('1 kFLOP' 1e3, '1 MFLOP' 1e6, '1 GFLOP' 1e9, "
        "'1 TFLOP' 1e12, '1 PFLOP' 1e15) font ',11'\nset yrange [0:*]\n"
        "set lmargin at screen 0.08\nset rmargin at screen 0.485\nset bmargin at screen "
        "0.21\nset tmargin at screen 0.85\n"
        "set key at screen 0.5,0.085 center top vertical maxrows 2 Left reverse samplen 1 width 1 "
        "font ',12'\n");
    add_efficiency(f, p);
    figure_set(f, "set ylabel", "fitted over measured time, less 1, %");
    figure_add(f,
               "unset label\nset key off\nset yrange [%g:%g]\nset lmargin at screen 0.58\n"
               "set rmargin at screen 0.97\nset object 1 rectangle from graph 0,first -10 to "
               "graph 1,first 10 behind fc rgb '#e5e5e5' fs solid 1 noborder\n",
               -100 * edge_frac, 100 * edge_frac);
    add_residuals(f, p);
    figure_add(f, "unset multiplot\n");
    text_free(&title);
    text_free(&remark);
    return STATUS_OK;
}
