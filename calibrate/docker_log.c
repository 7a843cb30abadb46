#include "calibrate/docker_log.h"
#include "base/json_read.h"
#include <stdbool.h>
#include <string.h>

static bool is_wrapped(const char *text, size_t n)
{
    static const char *const starts[] = {"{\"log\":", "{\"log\" :"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (n >= length && memcmp(text, starts[i], length) == 0)
            return true;
    }
    return false;
}

static enum status add_line(const char *line, size_t n, struct text *out, struct error *e)
{
    struct error damaged;
    error_init(&damaged);
    struct json *json = json_parse(line, n, "a line of a container's log", &damaged);
    if (!json && damaged.status == STATUS_IO)
        return error_set(e, STATUS_IO, "%s", damaged.message);
    const struct json_value *log = json ? json_member(json_root(json), "log") : NULL;
    bool told = log && json_kind(log) == JSON_STRING;
    const char *printed = told ? json_string(log) : "";
    text_add_n(out, told ? printed : line, told ? strlen(printed) : n);
    if (!told)
        text_add(out, "\n"); /* a printed line brings its own, its last piece where it is long */
    json_free(json);
    return out->failed ? error_set(e, STATUS_IO, "out of memory") : STATUS_OK;
}

enum status docker_log_open(const char **text, size_t *n, struct text *printed, struct error *e)
{
    enum status status = STATUS_OK;
    if (!is_wrapped(*text, *n))
        return STATUS_OK;
    for (size_t at = 0; at < *n && status == STATUS_OK;) {
        const char *start = *text + at, *end = memchr(start, '\n', *n - at);
        size_t length = end ? (size_t)(end - start) : *n - at;
        if (length > 0)
            status = add_line(start, length, printed, e);
        at += length + 1;
    }
    *text = text_string(printed);
    *n = printed->length;
    return status;
}
