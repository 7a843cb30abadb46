#include "base/utf8.h"
#include <stdbool.h>
#include <string.h>

/* Well-formed sequences by lead byte: length and the range of the second byte; every further byte
 * is 80..BF. (The Unicode Standard, table 3-7.) */
static const struct lead {
    unsigned char first, last, length, second_min, second_max;
} leads[] = {
    {0x00, 0x7F, 1, 0,    0   },
    {0xC2, 0xDF, 2, 0x80, 0xBF},
    {0xE0, 0xE0, 3, 0xA0, 0xBF},
    {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3, 0x80, 0xBF},
    {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF},
    {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static size_t checked_length(const struct lead *lead, const unsigned char *u, size_t n)
{
    if (lead->length > n)
        return 0;
    if (lead->length > 1 && (u[1] < lead->second_min || u[1] > lead->second_max))
        return 0;
    for (size_t i = 2; i < lead->length; i++)
        if (u[i] < 0x80 || u[i] > 0xBF)
            return 0;
    return lead->length;
}

size_t utf8_char_length(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    if (n == 0)
        return 0;
    if (u[0] < 0x80)
        return 1;
    for (size_t i = 0; i < sizeof leads / sizeof leads[0]; i++)
        if (u[0] >= leads[i].first && u[0] <= leads[i].last)
            return checked_length(&leads[i], u, n);
    return 0;
}

size_t utf8_mark_length(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* C1 controls, U+0080 to U+009F, are C2 80 to C2 9F. */
static bool is_control(const unsigned char *c, size_t n)
{
    return (n == 1 && (c[0] < 0x20 || c[0] == 0x7F)) || (n == 2 && c[0] == 0xC2 && c[1] < 0xA0);
}

void utf8_tame(char *s, const char *kept)
{
    char *out = s;
    for (size_t left = strlen(s), n; left > 0; left -= n, s += n) {
        size_t length = utf8_char_length(s, left);
        n = length > 0 ? length : 1;
        bool shown = length > 0 && (!is_control((const unsigned char *)s, n) || strchr(kept, *s));
        if (shown)
            memmove(out, s, n);
        else
            *out = '?';
        out += shown ? n : 1;
    }
    *out = '\0';
}
