#include "base/json_splice.h"
#include <string.h>

/* Past the string that opens at s ('"'). */
static const char *past_string(const char *s)
{
    for (s++; *s != '\0' && *s != '"'; s++)
        if (*s == '\\' && s[1] != '\0')
            s++;
    return *s == '"' ? s + 1 : s;
}

static const char *past_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* Past the value at s. */
static const char *past_value(const char *s)
{
    int depth = 0;
    do {
        if (*s == '"') {
            s = past_string(s);
            continue;
        }
        if (*s == '{' || *s == '[')
            depth++;
        if (*s == '}' || *s == ']')
            depth--;
        if (depth < 0 || *s == '\0')
            return s;
        s++;
    } while (depth > 0 || (*s != ',' && *s != '}' && *s != ']' && *s != '\0'));
    while (s[-1] == ' ' || s[-1] == '\n' || s[-1] == '\r' || s[-1] == '\t')
        s--;
    return s;
}

static void join(const char *text, const char *from, const char *to, const char *value,
                 struct text *out)
{
    text_add_n(out, text, (size_t)(from - text));
    text_add(out, value);
    text_add(out, to);
}

bool json_splice(const char *text, const char *key, const char *value, struct text *out)
{
    const char *s = past_blanks(text), *end = NULL;
    text_clear(out);
    if (*s != '{')
        return false;
    for (s = past_blanks(s + 1); *s == '"'; s = past_blanks(s)) {
        const char *name = s + 1;
        s = past_string(s);
        bool found = (size_t)(s - 1 - name) == strlen(key) && strncmp(name, key, strlen(key)) == 0;
        s = past_blanks(s);
        s = past_blanks(*s == ':' ? s + 1 : s);
        end = past_value(s);
        if (found) {
            join(text, s, end, value, out);
            return true;
        }
        s = past_blanks(end);
        if (*s == ',')
            s++;
    }
    if (!end || *s != '}')
        return false;
    struct text added = {0};
    text_addf(&added, ",\n  \"%s\": %s", key, value);
    join(text, end, end, text_string(&added), out);
    bool good = !added.failed && !out->failed;
    text_free(&added);
    return good;
}
