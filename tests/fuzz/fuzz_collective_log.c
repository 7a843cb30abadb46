/* Any bytes are a log of a collective benchmark or an error. The CSV written is samples, or a warning
 * says what the log did not tell. */
#include "calibrate/collective_log.h"
#include "calibrate/samples.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct log_hints hints = {"all_reduce", "float", 8};
    struct text csv = {0}, warnings = {0};
    struct samples samples = {0};
    struct error e;
    error_init(&e);
    text_add(&csv, collective_sample_columns);
    size_t before = csv.length;
    struct log_file log = {(const char *)data, size, "fuzz.log"};
    if (collective_log_import(&log, &hints, &csv, &warnings, &e) == STATUS_OK) {
        require(csv.length > before && !csv.failed && !warnings.failed);
        error_init(&e);
        if (samples_parse(csv.data, csv.length, "fuzz.csv", &samples, &e) != STATUS_OK &&
            warnings.length == 0) {
            fprintf(stderr, "%d: %s\n%s", e.line, e.message, csv.data);
            abort();
        }
    } else {
        require(e.status == STATUS_INPUT && e.message[0] && csv.length == before);
    }
    samples_free(&samples);
    text_free(&csv);
    text_free(&warnings);
    return 0;
}
