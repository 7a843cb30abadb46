/* TOML: tables, dotted keys, strings of all four kinds, lists over several lines, inline tables. A
 * list is its items with blanks between them; tables inside lists are left out. */
#include "parallelism/frameworks/configuration.h"
#include <string.h>

enum { KEY_MAX = 256, DEPTH_MAX = 16 };

struct toml {
    struct configuration *out;
    const char *s;
    size_t n, at;
    int line;
};

static char peek(const struct toml *t, size_t ahead)
{
    return t->at + ahead < t->n ? t->s[t->at + ahead] : '\0';
}

static void advance(struct toml *t)
{
    t->line += peek(t, 0) == '\n';
    t->at++;
}

static void skip_line(struct toml *t)
{
    while (t->at < t->n && peek(t, 0) != '\n')
        t->at++;
}

/* Past blanks and comments; past line ends too where `lines`. */
static void skip_blanks(struct toml *t, bool lines)
{
    while (t->at < t->n) {
        char c = peek(t, 0);
        if (c == '#')
            skip_line(t);
        else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n'))
            advance(t);
        else
            return;
    }
}

static void take(struct toml *t, struct text *out)
{
    char c = peek(t, 0);
    if (c != '\0' && c != SETTING_UNRESOLVED)
        text_add_n(out, c == '\n' ? " " : &c, 1);
    advance(t);
}

/* From an opening quote past the closing one. Three quotes span lines; "..." has escapes. */
static void read_quoted(struct toml *t, struct text *out)
{
    char quote = peek(t, 0);
    bool triple = peek(t, 1) == quote && peek(t, 2) == quote;
    t->at += triple ? 3 : 1;
    while (t->at < t->n && (triple || peek(t, 0) != '\n')) {
        if (peek(t, 0) == quote && (!triple || (peek(t, 1) == quote && peek(t, 2) == quote))) {
            t->at += triple ? 3 : 1;
            return;
        }
        if (quote == '"' && peek(t, 0) == '\\')
            t->at++;
        take(t, out);
    }
}

/* A number, a word or a date. Underscores between digits only group them. */
static void read_bare(struct toml *t, struct text *out)
{
    bool number = strchr("+-0123456789", peek(t, 0)) != NULL;
    while (t->at < t->n && !strchr(",]}#\n", peek(t, 0))) {
        if (number && peek(t, 0) == '_')
            t->at++;
        else
            take(t, out);
    }
    while (out->length > 0 && strchr(" \t\r", out->data[out->length - 1]))
        out->data[--out->length] = '\0';
}

/* A dotted key, up to the '=' or ']' behind it, without quotes and blanks. */
static void read_key(struct toml *t, struct text *out)
{
    while (t->at < t->n && !strchr("=]}\n#", peek(t, 0))) {
        char c = peek(t, 0);
        if (c == '"' || c == '\'')
            read_quoted(t, out);
        else if (c == ' ' || c == '\t' || c == '\r')
            t->at++;
        else
            take(t, out);
    }
}

static void read_value(struct toml *t, const char *key, int depth);

static void read_list(struct toml *t, struct text *out, int depth)
{
    t->at++;
    for (skip_blanks(t, true); t->at < t->n && peek(t, 0) != ']'; skip_blanks(t, true)) {
        struct text item = {0};
        char c = peek(t, 0);
        size_t before = t->at;
        if (c == '[' && depth < DEPTH_MAX)
            read_list(t, &item, depth + 1);
        else if (c == '{')
            read_value(t, NULL, depth + 1);
        else if (c == '"' || c == '\'')
            read_quoted(t, &item);
        else
            read_bare(t, &item);
        if (item.length > 0)
            text_addf(out, "%s%s", out->length > 0 ? " " : "", item.data);
        text_free(&item);
        if (t->at == before || peek(t, 0) == ',')
            advance(t);
    }
    t->at++;
}

/* `prefix` NULL: the members of a table inside a list, dropped. */
static void read_member(struct toml *t, const char *prefix, int depth)
{
    struct text key = {0};
    if (prefix && *prefix != '\0')
        text_addf(&key, "%s.", prefix);
    read_key(t, &key);
    if (peek(t, 0) == '=' && key.length < KEY_MAX) {
        t->at++;
        skip_blanks(t, false);
        read_value(t, prefix ? text_string(&key) : NULL, depth);
    }
    text_free(&key);
}

static void read_value(struct toml *t, const char *key, int depth)
{
    struct text value = {0};
    int line = t->line;
    char c = peek(t, 0);
    if (c == '{' && depth < DEPTH_MAX) {
        t->at++;
        for (skip_blanks(t, true); t->at < t->n && peek(t, 0) != '}'; skip_blanks(t, true)) {
            size_t before = t->at;
            read_member(t, key, depth + 1);
            if (t->at == before || peek(t, 0) == ',')
                advance(t);
        }
        t->at++;
        return;
    }
    if (c == '[' && depth < DEPTH_MAX)
        read_list(t, &value, depth + 1);
    else if (c == '"' || c == '\'')
        read_quoted(t, &value);
    else
        read_bare(t, &value);
    if (key)
        settings_add(&t->out->settings, key, text_string(&value), line);
    text_free(&value);
}

/* "[section]" or "[[section]]". */
static void read_section(struct toml *t, struct text *section)
{
    text_clear(section);
    while (peek(t, 0) == '[')
        t->at++;
    read_key(t, section);
    skip_line(t);
}

void configuration_read_toml(const char *text, size_t n, struct configuration *out)
{
    struct toml t = {.out = out, .s = text, .n = n, .line = 1};
    struct text section = {0};
    for (skip_blanks(&t, true); t.at < t.n; skip_blanks(&t, true)) {
        if (peek(&t, 0) == '[')
            read_section(&t, &section);
        else
            read_member(&t, text_string(&section), 0);
        skip_line(&t);
    }
    text_free(&section);
}
