#include "base/units.h"
#include "base/c_locale.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* ---- spellings ---- */

struct prefix {
    const char *text;
    int power10, power2;
};

/* Data and rates take large prefixes, decimal or binary; time takes small ones. */
static const struct prefix plain_prefixes[] = {
    {"",   0, 0},
    {NULL, 0, 0},
};
static const struct prefix decimal_prefixes[] = {
    {"",   0,  0},
    {"k",  3,  0},
    {"K",  3,  0},
    {"M",  6,  0},
    {"G",  9,  0},
    {"T",  12, 0},
    {"P",  15, 0},
    {"E",  18, 0},
    {"Z",  21, 0},
    {"Y",  24, 0},
    {NULL, 0,  0},
};
static const struct prefix data_prefixes[] = {
    {"",   0,  0 },
    {"k",  3,  0 },
    {"K",  3,  0 },
    {"M",  6,  0 },
    {"G",  9,  0 },
    {"T",  12, 0 },
    {"P",  15, 0 },
    {"E",  18, 0 },
    {"Z",  21, 0 },
    {"Y",  24, 0 },
    {"Ki", 0,  10},
    {"Mi", 0,  20},
    {"Gi", 0,  30},
    {"Ti", 0,  40},
    {"Pi", 0,  50},
    {"Ei", 0,  60},
    {NULL, 0,  0 },
};
static const struct prefix small_prefixes[] = {
    {"",         0,   0},
    {"m",        -3,  0},
    {"u",        -6,  0},
    {"\xC2\xB5", -6,  0}, /* micro sign */
    {"\xCE\xBC", -6,  0}, /* Greek mu */
    {"n",        -9,  0},
    {"p",        -12, 0},
    {NULL,       0,   0},
};

/* One spelling of a unit: value in SI = number * 10^(power10 + prefix) * 2^prefix * factor. */
struct spelling {
    const char *text;
    const struct prefix *prefixes;
    int power10;
    double factor;
};

static const struct spelling none_spellings[] = {
    {"",   plain_prefixes, 0, 1},
    {NULL, NULL,           0, 0},
};
static const struct spelling bytes_spellings[] = {
    {"B",     data_prefixes, 0, 1    },
    {"byte",  data_prefixes, 0, 1    },
    {"bytes", data_prefixes, 0, 1    },
    {"b",     data_prefixes, 0, 0.125},
    {"bit",   data_prefixes, 0, 0.125},
    {"bits",  data_prefixes, 0, 0.125},
    {NULL,    NULL,          0, 0    },
};
static const struct spelling bytes_per_s_spellings[] = {
    {"B/s",     data_prefixes, 0, 1    },
    {"B/sec",   data_prefixes, 0, 1    },
    {"Bps",     data_prefixes, 0, 1    },
    {"byte/s",  data_prefixes, 0, 1    },
    {"bytes/s", data_prefixes, 0, 1    },
    {"b/s",     data_prefixes, 0, 0.125},
    {"b/sec",   data_prefixes, 0, 0.125},
    {"bps",     data_prefixes, 0, 0.125},
    {"bit/s",   data_prefixes, 0, 0.125},
    {"bits/s",  data_prefixes, 0, 0.125},
    {NULL,      NULL,          0, 0    },
};
/* "FLOPs" is the plural of a count and "FLOPS" a rate: taken literally. */
static const struct spelling flop_per_s_spellings[] = {
    {"FLOP/s",  decimal_prefixes, 0, 1},
    {"FLOPs/s", decimal_prefixes, 0, 1},
    {"FLOPS",   decimal_prefixes, 0, 1},
    {"flop/s",  decimal_prefixes, 0, 1},
    {"flops/s", decimal_prefixes, 0, 1},
    {"Flop/s",  decimal_prefixes, 0, 1},
    {"Flops/s", decimal_prefixes, 0, 1},
    {"OP/s",    decimal_prefixes, 0, 1},
    {"OPS",     decimal_prefixes, 0, 1},
    {NULL,      NULL,             0, 0},
};
static const struct spelling flop_spellings[] = {
    {"FLOP",  decimal_prefixes, 0, 1},
    {"FLOPs", decimal_prefixes, 0, 1},
    {"flop",  decimal_prefixes, 0, 1},
    {"flops", decimal_prefixes, 0, 1},
    {NULL,    NULL,             0, 0},
};
static const struct spelling seconds_spellings[] = {
    {"s",       small_prefixes, 0, 1    },
    {"sec",     plain_prefixes, 0, 1    },
    {"second",  plain_prefixes, 0, 1    },
    {"seconds", plain_prefixes, 0, 1    },
    {"min",     plain_prefixes, 0, 60   },
    {"h",       plain_prefixes, 0, 3600 },
    {"hour",    plain_prefixes, 0, 3600 },
    {"hours",   plain_prefixes, 0, 3600 },
    {"d",       plain_prefixes, 0, 86400},
    {"day",     plain_prefixes, 0, 86400},
    {"days",    plain_prefixes, 0, 86400},
    {NULL,      NULL,           0, 0    },
};
static const struct spelling hertz_spellings[] = {
    {"Hz", decimal_prefixes, 0, 1},
    {NULL, NULL,             0, 0},
};
static const struct spelling watts_spellings[] = {
    {"W",  decimal_prefixes, 0, 1},
    {NULL, NULL,             0, 0},
};
static const struct spelling joules_spellings[] = {
    {"J",  small_prefixes, 0, 1},
    {NULL, NULL,           0, 0},
};
static const struct spelling usd_per_h_spellings[] = {
    {"USD/h",    plain_prefixes, 0, 1},
    {"USD/hr",   plain_prefixes, 0, 1},
    {"USD/hour", plain_prefixes, 0, 1},
    {"$/h",      plain_prefixes, 0, 1},
    {NULL,       NULL,           0, 0},
};
static const struct spelling fraction_spellings[] = {
    {"%",  plain_prefixes, -2, 1},
    {NULL, NULL,           0,  0},
};

