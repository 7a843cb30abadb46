#ifndef REPORTS_COLLECTIVE_REPORT_H
#define REPORTS_COLLECTIVE_REPORT_H
#include "base/text.h"
#include "hardware/system.h"

/* The constants of a tier's collectives as text: source, range and cross-validated error
 * (`left_out`: "sizes", "whole logs"), then a line for each regime with standard errors. Nothing
 * where none are known. */
void collective_report_text(const char *title, const char *left_out,
                            const struct collective_calibration *c, struct text *out);

/* The same of every tier of a system; tiers without constants of their own are named with those of
 * their technology. */
void system_report_text(const struct system *system, struct text *out);

#endif
