#include "calibrate/bench/options.h"
#include "tests/unit/check.h"
#include <string.h>

enum { ARGUMENTS_MAX = 16 };

static enum status read_line(const char *line, struct options *options, struct error *e)
{
    static char copy[256];
    char *argv[ARGUMENTS_MAX] = {copy}, *rest = copy;
    int argc = 0;
    strncpy(copy, line, sizeof copy - 1);
    while (argc < ARGUMENTS_MAX && (argv[argc] = strtok_r(rest, " ", &rest)) != NULL)
        argc++;
    error_init(e);
    return options_read(argc, argv, options, e);
}

static void defaults_and_values(void **state)
{
    (void)state;
    struct options o;
    struct error e;
    assert_int_equal(read_line("stepcast-bench", &o, &e), STATUS_OK);
    assert_string_equal(o.device, "cpu");
    assert_int_equal(o.seed, 1);
    assert_int_equal(
        read_line("stepcast-bench --device cuda -o out --seconds=90 --seed 7 --quiet", &o, &e),
        STATUS_OK);
    assert_string_equal(o.device, "cuda");
    assert_string_equal(o.output, "out");
    check_near(o.seconds, 90, 0);
    assert_int_equal(o.seed, 7);
    assert_true(o.quiet);
}

static void wrong_usage(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"stepcast-bench --devise cpu", "unknown option --devise"        },
        {"stepcast-bench cpu",          "expected an option, got \"cpu\""},
        {"stepcast-bench --device",     "--device needs a value"         },
        {"stepcast-bench --quiet=1",    "--quiet takes no value"         },
    };
    struct options o;
    struct error e;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(read_line(lines[i][0], &o, &e), STATUS_USAGE);
        assert_string_equal(e.message, lines[i][1]);
        assert_true(*e.hint);
    }
    assert_int_equal(read_line("stepcast-bench --points -3", &o, &e), STATUS_USAGE);
    assert_int_equal(read_line("stepcast-bench --seconds long", &o, &e), STATUS_USAGE);
}

static void a_list_selects_whole_names(void **state)
{
    (void)state;
    struct options o = {.suites = "gemm,memory"};
    assert_true(options_select(&o, "gemm"));
    assert_true(options_select(&o, "memory"));
    assert_false(options_select(&o, "mem"));
    assert_false(options_select(&o, "gemmx"));
    o.suites[0] = '\0';
    assert_true(options_select(&o, "anything"));
}

/* Every option of the table is in the help. */
static void help_lists_options(void **state)
{
    (void)state;
    static const char *const names[] = {"--device",  "--suites",  "--output", "--shapes",
                                        "--seconds", "--timeout", "--points", "--threads",
                                        "--gpus",    "--list"};
    struct text text = {0};
    options_help(&text);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(strstr(text.data, names[i]));
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_and_values),
        cmocka_unit_test(wrong_usage),
        cmocka_unit_test(a_list_selects_whole_names),
        cmocka_unit_test(help_lists_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
