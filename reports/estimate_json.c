#include "reports/critique_report.h"
#include "reports/estimate_report.h"
#include "reports/memory_report.h"
#include "reports/scenario_json.h"
#include "reports/what_if_report.h"

void estimate_json(const struct result *result, const struct estimate_more *more, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", result->scenario);
    result_json(&w, result);
    if (more && more->memory)
        memory_json(&w, more->memory);
    if (more && more->what_if)
        what_if_json(&w, more->what_if);
    if (more && more->critique)
        critique_json(&w, result->scenario, result->strategy, more->critique);
    json_close_object(&w);
}

void estimate_csv(const struct result *result, const struct estimate_more *more, struct text *out)
{
    (void)more;
    result_csv_titles(out, false);
    result_csv_row(out, result, 0);
}
