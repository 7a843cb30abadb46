#include "reports/scenario_json.h"
#include "model/model_json.h"

void scenario_json(struct json_writer *w, const char *key, const struct scenario *scenario)
{
    json_open_object(w, key);
    model_write(w, "model", &scenario->model);
    json_open_object(w, "system");
    system_write_whole(w, &scenario->system);
    json_close_object(w);
    json_put_number(w, "gpus", scenario->system.gpus);
    json_open_object(w, "job");
    fields_write(w, job_fields, job_field_count, &scenario->job, NULL);
    json_close_object(w);
    json_open_object(w, "stack");
    fields_write(w, stack_fields, stack_field_count, &scenario->stack, NULL);
    json_close_object(w);
    json_close_object(w);
}
