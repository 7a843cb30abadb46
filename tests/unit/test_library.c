/* libstepcast as a program sees it: answers, errors, threads. */
#include "base/json_read.h"
#include "cli/stepcast.h"
#include "tests/unit/check.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define QUESTION                                                                                   \
    "{\"model\": \"llama3-8b\", \"system\": \"dgx-h100\", \"gpus\": 32, \"job\": "                 \
    "{\"seq_length\": "                                                                            \
    "4096, \"global_batch\": 128}}"

static stepcast_scenario *read_question(const char *json)
{
    stepcast_scenario *scenario = NULL;
    char *error = NULL;
    if (stepcast_scenario_read(json, NULL, &scenario, &error) != STEPCAST_OK)
        fail_msg("%s", error ? error : "no error");
    assert_null(error);
    assert_non_null(scenario);
    return scenario;
}

static double number_of(const char *answer, const char *key)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse(answer, strlen(answer), "answer", &e);
    assert_non_null(json);
    const struct json_value *root = json_root(json);
    const struct json_value *results = json_member(root, "results");
    double value = json_number(json_member(results ? json_first(results) : root, key));
    json_free(json);
    return value;
}

static void test_answers(void **state)
{
    stepcast_scenario *scenario = read_question(QUESTION), *again;
    char *answer = NULL, *error = NULL, *same = NULL;
    (void)state;
    assert_string_equal(stepcast_version(), STEPCAST_VERSION);
    assert_int_equal(stepcast_estimate(scenario, "{\"tp\": 4}", &answer, &error), STEPCAST_OK);
    assert_null(error);
    assert_non_null(answer);
    check_near(number_of(answer, "step_time_s") * number_of(answer, "tokens_per_s"), 4096 * 128,
               1e-9);
    again = read_question(answer); /* an answer is a scenario, its strategy is there */
    assert_int_equal(stepcast_estimate(again, NULL, &same, &error), STEPCAST_OK);
    assert_string_equal(answer, same);
    stepcast_free(same);

    double step_s = number_of(answer, "step_time_s");
    stepcast_free(answer);
    assert_int_equal(stepcast_search(scenario,
                                     "{\"top\": 3, \"restricted\": {\"tp\": [4], "
                                     "\"zero\": 1}, \"fixed\": {\"attention\": "
                                     "\"flash\"}}",
                                     &answer, &error),
                     STEPCAST_OK);
    assert_true(number_of(answer, "step_time_s") <= step_s);
    assert_non_null(strstr(answer, "\"tp\": [4]"));
    assert_non_null(strstr(answer, "\"zero\": [1]"));
    stepcast_free(answer);
    stepcast_scenario_free(again);
    stepcast_scenario_free(scenario);
}

/* No is an answer with its reason. */
static void test_no(void **state)
{
    stepcast_scenario *scenario = read_question(QUESTION);
    char *answer = NULL, *error = NULL;
    (void)state;
    assert_int_equal(stepcast_estimate(scenario, "{\"tp\": 5}", &answer, &error), STEPCAST_NO);
    assert_non_null(strstr(error, "the strategy is illegal"));
    assert_non_null(strstr(answer, "\"legal\": false"));
    stepcast_free(answer);
    stepcast_free(error);
    assert_int_equal(stepcast_search(scenario,
                                     "{\"restricted\": {\"tp\": 1, \"pp\": 1, \"cp\": 1, "
                                     "\"zero\": 0}}",
                                     &answer, &error),
                     STEPCAST_NO);
    assert_non_null(answer);
    assert_non_null(strstr(error, "nothing fits"));
    stepcast_free(answer);
    stepcast_free(error);
    stepcast_scenario_free(scenario);
}

static void refused(const char *json, enum stepcast_status status, const char *part)
{
    stepcast_scenario *scenario = NULL;
    char *error = NULL;
    assert_int_equal(stepcast_scenario_read(json, NULL, &scenario, &error), status);
    assert_null(scenario);
    assert_non_null(error);
    if (!strstr(error, part))
        fail_msg("\"%s\" is not in: %s", part, error);
    stepcast_free(error);
    assert_int_equal(stepcast_scenario_read(json, NULL, &scenario, NULL), status);
}

