#include "base/text.h"
#include "base/c_locale.h"
#include "base/utf8.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *t)
{
    memset(t, 0, sizeof *t);
}

void text_free(struct text *t)
{
    free(t->data);
    text_init(t);
}

void text_clear(struct text *t)
{
    t->length = 0;
    if (t->data)
        t->data[0] = '\0';
}

/* Room for `more` bytes and the terminator; false, with `failed` set, if there is none. */
static bool text_reserve(struct text *t, size_t more)
{
    if (t->failed)
        return false;
    if (more < t->capacity - t->length)
        return true;
    size_t needed = t->length + more + 1;
    size_t capacity = t->capacity < 64 ? 64 : t->capacity;
    while (capacity < needed && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    bool too_long = capacity < needed || more > SIZE_MAX / 2;
    char *data = too_long ? NULL : realloc(t->data, capacity);
    if (!data && !too_long) { /* where memory is short, no more than is needed */
        capacity = needed;
        data = realloc(t->data, capacity);
    }
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void text_add_n(struct text *t, const char *s, size_t n)
{
    if (!text_reserve(t, n))
        return;
    if (n > 0)
        memcpy(t->data + t->length, s, n);
    t->length += n;
    t->data[t->length] = '\0';
}

void text_add(struct text *t, const char *s)
{
    text_add_n(t, s, strlen(s));
}

void text_addf(struct text *t, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = c_locale_vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        t->failed = true;
    else if (text_reserve(t, (size_t)n)) {
        c_locale_vsnprintf(t->data + t->length, (size_t)n + 1, format, again);
        t->length += (size_t)n;
    }
    va_end(again);
}

/* Characters since the last newline; a byte that is no UTF-8 counts as one. */
static size_t current_column(const struct text *t)
{
    size_t start = t->length, column = 0;
    while (start > 0 && t->data[start - 1] != '\n')
        start--;
    while (start < t->length) {
        size_t n = utf8_char_length(t->data + start, t->length - start);
        start += n > 0 ? n : 1;
        column++;
    }
    return column;
}

void text_pad(struct text *t, size_t column)
{
    for (size_t i = t->length > 0 ? current_column(t) : 0; i < column; i++)
        text_add_n(t, " ", 1);
}

const char *text_string(const struct text *t)
{
    return t->data ? t->data : "";
}

char *text_next_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    size_t length = strcspn(line, "\n");
    *rest = line[length] ? line + length + 1 : line + length;
    line[length] = '\0';
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

bool text_ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}
