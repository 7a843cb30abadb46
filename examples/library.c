/* Asks libstepcast from C what a training step takes, as written and at its fastest.
 *     cc library.c $(pkg-config --cflags --libs stepcast) -o library && ./library */
#include <stdio.h>
#include <stepcast.h>

static const char question[] =
    "{\"model\": \"llama3-70b\", \"system\": \"dgx-h100\", \"gpus\": 512,"
    " \"job\": {\"seq_length\": 8192, \"global_batch\": 1024}}";

/* Prints an answer, or why there is none. */
static int show(enum stepcast_status status, char *answer, char *error)
{
    if (error)
        fputs(error, stderr);
    if (answer)
        puts(answer);
    stepcast_free(answer);
    stepcast_free(error);
    return status == STEPCAST_OK ? 0 : 1;
}

int main(void)
{
    stepcast_scenario *scenario;
    char *answer = NULL, *error = NULL;
    enum stepcast_status status;
    fprintf(stderr, "libstepcast %s\n", stepcast_version());
    status = stepcast_scenario_read(question, NULL, &scenario, &error);
    if (status != STEPCAST_OK)
        return show(status, NULL, error);
    status = stepcast_estimate(scenario, "{\"tp\": 8, \"pp\": 4, \"vpp\": 5}", &answer, &error);
    if (show(status, answer, error) == 0) {
        status = stepcast_search(scenario, "{\"top\": 1}", &answer, &error);
        show(status, answer, error);
    }
    stepcast_scenario_free(scenario);
    return status == STEPCAST_OK ? 0 : 1;
}
