#include "reports/estimate_report.h"
#include "reports/scenario_json.h"

void estimate_json(const struct result *result, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", result->scenario);
    result_json(&w, result);
    json_close_object(&w);
}

void estimate_csv(const struct result *result, struct text *out)
{
    result_csv_titles(out, false);
    result_csv_row(out, result, 0);
}
