#ifndef REPORTS_SCENARIO_JSON_H
#define REPORTS_SCENARIO_JSON_H
#include "base/json_write.h"
#include "parallelism/step.h"

/* Writes a scenario whole: model, system with its gpu and calibration, gpus, job, stack. Read back
 * (by
 * --scenario), it gives the same forecast, bit for bit. */
void scenario_json(struct json_writer *w, const char *key, const struct scenario *scenario);

#endif
