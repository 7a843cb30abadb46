#include "base/number.h"
#include "base/c_locale.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 400 }; /* longer than any double written out in full, such as 1e308 */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *s, size_t i)
{
    while (is_digit(s[i]))
        i++;
    return i;
}

struct decimal decimal_scan(const char *s)
{
    struct decimal d = {0, 0, 0};
    size_t start = s[0] == '+' || s[0] == '-', i = skip_digits(s, start), digits = i - start;
    if (s[i] == '.') {
        size_t end = skip_digits(s, i + 1);
        digits += end - (i + 1);
        i = end;
    }
    if (digits == 0 || i > NUMBER_MAX)
        return d;
    d.mantissa_length = d.length = i;
    if (s[i] == 'e' || s[i] == 'E') {
        size_t sign = i + 1 + (s[i + 1] == '+' || s[i + 1] == '-');
        size_t end = skip_digits(s, sign);
        long exponent = end > sign ? strtol(s + i + 1, NULL, 10) : 0;
        if (end > sign)
            d.length = end;
        d.exponent = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : (int)exponent;
    }
    return d;
}

double decimal_value(const char *s, const struct decimal *d, int power)
{
    char buffer[NUMBER_MAX + 32];
    snprintf(buffer, sizeof buffer, "%.*se%d", (int)d->mantissa_length, s, d->exponent + power);
    return c_locale_strtod(buffer, NULL);
}

void number_hint_suffix(const char *s, struct error *e)
{
    struct decimal d = decimal_scan(s);
    const char *suffix = s + d.length;
    suffix += strspn(suffix, " ");
    if (d.length == 0 || *suffix == '\0' || !strchr("kKmM", *suffix))
        return;
    bool kilo = ascii_lower(*suffix) == 'k';
    size_t behind = suffix[1] == 'i' ? 2 : 1;
    if (suffix[behind] != '\0')
        return;
    char thousand[32], binary[32];
    double x = decimal_value(s, &d, 0);
    number_format(x * (kilo ? 1e3 : 1e6), thousand, sizeof thousand);
    number_format(x * (kilo ? 0x1p10 : 0x1p20), binary, sizeof binary);
    error_set_hint(e, "write the number out: %s, or %s", binary, thousand);
}

enum status number_parse(const char *s, double *value, struct error *e)
{
    struct decimal d = decimal_scan(s);
    if (d.length == 0 || s[d.length] != '\0') {
        error_set(e, STATUS_INPUT, "expected a number, got \"%.100s\"", s);
        number_hint_suffix(s, e);
        return e->status;
    }
    double x = decimal_value(s, &d, 0);
    if (!isfinite(x))
        return error_set(e, STATUS_INPUT, "expected a finite number, got \"%.100s\"", s);
    *value = x;
    return STATUS_OK;
}

void number_format(double value, char *buffer, size_t size)
{
    for (int digits = 15; digits <= 17; digits++) {
        c_locale_format(buffer, size, "%.*g", digits, value);
        if (!isfinite(value) || c_locale_strtod(buffer, NULL) == value)
            return;
    }
}
