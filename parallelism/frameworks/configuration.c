#include "parallelism/frameworks/configuration.h"
#include "base/json_read.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include <ctype.h>
#include <string.h>

void configuration_free(struct configuration *c)
{
    settings_free(&c->settings);
    text_free(&c->notes);
}

static void scalar_text(const struct json_value *v, struct text *out)
{
    char number[32];
    switch (json_kind(v)) {
    case JSON_STRING:
        text_add(out, json_string(v));
        break;
    case JSON_NUMBER:
        number_format(json_number(v), number, sizeof number);
        text_add(out, number);
        break;
    case JSON_BOOL:
        text_add(out, json_bool(v) ? "true" : "false");
        break;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
}

static bool is_container(const struct json_value *v)
{
    return json_kind(v) == JSON_OBJECT || json_kind(v) == JSON_ARRAY;
}

/* "auto": the trainer decides, the file does not tell. */
static void add_value(const struct json_value *v, const char *key, struct configuration *out)
{
    struct text value = {0};
    if (json_kind(v) == JSON_STRING && strcmp(json_string(v), "auto") == 0)
        text_add_n(&value, &(char){SETTING_UNRESOLVED}, 1);
    scalar_text(v, &value);
    if (json_kind(v) == JSON_ARRAY) {
        for (const struct json_value *m = json_first(v); m; m = json_next(m)) {
            if (value.length > 0)
                text_add(&value, " ");
            scalar_text(m, &value);
        }
    }
    if (json_kind(v) != JSON_NULL)
        settings_add(&out->settings, key, text_string(&value), 0);
    text_free(&value);
}

/* Members as dotted keys. JSON itself is at most JSON_DEPTH_MAX deep. */
static void add_members(const struct json_value *object, const char *prefix,
                        struct configuration *out)
{
    for (const struct json_value *m = json_first(object); m; m = json_next(m)) {
        struct text key = {0};
        text_addf(&key, "%s%s%s", prefix, *prefix ? "." : "", json_key(m) ? json_key(m) : "");
        if (json_kind(m) == JSON_OBJECT && key.data)
            add_members(m, key.data, out);
        else if (key.data)
            add_value(m, key.data, out);
        text_free(&key);
    }
}

/* Blanks in place of what s[at] begins: a comment to its end, a comma that only blanks and such
 * part from a closing bracket. Returns where to go on. */
static size_t blank_out(char *s, size_t n, size_t at)
{
    bool block = s[at] == '/' && at + 1 < n && s[at + 1] == '*';
    size_t end = at + (block ? 2 : 0);
    while (end < n &&
           (block ? s[end - 1] != '/' || s[end - 2] != '*' || end < at + 4 : s[end] != '\n'))
        end++;
    for (size_t i = at; i < end; i++)
        s[i] = s[i] == '\n' ? '\n' : ' ';
    return end;
}

/* Comments and a comma behind the last member, which DeepSpeed reads (hjson), become blanks: lines
 * and columns stay. */
static void blank_comments(char *s, size_t n)
{
    size_t comma = n;
    for (size_t i = 0; i < n;) {
        char c = s[i], next = i + 1 < n ? s[i + 1] : '\0';
        if (c == '"') {
            for (i++; i < n && s[i] != '"' && s[i] != '\n'; i++)
                i += s[i] == '\\';
            i++;
            comma = n;
        } else if (c == '#' || (c == '/' && (next == '/' || next == '*'))) {
            i = blank_out(s, n, i);
        } else {
            if ((c == '}' || c == ']') && comma < n)
                s[comma] = ' ';
            if (!isspace((unsigned char)c))
                comma = c == ',' ? i : n;
            i++;
        }
    }
}

static struct json *parse_relaxed(const char *text, size_t n, const char *file, struct error *e)
{
    struct text copy = {0};
    text_add_n(&copy, text, n);
    if (!copy.data || copy.failed) {
        text_free(&copy);
        error_set(e, STATUS_IO, "out of memory");
        return NULL;
    }
    blank_comments(copy.data, copy.length);
    struct json *json = json_parse(copy.data, copy.length, file, e);
    text_free(&copy);
    return json;
}

enum status configuration_read_json(const char *text, size_t n, const char *file,
                                    struct configuration *out, struct error *e)
{
    struct json *json = n > 0 ? parse_relaxed(text, n, file, e) : json_parse(text, n, file, e);
    if (!json)
        return e->status;
    const struct json_value *root = json_root(json);
    if (!is_container(root) || json_kind(root) == JSON_ARRAY)
        json_error(json, root, e, STATUS_INPUT, "expected an object, got %s",
                   json_kind_name(json_kind(root)));
    else
        add_members(root, "", out);
    json_free(json);
    return e->status;
}

enum syntax { SYNTAX_SCRIPT, SYNTAX_YAML, SYNTAX_JSON, SYNTAX_TOML, SYNTAX_PYTHON };

static enum syntax find_syntax(const char *text, size_t n, const char *file)
{
    static const struct {
        const char *ending;
        enum syntax syntax;
    } endings[] = {
        {".json", SYNTAX_JSON  },
        {".yaml", SYNTAX_YAML  },
        {".yml",  SYNTAX_YAML  },
        {".toml", SYNTAX_TOML  },
        {".py",   SYNTAX_PYTHON},
        {".sh",   SYNTAX_SCRIPT},
    };
    if (n > 3 && strncmp(text, "---\n", 4) == 0)
        return SYNTAX_YAML;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (text_ends_with(file, endings[i].ending))
            return endings[i].syntax;
    }
    size_t at = 0;
    while (at < n && isspace((unsigned char)text[at]))
        at++;
    return at < n && text[at] == '{' ? SYNTAX_JSON : SYNTAX_SCRIPT;
}

enum status configuration_read(const char *text, size_t n, const char *file,
                               struct configuration *out, struct error *e)
{
    size_t mark = utf8_mark_length(text, n);
    text += mark;
    n -= mark;
    switch (find_syntax(text, n, file)) {
    case SYNTAX_JSON:
        configuration_read_json(text, n, file, out, e);
        break;
    case SYNTAX_YAML:
        if (configuration_is_flow(text, n))
            configuration_read_flow(text, n, file, out, e);
        else
            configuration_read_yaml(text, n, 1, out);
        break;
    case SYNTAX_TOML:
        configuration_read_toml(text, n, out);
        break;
    case SYNTAX_PYTHON:
        configuration_read_python(text, n, 1, out);
        break;
    case SYNTAX_SCRIPT:
        configuration_read_script(text, n, out);
        break;
    }
    bool too_many = out->settings.count == SETTINGS_MAX;
    if (out->settings.failed && too_many && e->status == STATUS_OK) {
        error_set(e, STATUS_INPUT, "more than %d settings", SETTINGS_MAX);
        error_set_file(e, file, 0, 0);
    }
    if (out->settings.failed || out->notes.failed)
        error_set(e, STATUS_IO, "out of memory");
    return e->status;
}
