#ifndef CALIBRATE_RUNLOG_COMPARISON_H
#define CALIBRATE_RUNLOG_COMPARISON_H
#include "calibrate/runlog/kineto.h"
#include "calibrate/runlog/run_log.h"

/* A real run against its forecast: the difference by term, and what would explain it. */

/* Terms that a trace can tell apart. Recomputed kernels look like the first time; a pipeline's
 * transfers and its waiting are one, and so are a reduction and the wait for the slowest. */
enum compare_line {
    COMPARE_GEMM,
    COMPARE_ATTENTION,
    COMPARE_MEMORY_BOUND,
    COMPARE_TP,
    COMPARE_CP,
    COMPARE_EP,
    COMPARE_PP,
    COMPARE_DP,
    COMPARE_OFFLOAD,
    COMPARE_OPTIMIZER,
    COMPARE_HOST,
    COMPARE_LINES
};
extern const char *const compare_line_names[COMPARE_LINES + 1];
extern const char *const compare_line_descriptions[COMPARE_LINES + 1];

enum { CAUSES_MAX = 10 };
struct cause {
    char what[240];        /* "tensor-parallel communication does not overlap ..." */
    double step_s;         /* what the forecast says then; 0: evidence without a forecast */
    double explained_frac; /* share of the difference that goes away; 0: not counted */
    int alternative;       /* causes of the same number exclude each other; 0: none */
};

struct compare_input {
    const struct scenario *scenario;
    const struct strategy *strategy;
    const struct run_log *log;
    const struct run_summary *summary;
    const struct kineto *kineto; /* NULL: none */
    const struct strategy *own;  /* what the log's own arguments say; NULL: nothing */
};

struct comparison {
    struct step_cost forecast;
    double measured_s; /* of the log */
    double gap_frac;   /* measured over forecast, less 1 */
    double forecast_s[COMPARE_LINES];
    double traced_s[COMPARE_LINES]; /* of the trace; all 0 without one */
    bool traced;
    int causes; /* evidence first, then by what they explain */
    struct cause cause[CAUSES_MAX];
};

/* The strategy must be legal: STATUS_NO otherwise. */
enum status comparison_make(const struct compare_input *input, struct comparison *out,
                            struct error *e);

/* A step's terms as lines. */
void comparison_lines(const struct strategy *s, const double term_s[TERMS],
                      double line_s[COMPARE_LINES]);

#endif
