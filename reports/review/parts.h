#ifndef REPORTS_REVIEW_PARTS_H
#define REPORTS_REVIEW_PARTS_H
#include "reports/html.h"
#include "reports/review/review.h"

/* The sections of a review's page. Internal to review*.c. */
void review_question(const struct review *r, struct text *out);
void review_answer(const struct review *r, struct text *out);
void review_top(const struct review *r, struct text *out);
void review_limits(const struct review *r, struct text *out);
void review_sensitivity(const struct review *r, struct text *out);
void review_changes(const struct review *r, struct text *out);
void review_assumptions(const struct review *r, struct text *out);
/* Nothing fits. */
void review_nothing(const struct review *r, const struct remedies *remedies, struct text *out);
void review_command(const struct review *r, struct text *out);
void review_again(const struct review *r, struct text *out);

#endif