/* A hint for a text that would have been right for another unit. */
struct mistake {
    enum unit meant;
    const char *hint;
};

static const struct unit_row {
    const char *name, *expected; /* the SI unit; what a message asks for */
    const struct spelling *spellings;
    struct mistake mistake;
} units[UNITS] = {
    [UNIT_NONE] = {"",       "a plain number",                   none_spellings,        {UNIT_NONE, NULL}},
    [UNIT_BYTES] = {"B",
                   "a size such as \"80 GiB\"",                  bytes_spellings,
                   {UNIT_BYTES_PER_S, "with \"/s\" it is a rate, not a size"}                            },
    [UNIT_BYTES_PER_S] = {"B/s",
                   "a rate such as \"3.35 TB/s\"",               bytes_per_s_spellings,
                   {UNIT_BYTES, "bytes without \"/s\" is a size"}                                        },
    [UNIT_FLOP_PER_S] = {"FLOP/s",
                   "a rate such as \"989 TFLOP/s\"",             flop_per_s_spellings,
                   {UNIT_FLOP,
                          "FLOP without \"/s\" is a count; write \"FLOP/s\" or \"FLOPS\""}               },
    [UNIT_FLOP] = {"FLOP",
                   "a count such as \"1.4 PFLOP\"",              flop_spellings,
                   {UNIT_FLOP_PER_S, "with \"/s\" (or as \"FLOPS\") it is a rate, not a count"}          },
    [UNIT_SECONDS] = {"s",      "a time such as \"2.5 us\"",        seconds_spellings,     {UNIT_NONE, NULL}},
    [UNIT_HERTZ] = {"Hz",     "a frequency such as \"1.83 GHz\"", hertz_spellings,       {UNIT_NONE, NULL}},
    [UNIT_WATTS] = {"W",      "a power such as \"700 W\"",        watts_spellings,       {UNIT_NONE, NULL}},
    [UNIT_JOULES] = {"J",      "an energy such as \"1.6 pJ\"",     joules_spellings,      {UNIT_NONE, NULL}},
    [UNIT_USD_PER_H] = {"USD/h",
                   "a price such as \"2.50 USD/h\"",             usd_per_h_spellings,
                   {UNIT_NONE, NULL}                                                                     },
    [UNIT_FRACTION] = {"",
                   "a fraction such as \"80 %\" or 0.8",         fraction_spellings,
                   {UNIT_NONE, NULL}                                                                     },
};

const char *unit_name(enum unit unit)
{
    return units[unit].name;
}