static void test_wrong_scenarios(void **state)
{
    (void)state;
    refused("", STEPCAST_INPUT, "scenario");
    refused("[]", STEPCAST_INPUT, "expected an object");
    refused("{}", STEPCAST_INPUT, "\"model\" is missing");
    refused("{\"model\": \"llama3-9b\", \"system\": \"dgx-h100\"}", STEPCAST_INPUT, "llama3-8b");
    refused("{\"model\": \"llama3-8b\"}", STEPCAST_INPUT, "\"system\" is missing");
    refused("{\"model\": \"llama3-8b\", \"system\": \"dgx-h100\", \"gpus\": 1.5}", STEPCAST_INPUT,
            "number of GPUs");
    refused("{\"model\": \"llama3-8b\", \"system\": \"dgx-h100\", \"gpus\": 8}", STEPCAST_INPUT,
            "\"job\" is missing");
    refused("{\"model\": \"llama3-8b\", \"system\": \"dgx-h100\", \"gpus\": 8, \"job\": "
            "{\"seq_length\": 4096}}",
            STEPCAST_INPUT, "global_batch");
    refused("{\"model\": \"llama3-8b\", \"system\": \"dgx-h100\", \"gpus\": 8, \"stak\": 1}",
            STEPCAST_INPUT, "did you mean \"stack\"?");
    refused(NULL, STEPCAST_USAGE, "may not be NULL");
}

static void test_wrong_calls(void **state)
{
    static const char *const strategies[] = {"", "3", "{\"tq\": 4}", "{\"tp\": 0}",
                                             "{\"tp\": \"a\"}"};
    static const char *const options[] = {"[]",
                                          "{\"topp\": 3}",
                                          "{\"top\": 0}",
                                          "{\"top\": 2.5}",
                                          "{\"threads\": -1}",
                                          "{\"restricted\": {\"tq\": [4]}}",
                                          "{\"restricted\": {\"tp\": [4, \"x\"]}}",
                                          "{\"restricted\": {\"tp\": [null]}}",
                                          "{\"fixed\": {\"nothing\": 1}}"};
    stepcast_scenario *scenario = read_question(QUESTION);
    char *answer, *error;
    (void)state;
    for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
        assert_int_equal(stepcast_estimate(scenario, strategies[i], &answer, &error),
                         STEPCAST_INPUT);
        assert_null(answer);
        assert_non_null(error);
        stepcast_free(error);
    }
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        assert_int_equal(stepcast_search(scenario, options[i], &answer, &error), STEPCAST_INPUT);
        assert_null(answer);
        assert_non_null(error);
        stepcast_free(error);
    }
    assert_int_equal(stepcast_estimate(NULL, NULL, &answer, NULL), STEPCAST_USAGE);
    assert_int_equal(stepcast_estimate(scenario, NULL, NULL, NULL), STEPCAST_USAGE);
    stepcast_scenario_free(scenario);
    stepcast_scenario_free(NULL);
    stepcast_free(NULL);
}

enum { THREADS = 4, ROUNDS = 20 };

struct worker {
    const stepcast_scenario *scenario;
    const char *wanted; /* answer of an estimate */
    pthread_t thread;
    int wrong;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    for (int i = 0; i < ROUNDS; i++) {
        char *answer = NULL, *found = NULL, *error = NULL;
        enum stepcast_status status =
            stepcast_estimate(w->scenario, "{\"tp\": 2}", &answer, &error);
        w->wrong += status != STEPCAST_OK || strcmp(answer, w->wanted) != 0;
        status = stepcast_search(w->scenario,
                                 "{\"top\": 1, \"threads\": 1, \"restricted\": "
                                 "{\"tp\": 2, \"pp\": 1}}",
                                 &found, NULL);
        w->wrong += status != STEPCAST_OK;
        stepcast_free(answer);
        stepcast_free(found);
        stepcast_free(error);
    }
    return NULL;
}

/* One scenario, several threads. */
static void test_threads(void **state)
{
    stepcast_scenario *scenario = read_question(QUESTION);
    struct worker workers[THREADS];
    char *wanted = NULL;
    (void)state;
    assert_int_equal(stepcast_estimate(scenario, "{\"tp\": 2}", &wanted, NULL), STEPCAST_OK);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.scenario = scenario, .wanted = wanted};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].wrong, 0);
    }
    stepcast_free(wanted);
    stepcast_scenario_free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),         cmocka_unit_test(test_no),
        cmocka_unit_test(test_wrong_scenarios), cmocka_unit_test(test_wrong_calls),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
