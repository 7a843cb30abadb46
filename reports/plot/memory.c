#include "reports/plot/memory.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"

static const double gib = 1073741824;
/* Parts below this share of the axis carry no number. */
static const double labelled_frac = 0.05;

static void add_data(struct figure *f, const struct stage_memory *m)
{
    text_add(&f->data, "stage,");
    for (int k = 0; k < MEMORY_KINDS; k++)
        text_addf(&f->data, "%s_bytes,", memory_kind_names[k]);
    text_add(&f->data, "total_bytes,capacity_bytes\n");
    for (int r = 0; r < m->ranks; r++) {
        csv_number(&f->data, r);
        for (int k = 0; k < MEMORY_KINDS; k++)
            csv_number(&f->data, m->bytes[r][k]);
        csv_number(&f->data, m->total_bytes[r]);
        csv_number(&f->data, m->capacity_bytes);
        csv_end(&f->data);
    }
}

static void add_blocks(struct figure *f, const struct stage_memory *m)
{
    for (int k = 0; k < MEMORY_KINDS; k++) {
        char name[16];
        c_locale_format(name, sizeof name, "kind%d", k);
        figure_open_block(f, name);
        for (int r = 0; r < m->ranks; r++) {
            double from = 0;
            for (int i = 0; i < k; i++)
                from += m->bytes[r][i];
            figure_add(f, "%d %.9g %.9g\n", r, from / gib, (from + m->bytes[r][k]) / gib);
        }
        figure_close_block(f);
    }
}

/* Numbers on the parts, while the bars are wide enough for them. */
static void label_parts(struct figure *f, const struct stage_memory *m, double axis)
{
    for (int r = 0; r < m->ranks && m->ranks <= 8; r++) {
        double from = 0;
        for (int k = 0; k < MEMORY_KINDS; k++) {
            char words[24];
            double part = m->bytes[r][k] / gib;
            c_locale_format(words, sizeof words, "%.1f", part);
            if (part > labelled_frac * axis)
                figure_label(f, words, "at first %d,%.9g center font ',11' tc rgb '%s' front", r,
                             from + part / 2, figure_text_on(figure_memory_colour(k)));
            from += part;
        }
    }
    for (int r = 0; r < m->ranks && m->ranks <= 16; r++) {
        char words[24];
        c_locale_format(words, sizeof words, m->ranks <= 8 ? "%.1f GiB" : "%.1f",
                        m->total_bytes[r] / gib);
        figure_label(f, words, "at first %d,graph 0.965 center font ',12' front", r);
    }
}

static void add_plot(struct figure *f, const struct stage_memory *m)
{
    const char *before = "plot ";
    for (int k = MEMORY_KINDS; k-- > 0;) {
        if (!stage_memory_has(m, k))
            continue;
        figure_add(f,
                   "%s$kind%d using 1:(($2+$3)/2):($1-0.36):($1+0.36):2:3 with boxxyerror lc rgb "
                   "'%s' title '%s'",
                   before, k, figure_memory_colour(k), memory_kind_names[k]);
        before = ", ";
    }
    figure_add(f, "\n");
}

void plot_memory(struct figure *f, const struct scenario *scenario, const struct strategy *strategy,
                 const struct stage_memory *m)
{
    double capacity = m->capacity_bytes / gib, most = capacity;
    struct text remark = {0};
    char words[96];
    for (int r = 0; r < m->ranks; r++)
        most = m->total_bytes[r] / gib > most ? m->total_bytes[r] / gib : most;
    add_data(f, m);
    text_add(&remark, "\n");
    strategy_describe(strategy, &remark);
    plot_title_with(f,
                    m->ranks > 1 ? "Memory of a GPU by pipeline stage, against what it has"
                                 : "Memory of a GPU, against what it has",
                    scenario, text_string(&remark));
    add_blocks(f, m);
    figure_set(f, "set xlabel", "pipeline stage");
    figure_set(f, "set ylabel", "memory, GiB");
    double margin = m->ranks == 1 ? 2.5 : m->ranks == 2 ? 1.2 : 0.8;
    figure_add(f, "set xrange [%g:%g]\nset yrange [0:%.9g]\nset xtics 0,%d,%d scale 0\n", -margin,
               m->ranks - 1 + margin, 1.15 * most, m->ranks > 24 ? 4 : 1, m->ranks - 1);
    figure_add(
        f, "set lmargin at screen 0.09\nset rmargin at screen 0.8\nset bmargin at screen "
           "0.14\nset tmargin at screen 0.83\nunset grid\nset grid y\n"
           "set key at screen 0.82,0.6 left top vertical Left reverse samplen 1.5 font ',12'\n");
    figure_add(f,
               "set arrow 1 from graph 0,first %.9g to graph 1,first %.9g nohead lw 2 dt 2 lc rgb "
               "'%s' front\n",
               capacity, capacity, figure_warn);
    c_locale_format(words, sizeof words, "usable: %.1f GiB", capacity);
    figure_label(f, words,
                 "at graph 1,first %.9g left offset character 0.7,0 font ',12' tc rgb '%s' front",
                 capacity, figure_warn);
    label_parts(f, m, 1.15 * most);
    add_plot(f, m);
    text_free(&remark);
}