/* ---- reading ---- */

static bool same(const char *a, size_t n, const char *b, bool any_case)
{
    size_t m = strlen(b);
    if (n != m)
        return false;
    for (size_t i = 0; i < n; i++)
        if (any_case ? ascii_lower(a[i]) != ascii_lower(b[i]) : a[i] != b[i])
            return false;
    return true;
}

/* The spelling and prefix that text[0..n) is made of. */
static bool unit_match(const char *text, size_t n, enum unit unit, bool any_case,
                       const struct spelling **spelling, const struct prefix **prefix)
{
    for (const struct spelling *s = units[unit].spellings; s->text; s++) {
        for (const struct prefix *p = s->prefixes; p->text; p++) {
            size_t length = strlen(p->text);
            if (length <= n && same(text, length, p->text, any_case) &&
                same(text + length, n - length, s->text, any_case)) {
                *spelling = s;
                *prefix = p;
                return true;
            }
        }
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A text cut into its number and its unit, blanks dropped. */
struct quantity {
    const char *number, *unit;
    size_t unit_length;
    struct decimal decimal;
};

static struct quantity quantity_cut(const char *text)
{
    struct quantity q;
    while (is_blank(*text))
        text++;
    q.number = text;
    q.decimal = decimal_scan(text);
    q.unit = text + q.decimal.length;
    while (is_blank(*q.unit))
        q.unit++;
    q.unit_length = strlen(q.unit);
    while (q.unit_length > 0 && is_blank(q.unit[q.unit_length - 1]))
        q.unit_length--;
    return q;
}

static void hint_at_mistake(const struct quantity *q, enum unit unit, struct error *e)
{
    const struct spelling *spelling;
    const struct prefix *prefix;
    const struct mistake *m = &units[unit].mistake;
    bool data = unit == UNIT_BYTES || unit == UNIT_BYTES_PER_S;
    if (q->decimal.length == 0)
        return;
    if (m->hint && unit_match(q->unit, q->unit_length, m->meant, false, &spelling, &prefix))
        error_set_hint(e, "%s", m->hint);
    else if (unit_match(q->unit, q->unit_length, unit, true, &spelling, &prefix))
        error_set_hint(e,
                       data ? "units are case-sensitive: \"Gb\" is bits, \"GB\" is bytes"
                            : "units are case-sensitive: \"%s%s\"",
                       prefix->text, spelling->text);
    else if (unit == UNIT_NONE && *q->unit != ',')
        number_hint_suffix(q->number, e);
    else if (*q->unit == ',')
        error_set_hint(e, "decimals take a point, thousands no separator");
}

static enum status unit_error(const char *text, const struct quantity *q, enum unit unit,
                              struct error *e)
{
    if (e->status == STATUS_OK) {
        error_set(e, STATUS_INPUT, "expected %s, got \"%.100s\"", units[unit].expected, text);
        hint_at_mistake(q, unit, e);
    }
    return e->status;
}

enum status unit_parse(const char *text, enum unit unit, double *value, struct error *e)
{
    struct quantity q = quantity_cut(text);
    const struct spelling *spelling = NULL;
    const struct prefix *prefix = NULL;
    int power10 = 0;
    double factor = 1;
    if (q.decimal.length == 0)
        return unit_error(text, &q, unit, e);
    if (q.unit_length > 0) {
        if (!unit_match(q.unit, q.unit_length, unit, false, &spelling, &prefix))
            return unit_error(text, &q, unit, e);
        power10 = prefix->power10 + spelling->power10;
        factor = ldexp(spelling->factor, prefix->power2);
    }
    double x = decimal_value(q.number, &q.decimal, power10) * factor;
    if (!isfinite(x))
        return error_set(e, STATUS_INPUT, "expected a finite number, got \"%.100s\"", text);
    *value = x;
    return STATUS_OK;
}

/* ---- writing ---- */

/* Scales for printing, largest first. */
struct scale {
    const char *text;
    double factor;
};
static const struct scale plain_scales[] = {
    {"",   1},
    {NULL, 0},
};
static const struct scale decimal_scales[] = {
    {"Y",  1e24},
    {"Z",  1e21},
    {"E",  1e18},
    {"P",  1e15},
    {"T",  1e12},
    {"G",  1e9 },
    {"M",  1e6 },
    {"k",  1e3 },
    {"",   1   },
    {NULL, 0   },
};
static const struct scale binary_scales[] = {
    {"Ei", 0x1p60},
    {"Pi", 0x1p50},
    {"Ti", 0x1p40},
    {"Gi", 0x1p30},
    {"Mi", 0x1p20},
    {"Ki", 0x1p10},
    {"",   1     },
    {NULL, 0     },
};
static const struct scale small_scales[] = {
    {"",   1   },
    {"m",  1e-3},
    {"u",  1e-6},
    {"n",  1e-9},
    {NULL, 0   },
};
static const struct scale energy_scales[] = {
    {"",   1    },
    {"m",  1e-3 },
    {"u",  1e-6 },
    {"n",  1e-9 },
    {"p",  1e-12},
    {NULL, 0    },
};
static const struct scale percent_scales[] = {
    {"%",  1e-2},
    {NULL, 0   },
};

static const struct scale *const unit_scales[UNITS] = {
    [UNIT_NONE] = plain_scales,          [UNIT_BYTES] = binary_scales,
    [UNIT_BYTES_PER_S] = decimal_scales, [UNIT_FLOP_PER_S] = decimal_scales,
    [UNIT_FLOP] = decimal_scales,        [UNIT_SECONDS] = small_scales,
    [UNIT_HERTZ] = decimal_scales,       [UNIT_WATTS] = decimal_scales,
    [UNIT_JOULES] = energy_scales,       [UNIT_USD_PER_H] = plain_scales,
    [UNIT_FRACTION] = percent_scales,
};

/* x rounded to so many significant digits. */
static double rounded(double x, int digits)
{
    char buffer[64];
    c_locale_format(buffer, sizeof buffer, "%.*e", digits - 1, x);
    return c_locale_strtod(buffer, NULL);
}

/* The largest scale that leaves at least 1 after rounding (999.96 GB is 1 TB); the smallest if
 * none. */
static const struct scale *scale_pick(const struct scale *scales, double value, int digits)
{
    const struct scale *base = scales;
    for (const struct scale *s = scales; s->text; s++) {
        if (s->factor == 1)
            base = s;
        if (value != 0 && rounded(fabs(value) / s->factor, digits) >= 1)
            return s;
        if (!s[1].text && value != 0)
            return s;
    }
    return base;
}

/* Decimals for `digits` significant ones, trailing zeros dropped; whole digits are never dropped.
 */
static void add_scaled(struct text *out, double x, int digits)
{
    char buffer[64];
    double magnitude = fabs(rounded(x, digits)); /* beyond the range of a double: infinite */
    if (magnitude >= 1e15 || (magnitude > 0 && magnitude < 1e-4)) {
        text_addf(out, "%.*g", digits, x);
        return;
    }
    int whole = magnitude > 0 ? (int)floor(log10(magnitude)) + 1 : 1;
    c_locale_format(buffer, sizeof buffer, "%.*f", digits > whole ? digits - whole : 0, x);
    size_t n = strlen(buffer);
    if (strchr(buffer, '.')) {
        while (buffer[n - 1] == '0')
            n--;
        if (buffer[n - 1] == '.')
            n--;
    }
    text_add_n(out, buffer, n);
}

static void format_scaled(struct text *out, double value, enum unit unit, int digits,
                          const struct scale *scales)
{
    digits = digits < 1 ? 1 : digits > 17 ? 17 : digits;
    if (!isfinite(value)) {
        text_add(out, isnan(value) ? "unknown" : value > 0 ? "inf" : "-inf");
        return;
    }
    const struct scale *scale = scale_pick(scales, value, digits);
    add_scaled(out, value / scale->factor, digits);
    if (scale->text[0] || units[unit].name[0])
        text_add_n(out, " ", 1);
    text_add(out, scale->text);
    text_add(out, units[unit].name);
}

void unit_format(struct text *out, double value, enum unit unit, int digits)
{
    format_scaled(out, value, unit, digits, unit_scales[unit]);
}

void unit_format_limit(struct text *out, double value, enum unit unit)
{
    bool decimal = unit == UNIT_BYTES && fmod(value, 1e3) == 0;
    format_scaled(out, value, unit, 6, decimal ? decimal_scales : unit_scales[unit]);
}
