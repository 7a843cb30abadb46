#ifndef CALIBRATE_CASE_READER_H
#define CALIBRATE_CASE_READER_H
#include "base/json_read.h"
#include "calibrate/cases.h"

/* Lenient reading of one case: what cannot be read as it stands is read as its nearest meaning,
 * noted, or makes the case a skipped one. */
struct case_reader {
    const struct json *json;
    const struct cases_options *options;
    struct run_case *out;
    struct error *e; /* what ends the whole file: memory, files */
};

/* Notes an assumption; skips the case (the first reason stands). */
void case_assume(struct case_reader *r, const char *format, ...) STEPCAST_PRINTF(2, 3);
void case_skip(struct case_reader *r, const char *format, ...) STEPCAST_PRINTF(2, 3);
bool case_is_skipped(const struct case_reader *r);
/* Skips the case for what went wrong in its `part`; what is no fault of the case ends the file. */
void case_skip_for(struct case_reader *r, const char *part, const struct error *why);

/* Reads the members of `object` into `out` by field rows. `part` names it in notes ("strategy").
 * given: flags by row, or NULL. */
struct case_fields {
    const char *part;
    const struct field *rows;
    size_t count;
    bool *given;
};
void case_read_fields(struct case_reader *r, const struct json_value *object,
                      const struct case_fields *fields, void *out);

/* The key or the value that a word stands for elsewhere, or NULL: "mbs" is micro_batch, "fa2" is
 * flash. */
const char *case_key_alias(const char *key);
const char *case_value_alias(const char *key, const char *word);
/* The nearest of `names` where the digits of both agree: "fp4" is not "fp8". NULL: none. */
const char *case_nearest(const char *word, const char *const *names, size_t n);

#endif
