#include "reports/plot/breakdown.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"

enum { BARS_MAX = 8 };
/* Parts below this share of the longest bar carry no number. */
static const double labelled_frac = 0.045;

static void add_data(struct figure *f, const struct ranked *results, int count)
{
    text_add(&f->data, "rank,strategy,step_time_s,");
    for (int t = 0; t < TERMS; t++)
        text_addf(&f->data, "%s_s,", term_names[t]);
    csv_end(&f->data);
    for (int i = 0; i < count; i++) {
        struct text words = {0};
        strategy_describe(&results[i].strategy, &words);
        csv_number(&f->data, i + 1);
        csv_text(&f->data, text_string(&words));
        csv_number(&f->data, results[i].cost.step_s);
        for (int t = 0; t < TERMS; t++)
            csv_number(&f->data, results[i].cost.term_s[t]);
        csv_end(&f->data);
        text_free(&words);
    }
}

static bool term_shows(const struct ranked *results, int count, int term)
{
    for (int i = 0; i < count; i++)
        if (results[i].cost.term_s[term] > 1e-4 * results[i].cost.step_s)
            return true;
    return false;
}

static double longest_s(const struct ranked *results, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = results[i].cost.step_s > most ? results[i].cost.step_s : most;
    return most;
}

/* The rectangles of one term: where each bar's part starts and ends. */
static void add_block(struct figure *f, const struct ranked *results, int count, int term,
                      double factor)
{
    char name[16];
    c_locale_format(name, sizeof name, "term%d", term);
    figure_open_block(f, name);
    for (int i = 0; i < count; i++) {
        double from = 0;
        for (int t = 0; t < term; t++)
            from += results[i].cost.term_s[t];
        figure_add(f, "%d %.9g %.9g\n", i, from / factor,
                   (from + results[i].cost.term_s[term]) / factor);
    }
    figure_close_block(f);
}

/* The number of a part, on the part. */
static void label_parts(struct figure *f, const struct step_cost *cost, int bar, double most_s,
                        double factor)
{
    double from = 0;
    for (int t = 0; t < TERMS; t++) {
        char words[24];
        double part = cost->term_s[t];
        c_locale_format(words, sizeof words, "%.0f %%", 100 * part / cost->step_s);
        if (part > labelled_frac * most_s)
            figure_label(f, words, "at first %.9g,%d center font ',11' tc rgb '%s' front",
                         (from + part / 2) / factor, bar, figure_text_on(figure_term_colour(t)));
        from += part;
    }
}

static void label_bars(struct figure *f, const struct scenario *scenario,
                       const struct ranked *results, int count, const struct figure_unit *unit)
{
    double most_s = longest_s(results, count);
    figure_open_tics(f, "set ytics scale 0 font ',11'");
    for (int i = 0; i < count; i++) {
        struct text words = {0};
        plot_strategy_words(&results[i].strategy, &words);
        figure_tic(f, text_string(&words), i);
        text_free(&words);
    }
    figure_close_tics(f);
    for (int i = 0; i < count; i++) {
        const struct step_cost *cost = &results[i].cost;
        char words[64];
        c_locale_format(words, sizeof words, "%.4g %s\nMFU %.1f %%", cost->step_s / unit->factor,
                        unit->name, 100 * step_mfu(scenario, cost));
        figure_label(f, words, "at first %.9g,%d left offset character 0.6,0.4 font ',12' front",
                     cost->step_s / unit->factor, i);
        label_parts(f, cost, i, most_s, unit->factor);
    }
}

static void add_plot(struct figure *f, const struct ranked *results, int count)
{
    const char *before = "plot ";
    for (int t = 0; t < TERMS; t++) {
        struct text name = {0};
        if (!term_shows(results, count, t))
            continue;
        figure_term_name(t, &name);
        figure_add(f,
                   "%s$term%d using (($2+$3)/2):1:2:3:($1-0.34):($1+0.34) with boxxyerror lc rgb "
                   "'%s' title ",
                   before, t, figure_term_colour(t));
        figure_quote(&f->script, text_string(&name));
        before = ", ";
        text_free(&name);
    }
    text_add(&f->script, "\n");
}

void plot_breakdown(struct figure *f, const struct scenario *scenario, const struct ranked *results,
                    int count)
{
    int bars = count < BARS_MAX ? count : BARS_MAX;
    double most_s = longest_s(results, bars);
    struct figure_unit unit = figure_unit_of(most_s);
    struct text axis = {0}, title = {0};
    add_data(f, results, count);
    text_add(&title, "Where the step time goes");
    if (bars > 1)
        text_add(&title, ": the ");
    if (bars < count)
        text_addf(&title, "%d ", bars);
    if (bars > 1)
        text_add(&title, "fastest strategies side by side");
    plot_title(f, text_string(&title), scenario);
    for (int t = 0; t < TERMS; t++)
        if (term_shows(results, bars, t))
            add_block(f, results, bars, t, unit.factor);
    text_addf(&axis, "step time, %s", unit.name);
    figure_set(f, "set xlabel", text_string(&axis));
    figure_add(f, "set xrange [0:%.9g]\nset yrange [%g:-0.6]\n", 1.15 * most_s / unit.factor,
               bars - 0.4);
    figure_add(f,
               "set lmargin at screen 0.245\nset rmargin at screen 0.985\n"
               "set bmargin at screen 0.27\nunset grid\nset grid x\nset border 1\n"
               "set key at screen 0.5,0.145 center top vertical Left reverse maxrows 3 samplen 1.5 "
               "width 1 font ',12'\n");
    label_bars(f, scenario, results, bars, &unit);
    add_plot(f, results, bars);
    text_free(&title);
    text_free(&axis);
}
