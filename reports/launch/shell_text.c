#include "reports/launch/shell_text.h"
#include <ctype.h>
#include <string.h>

static bool is_plain(const char *word)
{
    for (const char *c = word; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && !strchr("_./:=,+-%@", *c))
            return false;
    }
    return *word != '\0' && *word != '=';
}

void shell_word(struct text *out, const char *word)
{
    if (is_plain(word)) {
        text_add(out, word);
        return;
    }
    text_add(out, "'");
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'')
            text_add(out, "'\\''");
        else
            text_add_n(out, c, 1);
    }
    text_add(out, "'");
}

void shell_comment(struct text *out, const char *text)
{
    text_add(out, "# ");
    for (; *text != '\0'; text++)
        text_add_n(out, iscntrl((unsigned char)*text) ? "?" : text, 1);
    text_add(out, "\n");
}
