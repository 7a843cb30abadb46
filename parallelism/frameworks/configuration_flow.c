/* Maps in braces: keys with or without quotes, commas behind the last item, comments, True and
 * False, "10_000". Lists become words with blanks between them, as in configuration.c. */
#include "base/text.h"
#include "parallelism/frameworks/configuration.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { FLOW_DEPTH_MAX = 16 };

struct flow {
    const char *at, *end, *file;
    int line;
    struct configuration *out;
    struct error *e;
};

static void skip_blanks(struct flow *f)
{
    while (f->at < f->end) {
        if (*f->at == '#') {
            while (f->at < f->end && *f->at != '\n')
                f->at++;
        } else if (isspace((unsigned char)*f->at)) {
            f->line += *f->at++ == '\n';
        } else {
            return;
        }
    }
}

bool configuration_is_flow(const char *text, size_t n)
{
    struct flow f = {.at = text, .end = text + n};
    skip_blanks(&f);
    return f.at < f.end && *f.at == '{';
}

static enum status expected(struct flow *f, const char *what)
{
    if (f->at < f->end)
        error_set(f->e, STATUS_INPUT, "expected %s, got '%c'", what,
                  isprint((unsigned char)*f->at) ? *f->at : '?');
    else
        error_set(f->e, STATUS_INPUT, "expected %s, got the file's end", what);
    error_set_file(f->e, f->file, f->line, 0);
    return f->e->status;
}

static bool next_is(struct flow *f, char c)
{
    skip_blanks(f);
    if (f->at == f->end || *f->at != c)
        return false;
    f->at++;
    return true;
}

static void quoted(struct flow *f, struct text *out)
{
    char quote = *f->at++;
    for (; f->at < f->end && *f->at != quote && *f->at != '\n'; f->at++) {
        if (*f->at == '\\' && quote == '"' && f->at + 1 < f->end)
            f->at++;
        text_add_n(out, *f->at == '\0' || *f->at == SETTING_UNRESOLVED ? " " : f->at, 1);
    }
    if (f->at == f->end || *f->at != quote)
        expected(f, "a closing quote");
    else
        f->at++;
}

/* "10_000", as YAML 1.1 has numbers */
static bool has_groups(const char *s)
{
    return isdigit((unsigned char)*s) && s[strspn(s, "0123456789_")] == '\0' && strchr(s, '_');
}

static void plain(struct flow *f, struct text *out)
{
    for (; f->at < f->end && !strchr(",{}[]\r\n", *f->at); f->at++) {
        bool blank = f->at > f->end - 2 || isspace((unsigned char)f->at[1]);
        if ((*f->at == ':' && blank) || (*f->at == '#' && isspace((unsigned char)f->at[-1])))
            break;
        text_add_n(out, *f->at == SETTING_UNRESOLVED ? " " : f->at, 1);
    }
    while (out->length > 0 && isspace((unsigned char)out->data[out->length - 1]))
        out->data[--out->length] = '\0';
    if (!has_groups(text_string(out)))
        return;
    size_t kept = 0;
    for (size_t i = 0; i < out->length; i++) {
        if (out->data[i] != '_')
            out->data[kept++] = out->data[i];
    }
    out->data[kept] = '\0';
    out->length = kept;
}

static void scalar(struct flow *f, struct text *out)
{
    text_clear(out);
    if (*f->at == '"' || *f->at == '\'')
        quoted(f, out);
    else
        plain(f, out);
}

static enum status read_map(struct flow *f, const char *prefix, int depth);

/* Words of a list behind its bracket, those of lists in it too. */
static enum status read_list(struct flow *f, const char *key, int depth, struct text *out)
{
    struct text item = {0};
    while (f->e->status == STATUS_OK && !next_is(f, ']')) {
        if (f->at == f->end || depth == FLOW_DEPTH_MAX) {
            expected(f, "a closing bracket");
        } else if (next_is(f, '[')) {
            read_list(f, key, depth + 1, out);
        } else if (next_is(f, '{')) {
            read_map(f, key, depth + 1);
        } else {
            const char *start = f->at;
            scalar(f, &item);
            text_addf(out, "%s%s", out->length > 0 ? " " : "", text_string(&item));
            if (f->at == start)
                expected(f, "an item of a list");
        }
        if (f->e->status == STATUS_OK && !next_is(f, ',') && (f->at == f->end || *f->at != ']'))
            expected(f, "',' or ']'");
    }
    text_free(&item);
    return f->e->status;
}

static bool is_null(const char *value)
{
    return *value == '\0' || strcmp(value, "null") == 0 || strcmp(value, "~") == 0;
}

/* What stands behind a key and its colon. */
static enum status read_value(struct flow *f, const char *key, int depth)
{
    struct text value = {0};
    int line = f->line;
    if (next_is(f, '{')) {
        read_map(f, key, depth + 1);
    } else if (next_is(f, '[')) {
        read_list(f, key, depth + 1, &value);
    } else if (f->at < f->end) {
        line = f->line;
        scalar(f, &value);
    }
    if (f->e->status == STATUS_OK && !is_null(text_string(&value)))
        settings_add(&f->out->settings, key, text_string(&value), line);
    text_free(&value);
    return f->e->status;
}

/* Members behind an opening brace. */
static enum status read_map(struct flow *f, const char *prefix, int depth)
{
    struct text key = {0}, full = {0};
    while (f->e->status == STATUS_OK && !next_is(f, '}')) {
        if (f->at == f->end || depth == FLOW_DEPTH_MAX) {
            expected(f, "a closing brace");
            break;
        }
        scalar(f, &key);
        text_clear(&full);
        text_addf(&full, "%s%s%s", prefix, *prefix ? "." : "", text_string(&key));
        if (key.length == 0 || !next_is(f, ':'))
            expected(f, "a key and ':'");
        else if (full.failed)
            error_set(f->e, STATUS_IO, "out of memory");
        else
            read_value(f, full.data, depth);
        if (f->e->status == STATUS_OK && !next_is(f, ',') && (f->at == f->end || *f->at != '}'))
            expected(f, "',' or '}'");
    }
    text_free(&key);
    text_free(&full);
    return f->e->status;
}

enum status configuration_read_flow(const char *text, size_t n, const char *file,
                                    struct configuration *out, struct error *e)
{
    struct flow f = {.at = text, .end = text + n, .file = file, .line = 1, .out = out, .e = e};
    while (e->status == STATUS_OK && (skip_blanks(&f), f.at < f.end)) {
        if (next_is(&f, '{'))
            read_map(&f, "", 0);
        else
            expected(&f, "'{'");
    }
    return e->status;
}

bool configuration_add_flow(const char *map, const char *key, int line, struct configuration *out)
{
    struct error e;
    error_init(&e);
    size_t before = out->settings.count;
    struct flow f = {.at = map, .end = map + strlen(map), .line = line, .out = out, .e = &e};
    if (next_is(&f, '{') && read_map(&f, key, 0) == STATUS_OK && (skip_blanks(&f), f.at == f.end))
        return true;
    out->settings.count = before;
    return false;
}
