#include "base/c_locale.h"
#include <stdio.h>
#include <stdlib.h>

/* uselocale is per thread, setlocale is not. glibc hands out a static object for LC_ALL "C", so
 * that nothing is allocated; where newlocale fails, the locale stays as it is. */
struct c_locale c_locale_enter(void)
{
    struct c_locale l = {newlocale(LC_ALL_MASK, "C", (locale_t)0), (locale_t)0};
    if (l.c != (locale_t)0)
        l.before = uselocale(l.c);
    return l;
}

void c_locale_leave(struct c_locale l)
{
    if (l.c == (locale_t)0)
        return;
    uselocale(l.before);
    freelocale(l.c);
}

int c_locale_vsnprintf(char *out, size_t size, const char *format, va_list args)
{
    struct c_locale l = c_locale_enter();
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored                                                                     \
    "-Wformat-nonliteral" /* callers' formats are checked at the caller */
#endif
    int n = vsnprintf(out, size, format, args);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
    c_locale_leave(l);
    return n;
}

int c_locale_format(char *out, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = c_locale_vsnprintf(out, size, format, args);
    va_end(args);
    return n;
}

double c_locale_strtod(const char *s, char **end)
{
    struct c_locale l = c_locale_enter();
    double value = strtod(s, end);
    c_locale_leave(l);
    return value;
}

char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}
