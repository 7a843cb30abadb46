#ifndef REPORTS_PLOT_WORDS_H
#define REPORTS_PLOT_WORDS_H
#include "parallelism/step.h"
#include "reports/plot/figure.h"

/* Words that several figures share. */

/* A strategy on two short lines: "tp 4, pp 4, vpp 7,\ndp 32, mb 1, ZeRO 1". */
void plot_strategy_words(const struct strategy *s, struct text *out);

/* Title, and under it what was asked: model, GPUs, batch, precision. */
void plot_title(struct figure *f, const char *title, const struct scenario *scenario);

/* The same with a remark after it. */
void plot_title_with(struct figure *f, const char *title, const struct scenario *scenario,
                     const char *remark);

#endif
