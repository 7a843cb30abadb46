#ifndef BASE_UNITS_H
#define BASE_UNITS_H
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"

/* What a quantity measures. SI inside; scaled only when read or printed, and only here. */
enum unit {
    UNIT_NONE,        /* a plain number */
    UNIT_BYTES,       /* "80 GiB", "64 KB" */
    UNIT_BYTES_PER_S, /* "3.35 TB/s", "400 Gb/s", "400 Gbit/s" */
    UNIT_FLOP_PER_S,  /* "989 TFLOP/s", "989 TFLOPS" */
    UNIT_FLOP,        /* "1.4 PFLOP" */
    UNIT_SECONDS,     /* "2.5 us", "13 ms" */
    UNIT_HERTZ,       /* "1.83 GHz" */
    UNIT_WATTS,       /* "700 W", "1.2 kW" */
    UNIT_JOULES,      /* "1.6 pJ" */
    UNIT_USD_PER_H,   /* "2.50 USD/h" */
    UNIT_FRACTION,    /* "80 %" or 0.8 */
    UNITS
};

/* Reads a quantity with its unit; a number without one is taken as SI. Decimal (GB) and binary (GiB),
 * bits (Gb) and bytes (GB) are never confused; "3.35 TB" for a rate is an error with a hint.
 * Non-finite values are refused. Locale-independent. */
enum status unit_parse(const char *text, enum unit unit, double *value, struct error *e);

/* Appends the value scaled with its unit and about `digits` significant digits: "3.35 TB/s", "13.75 s",
 * "45.56 GiB" (sizes binary, rates decimal). */
void unit_format(struct text *out, double value, enum unit unit, int digits);

/* As a range states it: a size of whole thousands is decimal ("1 MB", not "976.562 KiB"). */
void unit_format_limit(struct text *out, double value, enum unit unit);

const char *unit_name(enum unit unit); /* "B/s" ... */

#endif
