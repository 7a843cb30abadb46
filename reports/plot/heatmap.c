#include "reports/plot/heatmap.h"
#include "base/c_locale.h"
#include "reports/csv.h"
#include "reports/plot/words.h"
#include <math.h>

/* From dark (fast) to light (slow), one hue: order survives printing in grey, and the fastest cells
 * are what the eye should find. ColorBrewer's Blues. */
static const char *const shades[] = {"#08306b", "#08519c", "#2171b5", "#4292c6",
                                     "#6baed6", "#9ecae1", "#c6dbef", "#deebf7"};
enum { SHADES = sizeof shades / sizeof *shades };
/* A strategy this much slower than the best takes the lightest shade. */
static const double slowest_frac = 1.0;

static void value_words(enum search_dimension d, int value, struct text *out)
{
    struct strategy s;
    strategy_default(&s);
    search_dimension_set(&s, d, value);
    field_get(search_dimension_field(d), &s, out);
}

static double best_s(const struct strategy_grid *g)
{
    double best = HUGE_VAL;
    for (int r = 0; r < g->rows; r++)
        for (int c = 0; c < g->columns; c++)
            if (g->cell[r][c].state == GRID_FITS)
                best = fmin(best, g->cell[r][c].best.cost.step_s);
    return best;
}

static void add_data(struct figure *f, const struct strategy_grid *g)
{
    static const char *const states[] = {"illegal", "does not fit", "fits"};
    csv_text(&f->data, search_dimension_names[g->x]);
    csv_text(&f->data, search_dimension_names[g->y]);
    text_add(&f->data, "state,step_time_s,strategy\n");
    for (int i = 0; i < g->rows * g->columns; i++) {
        int r = i / g->columns, c = i % g->columns;
        const struct grid_cell *cell = &g->cell[r][c];
        struct text words = {0};
        value_words(g->x, g->x_value[c], &words);
        csv_text(&f->data, text_string(&words));
        text_clear(&words);
        value_words(g->y, g->y_value[r], &words);
        csv_text(&f->data, text_string(&words));
        text_clear(&words);
        bool fits = cell->state == GRID_FITS;
        csv_text(&f->data, states[cell->state]);
        csv_number(&f->data, fits ? cell->best.cost.step_s : (double)NAN);
        if (fits)
            strategy_describe(&cell->best.strategy, &words);
        csv_text(&f->data, text_string(&words));
        csv_end(&f->data);
        text_free(&words);
    }
}

static int shade_of(double slower_frac)
{
    int i = (int)(slower_frac / slowest_frac * (SHADES - 1) + 0.5);
    return i < 0 ? 0 : i >= SHADES ? SHADES - 1 : i;
}

static void add_cells(struct figure *f, const struct strategy_grid *g,
                      const struct figure_unit *unit, double best)
{
    for (int i = 0; i < g->rows * g->columns; i++) {
        int r = i / g->columns, c = i % g->columns;
        const struct grid_cell *cell = &g->cell[r][c];
        const char *colour = "#ffffff", *style = "solid 1 border lc rgb '#d9d9d9'";
        char words[32] = "";
        if (cell->state == GRID_FITS) {
            colour = shades[shade_of(cell->best.cost.step_s / best - 1)];
            style = "solid 1 border lc rgb '#ffffff'";
            c_locale_format(words, sizeof words, "%.4g", cell->best.cost.step_s / unit->factor);
        } else if (cell->state == GRID_DOES_NOT_FIT) {
            colour = "#8c8c8c";
            style = "pattern 5 border lc rgb '#8c8c8c'";
        }
        figure_add(f, "set object %d rectangle from first %g,%g to %g,%g fc rgb '%s' fs %s\n",
                   i + 1, c - 0.5, r - 0.5, c + 0.5, r + 0.5, colour, style);
        if (cell->state == GRID_FITS && cell->best.cost.step_s <= best)
            figure_add(
                f,
                "set object 800 rectangle from first %g,%g to %g,%g front fs empty border lc "
                "rgb '#d55e00' lw 3\n",
                c - 0.48, r - 0.47, c + 0.48, r + 0.47);
        if (words[0])
            figure_label(f, words, "at first %d,%d center font ',%d' tc rgb '%s' front", c, r,
                         g->columns > 9 ? 11 : 13, figure_text_on(colour));
    }
}

