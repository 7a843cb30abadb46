#include "base/c_locale.h"
#include "calibrate/alpha_beta.h"
#include "reports/csv.h"
#include "reports/format.h"
#include "reports/plot/samples.h"
#include <math.h>
#include <stdlib.h>

enum { SERIES_MAX = 8 };
/* Residuals beyond are drawn at the edge. */
static const double edge_frac = 0.6;

/* Samples of one collective on one group, by size. */
struct series {
    enum collective op;
    double ranks, ranks_per_node;
    size_t n, first; /* in the arrays below */
    struct linear_cost fit;
    double fit_error, forecast_error;
};

struct curves {
    const struct samples_picture *picture;
    int count;
    bool more; /* than are drawn */
    struct series series[SERIES_MAX];
    double *bytes, *time_s, *forecast_s;
};

static bool drawable(const struct samples_picture *p, size_t i)
{
    return p->samples->items[i].kind == SAMPLE_COLLECTIVE && !p->predictions[i].skipped;
}

static bool belongs(const struct series *s, const struct collective_shape *c)
{
    return s->op == c->op && s->ranks == c->ranks && s->ranks_per_node == c->ranks_per_node;
}

static void find_series(struct curves *c)
{
    const struct samples_picture *p = c->picture;
    for (size_t i = 0; i < p->samples->count; i++) {
        const struct collective_shape *shape = &p->samples->items[i].collective;
        int k = 0;
        while (k < c->count && !belongs(&c->series[k], shape))
            k++;
        if (!drawable(p, i) || k < c->count)
            continue;
        if (c->count == SERIES_MAX)
            c->more = true;
        else
            c->series[c->count++] = (struct series){
                .op = shape->op, .ranks = shape->ranks, .ranks_per_node = shape->ranks_per_node};
    }
}

/* Insertion by size: samples come nearly sorted. */
static void take_rows(struct curves *c, struct series *s)
{
    const struct samples_picture *p = c->picture;
    for (size_t i = 0; i < p->samples->count; i++) {
        const struct sample *sample = &p->samples->items[i];
        if (!drawable(p, i) || !belongs(s, &sample->collective))
            continue;
        size_t k = s->first + s->n++;
        for (; k > s->first && c->bytes[k - 1] > sample->collective.bytes; k--) {
            c->bytes[k] = c->bytes[k - 1];
            c->time_s[k] = c->time_s[k - 1];
            c->forecast_s[k] = c->forecast_s[k - 1];
        }
        c->bytes[k] = sample->collective.bytes;
        c->time_s[k] = sample->time_s;
        c->forecast_s[k] = p->predictions[i].time_s;
    }
}

static void fit_series(struct curves *c, struct series *s)
{
    const double *bytes = c->bytes + s->first, *time_s = c->time_s + s->first;
    s->fit = alpha_beta_fit(bytes, time_s, s->n);
    s->fit_error = alpha_beta_error(s->fit, bytes, time_s, s->n);
    for (size_t i = 0; i < s->n; i++)
        s->forecast_error += fabs(c->forecast_s[s->first + i] / time_s[i] - 1) / (double)s->n;
}

static enum status find_curves(struct curves *c, struct error *e)
{
    size_t n = c->picture->samples->count + 1, at = 0;
    c->bytes = calloc(n, sizeof *c->bytes);
    c->time_s = calloc(n, sizeof *c->time_s);
    c->forecast_s = calloc(n, sizeof *c->forecast_s);
    if (!c->bytes || !c->time_s || !c->forecast_s)
        return error_set(e, STATUS_IO, "out of memory");
    find_series(c);
    for (int k = 0; k < c->count; k++) {
        c->series[k].first = at;
        take_rows(c, &c->series[k]);
        fit_series(c, &c->series[k]);
        at += c->series[k].n;
    }
    if (c->count == 0)
        return error_set(e, STATUS_NO, "no collective among the samples can be forecast");
    return STATUS_OK;
}

static void add_data(struct figure *f, const struct curves *c)
{
    text_add(&f->data, "op,ranks,ranks_per_node,bytes,measured_time_s,forecast_time_s,"
                       "alpha_beta_time_s,error_frac\n");
    for (int k = 0; k < c->count; k++) {
        const struct series *s = &c->series[k];
        for (size_t i = s->first; i < s->first + s->n; i++) {
            csv_text(&f->data, collective_names[s->op]);
            const double numbers[] = {s->ranks,
                                      s->ranks_per_node,
                                      c->bytes[i],
                                      c->time_s[i],
                                      c->forecast_s[i],
                                      linear_cost_at(s->fit, c->bytes[i]),
                                      c->forecast_s[i] / c->time_s[i] - 1};
            for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
                csv_number(&f->data, numbers[j]);
            csv_end(&f->data);
        }
    }
}

static double clipped(double error_frac)
{
    return 100 * fmax(-edge_frac, fmin(edge_frac, error_frac));
}

static void add_blocks(struct figure *f, const struct curves *c)
{
    for (int k = 0; k < c->count; k++) {
        const struct series *s = &c->series[k];
        char name[16];
        c_locale_format(name, sizeof name, "s%d", k);
        figure_open_block(f, name);
        for (size_t i = s->first; i < s->first + s->n; i++) {
            double line_s = linear_cost_at(s->fit, c->bytes[i]);
            figure_add(f, "%.9g %.9g %.9g %.9g %.9g %.9g\n", c->bytes[i], 1e6 * c->time_s[i],
                       1e6 * c->forecast_s[i], 1e6 * line_s,
                       clipped(c->forecast_s[i] / c->time_s[i] - 1),
                       clipped(line_s / c->time_s[i] - 1));
        }
        figure_close_block(f);
    }
}

