#include "parallelism/frameworks/shell_transform.h"
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_MAX = 512, PATTERN_MAX = 64 };

static void change_case(const char *value, bool upper, struct text *out)
{
    for (const char *c = value; *c != '\0'; c++) {
        char changed = (char)(upper ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
        text_add_n(out, &changed, 1);
    }
}

/* Characters of the value's start (or end) that the pattern matches, the fewest or the most. */
static size_t matched(const char *value, const char *pattern, bool at_end, bool most)
{
    size_t n = strlen(value), best = 0;
    char part[VALUE_MAX];
    for (size_t i = 0; i <= n; i++) {
        size_t length = most ? n - i : i;
        snprintf(part, sizeof part, "%.*s", (int)length, at_end ? value + n - length : value);
        if (fnmatch(pattern, part, 0) == 0) {
            best = length;
            break;
        }
    }
    return best;
}

static void replace(const char *value, const char *from, const char *to, bool all, struct text *out)
{
    size_t n = strlen(from);
    for (bool done = false; *value != '\0';) {
        bool here = n > 0 && (all || !done) && strncmp(value, from, n) == 0;
        text_add_n(out, here ? to : value, here ? strlen(to) : 1);
        value += here ? n : 1;
        done = done || here;
    }
}

/* "/from/to", "//from". */
static bool replaced(const char *value, const char *op, struct text *out)
{
    bool all = op[1] == '/';
    char words[PATTERN_MAX];
    snprintf(words, sizeof words, "%s", op + 1 + all);
    char *slash = strchr(words, '/');
    if (slash)
        *slash = '\0';
    if (strpbrk(words, "*?["))
        return false;
    replace(value, words, slash ? slash + 1 : "", all, out);
    return true;
}

bool shell_transform(const char *value, const char *op, size_t n, struct text *out)
{
    char text[PATTERN_MAX];
    if (n == 0 || n >= sizeof text || strlen(value) >= VALUE_MAX)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)n, op);
    if (strpbrk(text, "$`\"'\\"))
        return false;
    if (strcmp(text, ",,") == 0 || strcmp(text, "^^") == 0) {
        change_case(value, text[0] == '^', out);
        return true;
    }
    if (text[0] == '/')
        return replaced(value, text, out);
    if (text[0] != '#' && text[0] != '%')
        return false;
    bool most = text[1] == text[0], at_end = text[0] == '%';
    size_t cut = matched(value, text + 1 + most, at_end, most);
    text_add_n(out, at_end ? value : value + cut, strlen(value) - cut);
    return true;
}
