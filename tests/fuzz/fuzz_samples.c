/* Any bytes are samples or an error that names file and line; samples have positive, finite times
 * and a forecast that is finite or a reason. Samples that were there stay as they were. */
#include "calibrate/validate_samples.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>

static struct system machine;

static void check_rows(const struct samples *samples)
{
    struct sample_prediction *p = calloc(samples->count + 1, sizeof *p);
    require(p != NULL);
    samples_predict(&machine, samples, p);
    for (size_t i = 0; i < samples->count; i++) {
        require(isfinite(samples->items[i].time_s) && samples->items[i].time_s > 0);
        require(p[i].skipped || (isfinite(p[i].time_s) && p[i].time_s >= 0));
    }
    free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char first[] = "op,dtype,ranks,bytes,time_us\nall_reduce,bf16,8,1024,20\n";
    struct samples samples = {0};
    struct error e;
    error_init(&e);
    if (machine.gpus < 1) {
        require(system_find("dgx-h100", NULL, &machine, &e) == STATUS_OK);
        machine.gpus = 64;
    }
    require(samples_parse(first, sizeof first - 1, "first.csv", &samples, &e) == STATUS_OK);
    if (samples_parse((const char *)data, size, "fuzz.csv", &samples, &e) == STATUS_OK)
        require(samples.count > 1 && samples.file_count == 2);
    else
        require(e.message[0] && samples.count == 1 && samples.file_count == 1);
    check_rows(&samples);
    samples_free(&samples);
    return 0;
}
