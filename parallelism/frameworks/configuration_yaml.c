/* The part of YAML that configurations use: nested maps by indentation, scalars, quotes, comments,
 * maps in braces within a line, lists in brackets or as "- item" lines, "${a.b}" and "${.sibling}"
 * as OmegaConf resolves them. Anchors, tags and block texts are left out. Interpolations:
 * configuration_interpolation.c. */
#include "parallelism/frameworks/configuration.h"
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16, KEY_MAX = 256 };

struct level {
    size_t indent;
    char key[96];
};

struct yaml {
    struct configuration *out;
    struct level stack[DEPTH_MAX];
    int depth;
    struct text list; /* items of the list under list_key */
    char list_key[KEY_MAX];
    int list_line;
};

/* Sections of Megatron-LM's own YAML that only group its arguments. */
static bool is_grouping(const char *key)
{
    return strcmp(key, "language_model") == 0 || strcmp(key, "model_parallel") == 0;
}

/* Where Primus keeps Megatron's own: modules.pre_trainer.overrides.KEY */
static int skipped_levels(const struct yaml *y)
{
    static const char *const path[] = {"modules", "", "overrides"};
    enum { LEVELS = sizeof path / sizeof *path };
    for (int i = 0; i < LEVELS; i++) {
        if (y->depth < LEVELS || (*path[i] != '\0' && strcmp(y->stack[i].key, path[i]) != 0))
            return 0;
    }
    return LEVELS;
}

static void full_key(const struct yaml *y, const char *key, char out[KEY_MAX])
{
    size_t n = 0;
    out[0] = '\0';
    for (int i = skipped_levels(y); i <= y->depth && n < KEY_MAX; i++) {
        const char *part = i < y->depth ? y->stack[i].key : key;
        if (*part == '\0' || (i < y->depth && i == 0 && is_grouping(part)))
            continue;
        int added = snprintf(out + n, KEY_MAX - n, "%s%s", n > 0 ? "." : "", part);
        n += added > 0 ? (size_t)added : 0;
    }
}

static void end_list(struct yaml *y)
{
    if (y->list_key[0] != '\0' && y->list.length > 0)
        settings_add(&y->out->settings, y->list_key, y->list.data, y->list_line);
    text_clear(&y->list);
    y->list_key[0] = '\0';
}

/* A scalar without quotes and comment; brackets become blanks between items. */
static void clean_scalar(const char *s, size_t n, struct text *out)
{
    char quote = 0;
    bool list = n > 0 && s[0] == '[';
    for (size_t i = list; i < n; i++) {
        bool opens = (s[i] == '"' || s[i] == '\'') && (i == 0 || list);
        if (quote ? s[i] == quote : opens)
            quote = quote ? 0 : s[i];
        else if (!quote && s[i] == '#' && (i == 0 || s[i - 1] == ' '))
            break;
        else if (!quote && list && (s[i] == ',' || s[i] == ']'))
            text_add(out, s[i] == ',' ? " " : "");
        else
            text_add_n(out, s + i, 1);
    }
    while (out->length > 0 && strchr(" \t\r", out->data[out->length - 1]))
        out->data[--out->length] = '\0';
}

static bool is_null(const struct text *value)
{
    return value->length == 0 || strcmp(value->data, "null") == 0 ||
           strcmp(value->data, "~") == 0 || strcmp(value->data, "None") == 0 ||
           strcmp(value->data, "{}") == 0;
}

static void open_level(struct yaml *y, const char *key, size_t n, size_t indent)
{
    if (y->depth == DEPTH_MAX)
        return;
    struct level *level = &y->stack[y->depth++];
    level->indent = indent;
    snprintf(level->key, sizeof level->key, "%.*s", (int)n, key);
}

static void member(struct yaml *y, const char *s, size_t n, size_t indent, int line)
{
    const char *colon = memchr(s, ':', n);
    char key[96], full[KEY_MAX];
    struct text value = {0};
    if (!colon)
        return;
    size_t length = (size_t)(colon - s);
    size_t start = length + 1 + strspn(colon + 1, " \t");
    snprintf(key, sizeof key, "%.*s", (int)length, s);
    full_key(y, key, full);
    if (start < n && s[start] == '{' && configuration_add_flow(s + start, full, line, y->out))
        return;
    if (start < n)
        clean_scalar(s + start, n - start, &value);
    bool blank = start >= n || s[start] == '#';
    if (blank) {
        snprintf(y->list_key, sizeof y->list_key, "%s", full);
        y->list_line = line;
        open_level(y, s, length, indent);
    } else if (!is_null(&value)) {
        settings_add(&y->out->settings, full, value.data, line);
    }
    text_free(&value);
}

static void take_line(struct yaml *y, const char *s, size_t n, int line)
{
    size_t indent = strspn(s, " ");
    if (indent >= n || strchr("#\r\n", s[indent]) || strncmp(s, "---", 3) == 0)
        return;
    const char *rest = s + indent;
    size_t length = n - indent;
    if (rest[0] == '-' && (length == 1 || rest[1] == ' ') && y->list_key[0] != '\0') {
        text_add(&y->list, y->list.length > 0 ? " " : "");
        size_t skip = 1 + strspn(rest + 1, " ");
        struct text item = {0};
        if (skip < length)
            clean_scalar(rest + skip, length - skip, &item);
        text_add(&y->list, text_string(&item));
        text_free(&item);
        return;
    }
    end_list(y);
    while (y->depth > 0 && y->stack[y->depth - 1].indent >= indent)
        y->depth--;
    member(y, rest, length, indent, line);
}

void configuration_read_yaml(const char *text, size_t n, int line, struct configuration *out)
{
    struct yaml y = {.out = out};
    struct text copy = {0}; /* terminated lines */
    size_t before = out->settings.count;
    for (size_t at = 0; at < n; line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t length = end ? (size_t)(end - text) - at : n - at;
        size_t kept = length > 0 && text[at + length - 1] == '\r' ? length - 1 : length;
        text_clear(&copy);
        for (size_t i = 0; i < kept; i++) {
            char c = text[at + i];
            text_add_n(&copy, c == '\0' || c == SETTING_UNRESOLVED ? " " : &c, 1);
        }
        if (copy.length > 0)
            take_line(&y, copy.data, copy.length, line);
        at += length + (end != NULL);
    }
    end_list(&y);
    configuration_interpolate(&out->settings, before);
    text_free(&y.list);
    text_free(&copy);
}
