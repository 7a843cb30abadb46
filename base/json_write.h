#ifndef BASE_JSON_WRITE_H
#define BASE_JSON_WRITE_H
#include "base/text.h"
#include <stdbool.h>

/* JSON out, two blanks an indent, numbers as number_format writes them (so that they read back the
 * same). A value that is not finite is a defect of ours: it is written as null and `bad` counts it.
 * Keys are given inside objects and NULL inside arrays. A line break ends the document. */
struct json_writer {
    struct text *out;
    int depth;
    bool first[64];
    bool compact[64]; /* this level on one line */
    long bad;
};

void json_writer_init(struct json_writer *w, struct text *out);
void json_open_object(struct json_writer *w, const char *key);
void json_open_object_compact(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_array(struct json_writer *w, const char *key);
void json_open_array_compact(struct json_writer *w, const char *key);
void json_close_array(struct json_writer *w);
void json_put_number(struct json_writer *w, const char *key, double value);
/* A number that may not be known: null where it is not finite. */
void json_put_known(struct json_writer *w, const char *key, double value);
/* One that is above 0 where it is known. */
void json_put_positive(struct json_writer *w, const char *key, double value);
void json_put_string(struct json_writer *w, const char *key,
                     const char *value); /* escaped; NULL -> null */
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);

#endif
