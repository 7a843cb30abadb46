#ifndef REPORTS_FORMAT_H
#define REPORTS_FORMAT_H
#include "base/text.h"
#include "base/units.h"
#include "parallelism/step.h"

/* A quantity with its unit; the text lives in `scratch` until its next use. */
const char *format_unit(struct text *scratch, double value, enum unit unit, int digits);
/* The time of a step, from two hours on in hours or days too: "253442 s (2.93 d)"; as format_unit. */
const char *format_step(struct text *scratch, double seconds);
/* A count with a comma every three digits. */
const char *format_count(struct text *scratch, double count);

/* A large count in thousands of millions: "70.6 B", "8.03 B", "124 M". */
void format_count_scaled(double count, struct text *out);

/* "1024 sequences of 8192 tokens a step, bf16" */
void format_job(const struct job *job, struct text *out);

/* "llama3-70b on 512 x h100-sxm (dgx-h100), 1024 sequences of 8192 tokens a step, bf16, stack
 * default" */
void format_scenario(const struct scenario *scenario, struct text *out);

/* The n largest terms of a forecast of the model, one a line, each line after the first indented by `indent` blanks. */
void format_largest_terms(const struct model *model, const struct step_cost *cost, int n,
                          size_t indent, struct text *out);
/* Indices of the terms, largest first. */
void terms_by_size(const struct step_cost *cost, int order[TERMS]);

/* A strategy in words for a reader who does not know the abbreviations: "tensor parallel 8, ...".
 */
void format_strategy(const struct strategy *s, struct text *out);
/* How far a simulated step is from the closed form: ", 0.31 % more than the closed form". */
void format_against_closed(double more_frac, struct text *out);
/* Every key of a strategy as the flag that gives it, lines broken at `width` and indented by two.
 */
void format_strategy_flags(const struct strategy *s, size_t width, struct text *out);

/* Answers' lines are no longer than so many characters, where words allow it. */
enum { FORMAT_WIDTH = 120 };
/* Lines, those longer than `width` broken at blanks and continued after `indent` of them; a word
 * longer than a line stays whole. indent < width. */
void format_wrapped(const char *lines, size_t width, size_t indent, struct text *out);

#endif
