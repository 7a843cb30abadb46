/* libstepcast: forecasts of training steps for programs. JSON in, JSON out; the answers are those
 * of `stepcast estimate --json` and `stepcast search --json`.
 *
 * No function changes anything that another call sees: a scenario may be used from several threads
 * at once. Every text that a call gives is the caller's, to be freed by stepcast_free. Link with
 * -lstepcast (pkg-config stepcast, or find_package(stepcast) and stepcast::stepcast). */
#ifndef STEPCAST_H
#define STEPCAST_H

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended; the same numbers are the program's exit codes. */
enum stepcast_status {
    STEPCAST_OK = 0,
    STEPCAST_NO = 1,    /* the answer is no: nothing fits, the strategy is illegal. It is there */
    STEPCAST_USAGE = 2, /* wrong arguments */
    STEPCAST_INPUT = 3, /* wrong JSON: the error tells where */
    STEPCAST_IO = 4     /* memory, files */
};

/* A model, a system, a job and a training stack. */
typedef struct stepcast_scenario stepcast_scenario;

/* "0.1.0"; not to be freed. */
const char *stepcast_version(void);

/* Reads
 *     {"model": "llama3-70b", "system": "dgx-h100", "gpus": 512,
 *      "job": {"seq_length": 8192, "global_batch": 1024}, "stack": "megatron-core"}
 * Model, system and stack are catalog names, paths, or whole objects; the stack may be left out. An
 * earlier answer is a scenario too. catalog: a folder of descriptions that come before the built-in
 * ones; NULL: none. *scenario is NULL where the status is not STEPCAST_OK; error may be NULL. */
enum stepcast_status stepcast_scenario_read(const char *json, const char *catalog,
                                            stepcast_scenario **scenario, char **error);
void stepcast_scenario_free(stepcast_scenario *scenario);

/* Forecasts one strategy, such as {"tp": 4, "pp": 4, "vpp": 5}; the rest follows as it does for the
 * program. NULL: the strategy of the answer that the scenario was read from, or all that follows.
 * *answer is NULL where the status is neither STEPCAST_OK nor STEPCAST_NO. */
enum stepcast_status stepcast_estimate(const stepcast_scenario *scenario, const char *strategy,
                                       char **answer, char **error);

/* Finds the fastest strategies: {"top": 10, "threads": 0, "restricted": {"tp": [4, 8]}, "fixed":
 * {"attention": "flash"}}; each may be left out, and NULL leaves out all. threads 0: all cores. */
enum stepcast_status stepcast_search(const stepcast_scenario *scenario, const char *options,
                                     char **answer, char **error);

void stepcast_free(char *text);

#ifdef __cplusplus
}
#endif
#endif
