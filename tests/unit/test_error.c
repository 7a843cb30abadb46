#include "base/error.h"
#include "tests/unit/check.h"
#include <string.h>

static void check_format(const struct error *e, const char *want)
{
    char got[1024];
    error_format(e, got, sizeof got);
    assert_string_equal(got, want);
}

static void test_all_parts(void **state)
{
    (void)state;
    struct error e;
    error_init(&e);
    assert_int_equal(e.status, STATUS_OK);
    assert_int_equal(error_set(&e, STATUS_INPUT, "expected %d, got \"%s\"", 3, "x"), STATUS_INPUT);
    error_set_file(&e, "h100.json", 14, 22);
    error_set_path(&e, "memory_bandwidth");
    error_set_hint(&e, "try %s", "y");
    check_format(&e, "h100.json:14:22: memory_bandwidth: expected 3, got \"x\"\n  hint: try y\n");
}

static void test_parts_left_out(void **state)
{
    (void)state;
    struct error e;
    error_init(&e);
    error_set(&e, STATUS_IO, "cannot open");
    check_format(&e, "cannot open\n");
    error_set_file(&e, "a", 0, 0);
    check_format(&e, "a: cannot open\n");
    error_init(&e);
    error_set(&e, STATUS_IO, "m");
    error_set_path(&e, "p");
    check_format(&e, "p: m\n");
    error_init(&e);
    error_set(&e, STATUS_IO, "m");
    error_set_file(&e, NULL, 3, 0);
    check_format(&e, "3: m\n");
}

static void test_first_error_wins(void **state)
{
    (void)state;
    struct error e;
    error_init(&e);
    error_set(&e, STATUS_USAGE, "first");
    assert_int_equal(error_set(&e, STATUS_IO, "second"), STATUS_USAGE);
    error_set_file(&e, "one", 1, 2);
    error_set_file(&e, "two", 3, 4);
    error_set_path(&e, "a");
    error_set_path(&e, "b");
    error_set_hint(&e, "h");
    error_set_hint(&e, "i");
    check_format(&e, "one:1:2: a: first\n  hint: h\n");
}

/* What a file holds must not reach the terminal as it is. */
static void test_control_characters(void **state)
{
    (void)state;
    struct error e;
    error_init(&e);
    error_set(&e, STATUS_INPUT, "a\x1B[31mb\nc\x7F \xC3\xA9 \xC2\x9B \xFF");
    error_set_file(&e, "f\r", 1, 1);
    check_format(&e, "f?:1:1: a?[31mb?c? \xC3\xA9 ? ?\n");
}

static void test_cut_to_size(void **state)
{
    (void)state;
    struct error e;
    char got[8];
    error_init(&e);
    error_set(&e, STATUS_INPUT, "12345\xC3\xA9tail");
    error_format(&e, got, sizeof got); /* seven bytes: the two of the character fit */
    assert_string_equal(got, "12345\xC3\xA9");
    error_format(&e, got, 7); /* they do not: never half of one */
    assert_int_equal(strlen(got), 6);
    assert_memory_equal(got, "12345", 5);
    assert_true((unsigned char)got[5] < 0x80);
    got[0] = 'x';
    error_format(&e, got, 0);
    assert_int_equal(got[0], 'x');
    error_format(&e, got, 1);
    assert_string_equal(got, "");
}

static void test_long_parts(void **state)
{
    (void)state;
    static char long_text[2000];
    struct error e;
    char got[4096];
    memset(long_text, 'x', sizeof long_text - 1);
    error_init(&e);
    error_set(&e, STATUS_INPUT, "%s", long_text);
    error_set_file(&e, long_text, 1, 1);
    error_set_path(&e, long_text);
    error_set_hint(&e, "%s", long_text);
    error_format(&e, got, sizeof got);
    assert_int_equal(strlen(got), 255 + strlen(":1:1: ") + 191 + 2 + 383 + 1 + 8 + 255 + 1);
}

static void test_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"memory_bandwidth", "memory_capacity", "tp", "pp",
                                        "recompute"};
    static const struct {
        const char *word, *want;
    } rows[] = {
        {"memory_bandwith",                                                            "memory_bandwidth"},
        {"Memory-Bandwidth",                                                           "memory_bandwidth"},
        {"memroy_capacity",                                                            "memory_capacity" },
        {"recomptue",                                                                  "recompute"       },
        {"tpp",                                                                        "tp"              },
        {"recomp",                                                                     NULL              }, /* three missing, two allowed */
        {"x",                                                                          NULL              }, /* all of it would change */
        {"",                                                                           NULL              },
        {"bandwidth",                                                                  NULL              },
        {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", NULL              },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = nearest_name(rows[i].word, names, 5);
        if (rows[i].want)
            assert_string_equal(got ? got : "(none)", rows[i].want);
        else
            assert_null(got);
    }
    assert_null(nearest_name("tp", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_parts),        cmocka_unit_test(test_parts_left_out),
        cmocka_unit_test(test_first_error_wins), cmocka_unit_test(test_control_characters),
        cmocka_unit_test(test_cut_to_size),      cmocka_unit_test(test_long_parts),
        cmocka_unit_test(test_nearest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