/* Two lines a series, outside the data: what it is, and its alpha and beta. */
static void add_legend(struct figure *f, const struct curves *c)
{
    for (int k = 0; k < c->count; k++) {
        const struct series *s = &c->series[k];
        struct text words = {0}, scratch = {0};
        double y = 0.84 - 0.088 * k;
        text_addf(&words, "%s, %.0f ranks", collective_names[s->op], s->ranks);
        if (s->ranks_per_node > 0 && s->ranks_per_node < s->ranks)
            text_addf(&words, ", %.0f a node", s->ranks_per_node);
        text_addf(&words, "\nalpha %s, ", format_unit(&scratch, s->fit.alpha_s, UNIT_SECONDS, 3));
        text_addf(&words, "1/beta %s",
                  s->fit.beta_s_per_byte > 0
                      ? format_unit(&scratch, 1 / s->fit.beta_s_per_byte, UNIT_BYTES_PER_S, 3)
                      : "-");
        text_addf(&words, "\nline off by %.0f %%, forecast by %.1f %%", 100 * s->fit_error,
                  100 * s->forecast_error);
        figure_add(f, "set label '' at screen 0.735,%.4f point pt %d ps 0.9 lc rgb '%s' front\n", y,
                   5 + 2 * (k % 2), figure_hue[k % FIGURE_HUES]);
        figure_label(f, text_string(&words), "at screen 0.75,%.4f left font ',11' front", y);
        text_free(&words);
        text_free(&scratch);
    }
}

static void add_times(struct figure *f, const struct curves *c)
{
    const char *before = "plot ";
    for (int k = 0; k < c->count; k++) {
        const char *colour = figure_hue[k % FIGURE_HUES];
        figure_add(f,
                   "%s$s%d using 1:3 with lines lw 1.8 lc rgb '%s', $s%d using 1:4 with lines lw "
                   "0.9 dt 2 lc rgb '%s', $s%d using 1:2 with points pt %d ps 0.55 lc rgb '%s'",
                   before, k, colour, k, colour, k, 5 + 2 * (k % 2), colour);
        before = ", ";
    }
    figure_add(f, "\n");
}

static void add_residuals(struct figure *f, const struct curves *c)
{
    const char *before = "plot ";
    for (int k = 0; k < c->count; k++) {
        const char *colour = figure_hue[k % FIGURE_HUES];
        figure_add(f,
                   "%s$s%d using 1:5 with linespoints lw 0.8 pt %d ps 0.4 lc rgb '%s', $s%d using "
                   "1:6 with points pt %d ps 0.4 lc rgb '%s'",
                   before, k, 5 + 2 * (k % 2), colour, k, 4 + 2 * (k % 2), colour);
        before = ", ";
    }
    figure_add(f, "\n");
}

static void draw(struct figure *f, const struct curves *c)
{
    struct text title = {0};
    text_addf(&title, "Collectives on %s: time over size, measured and forecast",
              c->picture->system->name[0] ? c->picture->system->name
                                          : c->picture->system->gpu.name);
    figure_title(f, text_string(&title),
                 c->more
                     ? "points: measured; solid: forecast; dashed: alpha + beta x (hollow in the "
                       "residuals); the first groups of the files"
                     : "points: measured; solid: forecast; dashed: alpha + beta x (hollow in the "
                       "residuals)");
    add_blocks(f, c);
    add_legend(f, c);
    figure_set(f, "set ylabel", "time, us");
    figure_add(
        f, "set multiplot\nset logscale xy\nset format y '%%g'\n"
           "set xtics ('' 1024, '' 32768, '' 1048576, '' 33554432, '' 1073741824, '' 34359738368)\n"
           "set lmargin at screen 0.095\nset rmargin at screen 0.715\nset tmargin at screen "
           "0.86\nset bmargin at screen 0.42\nset key off\n");
    add_times(f, c);
    figure_set(f, "set xlabel", "size as nccl-tests counts it, bytes");
    figure_set(f, "set ylabel", "residual, %");
    figure_add(f,
               "unset label\nunset logscale y\nset yrange [%g:%g]\nset ytics 30\n"
               "set xtics ('1 KiB' 1024, '32 KiB' 32768, '1 MiB' 1048576, '32 MiB' 33554432, "
               "'1 GiB' 1073741824, '32 GiB' 34359738368)\nset format y '%%g'\n"
               "set tmargin at screen 0.37\nset "
               "bmargin at screen 0.14\nset object 1 rectangle from graph 0,first -10 to graph "
               "1,first 10 behind fc rgb '#e5e5e5' fs solid 1 noborder\n",
               -100 * edge_frac, 100 * edge_frac);
    add_residuals(f, c);
    figure_add(f, "unset multiplot\n");
    text_free(&title);
}

enum status plot_collective(struct figure *f, const struct samples_picture *picture,
                            struct error *e)
{
    struct curves *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(e, STATUS_IO, "out of memory");
    c->picture = picture;
    if (find_curves(c, e) == STATUS_OK) {
        add_data(f, c);
        draw(f, c);
    }
    free(c->bytes);
    free(c->time_s);
    free(c->forecast_s);
    free(c);
    return e->status;
}
