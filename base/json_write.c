#include "base/json_write.h"
#include "base/units.h"
#include "base/utf8.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS = (int)(sizeof((struct json_writer *)0)->first) };

void json_writer_init(struct json_writer *w, struct text *out)
{
    memset(w, 0, sizeof *w);
    w->out = out;
    w->first[0] = true;
}

/* Deeper than the writer holds is a defect of ours: counted, and the last level stands in. */
static int level(const struct json_writer *w)
{
    return w->depth < LEVELS ? w->depth : LEVELS - 1;
}

static void new_line(struct json_writer *w, int depth)
{
    text_add_n(w->out, "\n", 1);
    for (int i = 0; i < depth; i++)
        text_add_n(w->out, "  ", 2);
}

static void put_escaped(struct text *out, const char *s)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    size_t n = strlen(s);
    text_add_n(out, "\"", 1);
    while (n > 0) {
        size_t length = utf8_char_length(s, n);
        const char *special = memchr(plain, *s, sizeof plain - 1);
        if (length == 0) /* not UTF-8: the replacement character, so that the output is JSON */
            text_add(out, "\xEF\xBF\xBD");
        else if (special)
            text_addf(out, "\\%c", letters[special - plain]);
        else if ((unsigned char)*s < 0x20)
            text_addf(out, "\\u%04x", (unsigned)(unsigned char)*s);
        else
            text_add_n(out, s, length);
        length = length > 0 ? length : 1;
        s += length;
        n -= length;
    }
    text_add_n(out, "\"", 1);
}

/* What stands before a value: comma, line break, key. */
static void begin_value(struct json_writer *w, const char *key)
{
    int l = level(w);
    if (!w->first[l])
        text_add(w->out, w->compact[l] ? ", " : ",");
    w->first[l] = false;
    if (w->depth > 0 && !w->compact[l])
        new_line(w, w->depth);
    if (key) {
        put_escaped(w->out, key);
        text_add_n(w->out, ": ", 2);
    }
}

static void end_document(struct json_writer *w)
{
    if (w->depth == 0)
        text_add_n(w->out, "\n", 1);
}

static void open_level(struct json_writer *w, const char *key, const char *bracket, bool compact)
{
    begin_value(w, key);
    text_add_n(w->out, bracket, 1);
    bool inherited = w->compact[level(w)];
    w->depth++;
    if (w->depth >= LEVELS)
        w->bad++;
    w->first[level(w)] = true;
    w->compact[level(w)] = compact || inherited;
}

static void close_level(struct json_writer *w, const char *bracket)
{
    int l = level(w);
    if (w->depth == 0) {
        w->bad++;
        return;
    }
    w->depth--;
    if (!w->first[l] && !w->compact[l])
        new_line(w, w->depth);
    w->first[level(w)] = false;
    text_add_n(w->out, bracket, 1);
    end_document(w);
}

void json_open_object(struct json_writer *w, const char *key)
{
    open_level(w, key, "{", false);
}

void json_open_object_compact(struct json_writer *w, const char *key)
{
    open_level(w, key, "{", true);
}

void json_close_object(struct json_writer *w)
{
    close_level(w, "}");
}

void json_open_array(struct json_writer *w, const char *key)
{
    open_level(w, key, "[", false);
}

void json_open_array_compact(struct json_writer *w, const char *key)
{
    open_level(w, key, "[", true);
}

void json_close_array(struct json_writer *w)
{
    close_level(w, "]");
}

static void put_plain(struct json_writer *w, const char *key, const char *value)
{
    begin_value(w, key);
    text_add(w->out, value);
    end_document(w);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
    char buffer[32];
    if (!isfinite(value)) {
        w->bad++;
        json_put_null(w, key);
        return;
    }
    number_format(value, buffer, sizeof buffer);
    put_plain(w, key, buffer);
}

void json_put_known(struct json_writer *w, const char *key, double value)
{
    if (isfinite(value))
        json_put_number(w, key, value);
    else
        json_put_null(w, key);
}

void json_put_positive(struct json_writer *w, const char *key, double value)
{
    json_put_known(w, key, value > 0 ? value : (double)NAN);
}

void json_put_string(struct json_writer *w, const char *key, const char *value)
{
    if (!value) {
        json_put_null(w, key);
        return;
    }
    begin_value(w, key);
    put_escaped(w->out, value);
    end_document(w);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
    put_plain(w, key, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
    put_plain(w, key, "null");
}
