#include "base/json_scan.h"
#include "base/array.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

struct scan {
    const char *text;
    size_t n, at;
    struct json_marks *marks;
    struct error *e;
};

static bool scan_value(struct scan *s, size_t key_offset, int depth);

static bool fail(struct scan *s, const char *message)
{
    error_set(s->e, STATUS_INPUT, "%s", message);
    return false;
}

/* "expected WHAT, got the character 'x'", or the end of the text. */
static bool fail_expected(struct scan *s, const char *what)
{
    size_t n = s->at < s->n ? utf8_char_length(s->text + s->at, s->n - s->at) : 0;
    if (s->at >= s->n)
        error_set(s->e, STATUS_INPUT, "expected %s, got the end of the text", what);
    else if (n == 0)
        error_set(s->e, STATUS_INPUT, "expected %s, got a byte that is not UTF-8", what);
    else
        error_set(s->e, STATUS_INPUT, "expected %s, got '%.*s'", what, (int)n, s->text + s->at);
    return false;
}

/* The byte at `at`, '\0' at the end (a NUL in the text is no token either). */
static char peek(const struct scan *s)
{
    return (char)(s->at < s->n ? s->text[s->at] : '\0');
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->n && strchr(" \t\r\n", s->text[s->at]) && s->text[s->at])
        s->at++;
}

static bool add_mark(struct scan *s, size_t key_offset)
{
    struct json_marks *m = s->marks;
    struct json_mark *grown = array_grow(m->marks, m->count, &m->capacity, sizeof *grown);
    if (!grown) {
        error_set(s->e, STATUS_IO, "out of memory");
        return false;
    }
    m->marks = grown;
    m->marks[m->count++] = (struct json_mark){(uint32_t)s->at, (uint32_t)key_offset};
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s)
{
    if (!is_digit(peek(s)))
        return fail_expected(s, "a digit");
    while (is_digit(peek(s)))
        s->at++;
    return true;
}

static bool scan_integer(struct scan *s)
{
    if (peek(s) != '0')
        return scan_digits(s);
    s->at++;
    return !is_digit(peek(s)) || fail(s, "a number must not start with 0");
}

static bool scan_number(struct scan *s)
{
    size_t start = s->at;
    if (peek(s) == '-')
        s->at++;
    if (!scan_integer(s))
        return false;
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-')
            s->at++;
        if (!scan_digits(s))
            return false;
    }
    if (s->at - start > JSON_NUMBER_MAX) {
        s->at = start;
        return fail(s, "a number of more than 63 characters");
    }
    return true;
}

/* Four hexadecimal digits at `at`, or -1. */
static long hex4(const struct scan *s, size_t at)
{
    long value = 0;
    if (at > s->n || s->n - at < 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *p = s->text[i] ? strchr(digits, s->text[i]) : NULL;
        if (!p)
            return -1;
        long digit = p - digits;
        value = 16 * value + (digit < 16 ? digit : digit - 6);
    }
    return value;
}

/* \uXXXX, where a high surrogate must be followed by a low one. \u0000 would end a C string. */
static bool scan_unicode_escape(struct scan *s)
{
    long code = hex4(s, s->at + 2);
    if (code < 0)
        return fail(s, "expected four hexadecimal digits after \\u");
    if (code == 0)
        return fail(s, "a string must not hold \\u0000");
    bool high = code >= 0xD800 && code <= 0xDBFF;
    if (code >= 0xDC00 && code <= 0xDFFF)
        return fail(s, "a low surrogate without a high one before it");
    if (high) {
        bool escape = s->n - s->at > 8 && s->text[s->at + 6] == '\\' && s->text[s->at + 7] == 'u';
        long low = escape ? hex4(s, s->at + 8) : -1;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(s, "a high surrogate without a low one after it");
    }
    s->at += high ? 12 : 6;
    return true;
}

static bool scan_escape(struct scan *s)
{
    char c = (char)(s->at + 1 < s->n ? s->text[s->at + 1] : '\0');
    if (c == 'u')
        return scan_unicode_escape(s);
    if (c == '\0' || !strchr("\"\\/bfnrt", c))
        return fail(s, "an escape that JSON does not have");
    s->at += 2;
    return true;
}

static bool scan_string(struct scan *s)
{
    size_t start = s->at++;
    while (s->at < s->n && s->text[s->at] != '"') {
        size_t length = utf8_char_length(s->text + s->at, s->n - s->at);
        if (s->text[s->at] == '\\') {
            if (!scan_escape(s))
                return false;
            continue;
        }
        if (length == 0)
            return fail(s, "a string must be UTF-8");
        if (length == 1 && (unsigned char)s->text[s->at] < 0x20)
            return fail(s, "a string must not hold a control character or a line break");
        s->at += length;
    }
    if (s->at >= s->n) {
        s->at = start;
        return fail(s, "a string without its closing quote");
    }
    s->at++;
    return true;
}

static bool scan_word(struct scan *s, const char *word)
{
    size_t length = strlen(word);
    if (s->n - s->at < length || memcmp(s->text + s->at, word, length) != 0)
        return fail_expected(s, "a value");
    s->at += length;
    return true;
}

static bool scan_member(struct scan *s, int depth)
{
    size_t key_offset = s->at;
    if (peek(s) != '"')
        return fail_expected(s, "a key in double quotes");
    if (!scan_string(s))
        return false;
    skip_blanks(s);
    if (peek(s) != ':')
        return fail_expected(s, "':' after a key");
    s->at++;
    skip_blanks(s);
    return scan_value(s, key_offset, depth);
}

/* An array or an object from its opening bracket on; depth counts it. Recursion ends at
 * JSON_DEPTH_MAX. */
static bool scan_container(struct scan *s, int depth)
{
    bool object = peek(s) == '{';
    char close = object ? '}' : ']';
    if (depth > JSON_DEPTH_MAX)
        return fail(s, "arrays and objects more than 64 deep");
    s->at++;
    skip_blanks(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    for (;;) {
        if (!(object ? scan_member(s, depth) : scan_value(s, s->at, depth)))
            return false;
        skip_blanks(s);
        if (peek(s) == close)
            break;
        if (peek(s) != ',')
            return fail_expected(s, object ? "',' or '}'" : "',' or ']'");
        s->at++;
        skip_blanks(s);
    }
    s->at++;
    return true;
}

static bool scan_value(struct scan *s, size_t key_offset, int depth)
{
    char c = peek(s);
    if (!add_mark(s, key_offset))
        return false;
    if (c == '{' || c == '[')
        return scan_container(s, depth + 1);
    if (c == '"')
        return scan_string(s);
    if (c == '-' || is_digit(c))
        return scan_number(s);
    if (c == 't')
        return scan_word(s, "true");
    if (c == 'f')
        return scan_word(s, "false");
    if (c == 'n')
        return scan_word(s, "null");
    return fail_expected(s, "a value");
}

enum status json_scan(const char *text, size_t n, struct json_marks *marks, size_t *bad,
                      struct error *e)
{
    struct scan s = {text, n, utf8_mark_length(text, n), marks, e};
    *marks = (struct json_marks){NULL, 0, 0};
    skip_blanks(&s);
    bool good = scan_value(&s, s.at, 0);
    if (good) {
        skip_blanks(&s);
        if (s.at < n)
            good = fail_expected(&s, "the end of the text");
    }
    *bad = s.at;
    if (!good) {
        free(marks->marks);
        *marks = (struct json_marks){NULL, 0, 0};
    }
    return good ? STATUS_OK : e->status;
}
