#include "reports/error_cells.h"

void error_members(struct json_writer *w, const struct error_summary *error)
{
    json_put_known(w, "mape", error->mape);
    json_put_known(w, "median", error->median);
    json_put_known(w, "p90", error->p90);
    json_put_known(w, "worst", error->worst);
    json_put_known(w, "bias", error->bias);
}

void error_cells(struct table *t, const struct error_summary *error)
{
    table_percent(t, error->mape, 1);
    table_percent(t, error->median, 1);
    table_percent(t, error->p90, 1);
    table_percent(t, error->worst, 1);
    table_percent(t, error->bias, 1);
}