static void add_tics(struct figure *f, const char *axis, enum search_dimension d, const int *values,
                     int n)
{
    figure_open_tics(f, axis);
    for (int i = 0; i < n; i++) {
        struct text words = {0};
        value_words(d, values[i], &words);
        figure_tic(f, text_string(&words), i);
        text_free(&words);
    }
    figure_close_tics(f);
}

/* Letters of the longest word beside the rows. */
static double longest_tic(const struct strategy_grid *g)
{
    size_t most = 0;
    for (int r = 0; r < g->rows; r++) {
        struct text words = {0};
        value_words(g->y, g->y_value[r], &words);
        most = words.length > most ? words.length : most;
        text_free(&words);
    }
    return most < 16 ? (double)most : 16;
}

/* A legend of our own: shades by how much slower, hatching, blank. */
static void add_legend(struct figure *f)
{
    static const double steps[] = {0, 0.1, 0.25, 0.5, 0.75, 1};
    int n = sizeof steps / sizeof *steps;
    double y = 0.78;
    figure_label(f, "slower than the best", "at screen 0.795,0.83 left font ',12' front");
    for (int i = 0; i < n + 2; i++, y -= 0.055) {
        char words[32] = "does not fit";
        const char *colour = "#8c8c8c", *style = "pattern 5 border lc rgb '#8c8c8c'";
        if (i < n) {
            c_locale_format(words, sizeof words,
                            i == 0       ? "not, or hardly"
                            : i == n - 1 ? "100 %% and more"
                                         : "about %.0f %%",
                            100 * steps[i]);
            colour = shades[shade_of(steps[i])];
            style = "solid 1 noborder";
        } else if (i > n) {
            c_locale_format(words, sizeof words, "not legal");
            colour = "#ffffff";
            style = "solid 1 border lc rgb '#d9d9d9'";
        }
        figure_add(f,
                   "set object %d rectangle from screen 0.795,%.4f to screen 0.825,%.4f fc rgb "
                   "'%s' fs %s\n",
                   900 + i, y - 0.02, y + 0.02, colour, style);
        figure_label(f, words, "at screen 0.835,%.4f left font ',12' front", y);
    }
}

void plot_heatmap(struct figure *f, const struct scenario *scenario, const struct strategy_grid *g)
{
    double best = best_s(g);
    struct figure_unit unit = figure_unit_of(isfinite(best) ? best : 1);
    char words[128];
    add_data(f, g);
    c_locale_format(words, sizeof words,
                    "Step time in %s over %s and %s, everything else optimised", unit.name,
                    search_dimension_names[g->x], search_dimension_names[g->y]);
    plot_title(f, words, scenario);
    add_cells(f, g, &unit, best);
    add_tics(f, "set xtics scale 0", g->x, g->x_value, g->columns);
    add_tics(f, "set ytics scale 0", g->y, g->y_value, g->rows);
    add_legend(f);
    figure_set(f, "set xlabel", search_dimension_names[g->x]);
    figure_set(f, "set ylabel", search_dimension_names[g->y]);
    figure_add(f,
               "set xrange [-0.5:%g]\nset yrange [-0.5:%g]\nunset grid\nset border 0\n"
               "set lmargin at screen %g\nset rmargin at screen 0.77\nset bmargin at screen "
               "0.14\nplot NaN\n",
               g->columns - 0.5, g->rows - 0.5, 0.06 + 0.011 * longest_tic(g));
}
