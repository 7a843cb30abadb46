#include "base/c_locale.h"
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/units.h"
#include "tests/unit/check.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* LC_NUMERIC of a locale "xx_XX" with a decimal comma, as glibc's localedef compiles it on a
 * little-endian machine (decimal_point ",", thousands_sep ".", grouping 3;3): a test machine seldom
 * has such a locale. */
static const unsigned char comma_locale[] = {
    0x14, 0x11, 0x03, 0x20, 0x06, 0,    0,    0,    0x20, 0,    0,    0,    0x22, 0,    0, 0,
    0x24, 0,    0,    0,    0x28, 0,    0,    0,    0x2c, 0,    0,    0,    0x30, 0,    0, 0,
    0x2c, 0,    0x2e, 0,    0x03, 0x03, 0,    0,    0x2c, 0,    0,    0,    0x2e, 0,    0, 0,
    0x41, 0x4e, 0x53, 0x49, 0x5f, 0x58, 0x33, 0x2e, 0x34, 0x2d, 0x31, 0x39, 0x36, 0x38, 0};

static char folder[64], locale_folder[80], locale_file[96];

static int remove_locale(void **state)
{
    (void)state;
    setlocale(LC_NUMERIC, "C");
    unlink(locale_file);
    rmdir(locale_folder);
    return rmdir(folder);
}

/* Puts the process into the comma locale, as a host program might. */
static int make_locale(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/stepcast_locale_XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(locale_folder, sizeof locale_folder, "%s/xx_XX", folder);
    snprintf(locale_file, sizeof locale_file, "%s/LC_NUMERIC", locale_folder);
    mkdir(locale_folder, 0777);
    FILE *file = fopen(locale_file, "wb");
    if (!file)
        return -1;
    fwrite(comma_locale, 1, sizeof comma_locale, file);
    fclose(file);
    setenv("LOCPATH", folder, 1);
    setlocale(LC_NUMERIC, "xx_XX");
    return 0;
}

/* Without it (another C library) there is nothing to test. */
static void need_comma(void)
{
    char comma[16];
    snprintf(comma, sizeof comma, "%.1f", 1.5);
    if (strcmp(comma, "1,5") != 0)
        skip();
}

static void test_numbers(void **state)
{
    (void)state;
    char buffer[32];
    double value = 0;
    struct error e;
    need_comma();
    error_init(&e);
    number_format(1.5e-3, buffer, sizeof buffer);
    assert_string_equal(buffer, "0.0015");
    assert_int_equal(number_parse("2.25", &value, &e), STATUS_OK);
    assert_true(value == 2.25);
    assert_int_equal(unit_parse("3.35 TB/s", UNIT_BYTES_PER_S, &value, &e), STATUS_OK);
    assert_true(value == 3.35e12);
    assert_int_equal(number_parse("2,25", &value, &e), STATUS_INPUT);
}

static void test_texts(void **state)
{
    (void)state;
    struct text t = {0};
    struct error e;
    need_comma();
    text_addf(&t, "%.2f %g ", 1.25, 1e-3);
    unit_format(&t, 13.75, UNIT_SECONDS, 4);
    assert_string_equal(t.data, "1.25 0.001 13.75 s");
    text_free(&t);
    error_init(&e);
    error_set(&e, STATUS_INPUT, "%.1f", 1.5);
    error_set_hint(&e, "%.1f", 2.5);
    assert_string_equal(e.message, "1.5");
    assert_string_equal(e.hint, "2.5");
}

static void test_json(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    struct error e;
    need_comma();
    json_writer_init(&w, &t);
    json_open_array_compact(&w, NULL);
    json_put_number(&w, NULL, 0.25);
    json_close_array(&w);
    assert_string_equal(t.data, "[0.25]\n");
    error_init(&e);
    struct json *json = json_parse(t.data, t.length, "f", &e);
    assert_non_null(json);
    assert_true(json_number(json_first(json_root(json))) == 0.25);
    json_error(json, json_root(json), &e, STATUS_INPUT, "%.1f", 1.5);
    assert_string_equal(e.message, "1.5");
    json_free(json);
    text_free(&t);
}

/* The host's locale is as it was. */
static void test_host_keeps_its_locale(void **state)
{
    (void)state;
    char *end, buffer[16];
    need_comma();
    assert_true(c_locale_strtod("1.5", &end) == 1.5);
    assert_string_equal(end, "");
    snprintf(buffer, sizeof buffer, "%.1f", 1.5);
    assert_string_equal(buffer, "1,5");
    struct c_locale outer = c_locale_enter(), inner = c_locale_enter();
    c_locale_leave(inner);
    snprintf(buffer, sizeof buffer, "%.1f", 1.5);
    assert_string_equal(buffer, "1.5");
    c_locale_leave(outer);
    snprintf(buffer, sizeof buffer, "%.1f", 1.5);
    assert_string_equal(buffer, "1,5");
}

static void test_ascii_lower(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        char want = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        assert_int_equal(ascii_lower((char)c), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_texts),
        cmocka_unit_test(test_json),        cmocka_unit_test(test_host_keeps_its_locale),
        cmocka_unit_test(test_ascii_lower),
    };
    return cmocka_run_group_tests(tests, make_locale, remove_locale);
}
