#include "cli/strict.h"

enum status strict_check(const struct arguments *a, const struct provenance *p, struct error *e)
{
    if (argument_given(a, "strict") && p->extrapolated_count > 0)
        return error_set(e, STATUS_NO, "outside the calibrated range: %s", p->extrapolated[0]);
    return STATUS_OK;
}
