#ifndef CLI_PLOT_DRAW_H
#define CLI_PLOT_DRAW_H
#include "cli/plot.h"

/* One function a kind of figure: computes what it shows and draws it into work->figure. */
enum status draw_breakdown(struct plot_work *work, struct error *e);
enum status draw_memory(struct plot_work *work, struct error *e);
enum status draw_roofline(struct plot_work *work, struct error *e);
enum status draw_scaling(struct plot_work *work, struct error *e);
enum status draw_pareto(struct plot_work *work, struct error *e);
enum status draw_sweep(struct plot_work *work, struct error *e);
enum status draw_heatmap(struct plot_work *work, struct error *e);
enum status draw_timeline(struct plot_work *work, struct error *e);
enum status draw_tornado(struct plot_work *work, struct error *e);
enum status draw_collective(struct plot_work *work, struct error *e);
enum status draw_gemm(struct plot_work *work, struct error *e);
enum status draw_validation(struct plot_work *work, struct error *e);

#endif
