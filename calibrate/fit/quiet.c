#include "calibrate/fit/quiet.h"
#include <gsl/gsl_errno.h>

void fit_quiet(void)
{
    gsl_set_error_handler_off();
}
