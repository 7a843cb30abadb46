#ifndef CLI_PLOT_FACTS_H
#define CLI_PLOT_FACTS_H
#include "cli/plot.h"

/* What several figures show: each computes it when it is first asked for, and finds it there when
 * it is asked again. */

/* Strategies around a Pareto front. */
enum { PLOT_CLOUD = 400 };
/* The ends of sensitivities. */
extern const double plot_range_frac;

/* The fastest `top` strategies, of a first call that may ask for more; STATUS_NO when nothing fits.
 */
enum status plot_search(struct plot_work *work, int top, struct error *e);

/* Sensitivities of the fastest strategy. */
enum status plot_sensitivities(struct plot_work *work, struct error *e);

/* An eighth of the GPUs to four times as many: with the same batch, and with one that grows. */
enum status plot_scaling_strong(struct plot_work *work, struct error *e);
enum status plot_scaling_weak(struct plot_work *work, struct error *e);

/* The scenario swept over axes, borrowed, with the progress that the command shows. */
struct sweep_request plot_sweep_request(struct plot_work *work, const struct axis *axes, int count);

void plot_work_free(struct plot_work *work);

#endif
