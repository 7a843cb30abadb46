#ifndef BASE_C_LOCALE_H
#define BASE_C_LOCALE_H
#include "base/error.h"
#include <locale.h>
#include <stdarg.h>
#include <stddef.h>

/* Numbers in and out with a decimal point, whatever locale the host has set. */

/* Puts this thread into the "C" locale, and back. Calls nest. */
struct c_locale {
    locale_t c, before;
};
struct c_locale c_locale_enter(void);
void c_locale_leave(struct c_locale locale);

/* snprintf, vsnprintf and strtod in the "C" locale, for this thread and this call alone. */
int c_locale_format(char *out, size_t size, const char *format, ...) STEPCAST_PRINTF(3, 4);
int c_locale_vsnprintf(char *out, size_t size, const char *format, va_list args);
double c_locale_strtod(const char *s, char **end);

/* ASCII alone, in every locale. */
char ascii_lower(char c);

#endif
