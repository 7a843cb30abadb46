#ifndef CALIBRATE_FIT_QUIET_H
#define CALIBRATE_FIT_QUIET_H

/* GSL ends the process on an error unless told otherwise; here every return value is checked
 * instead. Called once, at the start of a program, before any thread. */
void fit_quiet(void);

#endif
