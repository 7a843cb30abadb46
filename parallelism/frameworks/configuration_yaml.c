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
    int brackets; /* of a list over several lines, open so far */
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
    y->brackets = 0;
}

static void open_list(struct yaml *y, const char *key, int line)
{
    snprintf(y->list_key, sizeof y->list_key, "%s", key);
    y->list_line = line;
}

/* A scalar without quotes and comment, or items of a list, whose brackets and commas become one
 * blank between them. *brackets: those that are open, before and after. */
static void clean_scalar(const char *s, size_t n, int *brackets, struct text *out)
{
    char quote = 0;
    bool list = *brackets > 0 || (n > 0 && s[0] == '[');
    for (size_t i = 0; i < n; i++) {
        bool opens = (s[i] == '"' || s[i] == '\'') && (i == 0 || list);
        if (quote ? s[i] == quote : opens)
            quote = quote ? 0 : s[i];
        else if (!quote && s[i] == '#' && (i == 0 || s[i - 1] == ' '))
            break;
        else if (quote || !list || !strchr(" \t,[]", s[i]))
            text_add_n(out, s + i, 1);
        else if (s[i] == '[' || s[i] == ']')
            *brackets += s[i] == '[' ? 1 : -1;
        else if (out->length > 0 && out->data[out->length - 1] != ' ')
            text_add(out, " ");
    }
    while (out->length > 0 && strchr(" \t\r", out->data[out->length - 1]))
        out->data[--out->length] = '\0';
}

static void add_items(struct yaml *y, const char *s, size_t n, int *brackets)
{
    struct text items = {0};
    clean_scalar(s, n, brackets, &items);
    if (items.length > 0)
        text_addf(&y->list, "%s%s", y->list.length > 0 ? " " : "", items.data);
    text_free(&items);
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
    while (length > 0 && s[length - 1] == ' ')
        length--;
    snprintf(key, sizeof key, "%.*s", (int)length, s);
    full_key(y, key, full);
    if (start < n && s[start] == '{' && configuration_add_flow(s + start, full, line, y->out))
        return;
    int brackets = 0;
    if (start < n)
        clean_scalar(s + start, n - start, &brackets, &value);
    bool blank = start >= n || s[start] == '#';
    if (blank) {
        open_list(y, full, line);
        open_level(y, s, length, indent);
    } else if (brackets > 0) {
        open_list(y, full, line);
        y->brackets = brackets;
        text_add(&y->list, text_string(&value));
    } else if (!is_null(&value)) {
        settings_add(&y->out->settings, full, value.data, line);
    }
    text_free(&value);
}

/* "key:" begins a member, which no line of a list in brackets does. */
static bool is_member(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.");
    return n > 0 && s[n] == ':';
}

static void take_line(struct yaml *y, const char *s, size_t n, int line)
{
    size_t indent = strspn(s, " ");
    if (indent >= n || strchr("#\r\n", s[indent]) || strncmp(s, "---", 3) == 0)
        return;
    const char *rest = s + indent;
    size_t length = n - indent;
    bool dash = rest[0] == '-' && (length == 1 || rest[1] == ' ');
    size_t skip = dash ? 1 + strspn(rest + 1, " ") : 0;
    if (y->brackets > 0 && !is_member(rest)) {
        add_items(y, rest, length, &y->brackets);
        if (y->brackets <= 0)
            end_list(y);
        return;
    }
    bool inside = y->depth > 0 && y->stack[y->depth - 1].indent <= indent;
    if (dash && inside && y->list_key[0] != '\0') {
        add_items(y, rest + skip, length - skip, &(int){0});
        return;
    }
    end_list(y);
    /* an item behind one that held a list: its members are the list's */
    while (y->depth > 0 && y->stack[y->depth - 1].indent >= indent + dash)
        y->depth--;
    member(y, rest + skip, length - skip, indent + skip, line);
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
