/* The first byte chooses a unit, the second a number of digits, the rest is a quantity: it is a
 * finite number or an error, and what is printed reads back as the same quantity. */
#include "base/units.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

static void check_number(double value)
{
    char buffer[32];
    double back = 0;
    struct error e;
    error_init(&e);
    number_format(value, buffer, sizeof buffer);
    require(number_parse(buffer, &back, &e) == STATUS_OK && back == value);
}

/* Rounded to so many digits, the value is off by half a unit of the last at most. Near the ends of
 * the range of a double a scaled value loses digits: not looked at. */
static void check_format(double value, enum unit unit, int digits)
{
    struct text t = {0};
    struct error e;
    double back = 0, tolerance = 0.5 * pow(10, 1 - digits) + 1e-15;
    unit_format(&t, value, unit, digits);
    require(t.length > 0 && !t.failed);
    error_init(&e);
    if (fabs(value) < 1e290) {
        require(unit_parse(t.data, unit, &back, &e) == STATUS_OK);
        if (fabs(value) > 1e-290)
            require(fabs(back - value) <= tolerance * fabs(value));
    }
    text_free(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[600];
    double value = 42;
    struct error e;
    if (size < 2 || size - 2 >= sizeof text)
        return 0;
    enum unit unit = (enum unit)(data[0] % UNITS);
    int digits = 1 + data[1] % 17;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = '\0';
    error_init(&e);
    if (unit_parse(text, unit, &value, &e) == STATUS_OK) {
        require(isfinite(value) && e.status == STATUS_OK);
        check_number(value);
        check_format(value, unit, digits);
    } else
        require(e.status == STATUS_INPUT && e.message[0] && value == 42);
    error_init(&e);
    if (number_parse(text, &value, &e) == STATUS_OK)
        check_number(value);
    return 0;
}
