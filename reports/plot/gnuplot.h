#ifndef REPORTS_PLOT_GNUPLOT_H
#define REPORTS_PLOT_GNUPLOT_H
#include "base/text.h"

/* Runs a script through gnuplot, its picture appended to `out`. The script goes through a pipe, the
 * picture comes through one; no shell, no file, no settings of the user. STATUS_IO: gnuplot is not
 * installed (gnuplot_missing is true then), or it refused the script. */
enum status gnuplot_draw(const struct text *script, struct text *out, struct error *e);

/* True after gnuplot_draw failed because there is no gnuplot. */
bool gnuplot_missing(const struct error *e);

#endif
