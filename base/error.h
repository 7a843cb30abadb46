#ifndef BASE_ERROR_H
#define BASE_ERROR_H
#include <stdarg.h>
#include <stddef.h>

/* How a function ended. The values are the program's exit codes. */
enum status {
    STATUS_OK = 0,
    STATUS_NO = 1,    /* the answer is no: nothing fits, the strategy is illegal, a threshold missed */
    STATUS_USAGE = 2, /* wrong usage */
    STATUS_INPUT = 3, /* bad input */
    STATUS_IO = 4,    /* input/output or environment */
};

/* An error as the user reads it: file:line:column: path: message, then a hint.
 * Owned by the caller, of fixed size; the first error wins. */
struct error {
    enum status status;
    char file[256];
    int line, column; /* 1-based; 0: unknown */
    char path[192];   /* JSON path, such as "tiers[1].bandwidth"; empty: none */
    char message[384];
    char hint[256];
};

#if defined(__GNUC__)
#define STEPCAST_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define STEPCAST_PRINTF(a, b)
#endif

void error_init(struct error *e);

/* Records status and message unless an error is there already. Returns e->status. e may not be NULL. */
enum status error_set(struct error *e, enum status status, const char *format, ...)
    STEPCAST_PRINTF(3, 4);

/* Adds to the error just set; each is ignored when its part is set already. */
void error_set_file(struct error *e, const char *file, int line, int column);
void error_set_path(struct error *e, const char *path);
void error_set_hint(struct error *e, const char *format, ...) STEPCAST_PRINTF(2, 3);

/* Writes "file:line:column: path: message\n  hint: ...\n" (parts that are unknown left out) into out,
 * cut to size and always terminated. Control characters of the input are shown as '?'. */
void error_format(const struct error *e, char *out, size_t size);

/* The name of `names[0..n)` nearest to `word` (edit distance at most a third of its length, at least
 * one allowed), or NULL. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

#endif
