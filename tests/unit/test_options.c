#include "cli/arguments.h"
#include "parallelism/job.h"
#include "parallelism/strategy.h"
#include "tests/unit/check.h"
#include <string.h>

/* The command line is parsed by the option table alone. */

static struct option_table table;

static int setup(void **state)
{
    (void)state;
    option_table_init(&table);
    return 0;
}

/* Parses a line of words for a command; the caller frees. */
static enum status parse(enum command_id command, const char *line, struct arguments *a,
                         struct error *e)
{
    static char copy[512];
    static char *argv[64];
    int argc = 0;
    strcpy(copy, line);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    error_init(e);
    return arguments_parse(&table, &commands[command], argc, argv, a, e);
}

static void test_values(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    assert_int_equal(parse(COMMAND_SEARCH, "--tp 8 --micro-batch=2 --json -ofile -q", &a, &e), 0);
    assert_string_equal(argument_value(&a, "tp"), "8");
    assert_string_equal(argument_value(&a, "micro-batch"), "2");
    assert_true(argument_given(&a, "json"));
    assert_null(argument_value(&a, "json"));
    assert_string_equal(argument_value(&a, "output"), "file");
    assert_true(argument_given(&a, "quiet"));
    assert_false(argument_given(&a, "csv"));
    arguments_free(&a);
}

static void test_last_value_wins(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    assert_int_equal(parse(COMMAND_SEARCH, "--tp 8 --tp 4", &a, &e), 0);
    assert_string_equal(argument_value(&a, "tp"), "4");
    arguments_free(&a);
}

/* Every name that Megatron-LM gives one of our keys sets that key. */
static void test_megatron_names(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"tensor-model-parallel-size",           "tp"          },
        {"pipeline-model-parallel-size",         "pp"          },
        {"context-parallel-size",                "cp"          },
        {"expert-model-parallel-size",           "ep"          },
        {"expert-tensor-parallel-size",          "etp"         },
        {"virtual-pipeline-model-parallel-size", "vpp"         },
        {"micro-batch-size",                     "micro-batch" },
        {"global-batch-size",                    "global-batch"},
        {"recompute-granularity",                "recompute"   },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct option *option =
            option_find(&table, 1u << COMMAND_ESTIMATE, pairs[i][0], strlen(pairs[i][0]));
        assert_non_null(option);
        assert_string_equal(option->name, pairs[i][1]);
    }
}

static void test_bool(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    assert_int_equal(parse(COMMAND_ESTIMATE, "--no-sequence-parallel", &a, &e), 0);
    assert_string_equal(argument_value(&a, "sequence-parallel"), "false");
    arguments_free(&a);
    assert_int_equal(parse(COMMAND_ESTIMATE, "--sequence-parallel --tp 2", &a, &e), 0);
    assert_string_equal(argument_value(&a, "sequence-parallel"), "true");
    arguments_free(&a);
    assert_int_equal(parse(COMMAND_ESTIMATE, "--no-tp", &a, &e), STATUS_USAGE);
    arguments_free(&a);
}

static void test_optional_value(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    assert_int_equal(parse(COMMAND_ESTIMATE, "--explain --tp 2", &a, &e), 0);
    assert_true(argument_given(&a, "explain"));
    assert_null(argument_value(&a, "explain"));
    arguments_free(&a);
    assert_int_equal(parse(COMMAND_ESTIMATE, "--explain dp", &a, &e), 0);
    assert_string_equal(argument_value(&a, "explain"), "dp");
    assert_int_equal(a.operand_count, 0);
    arguments_free(&a);
}

static void test_operands(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    assert_int_equal(parse(COMMAND_VALIDATE, "a.json --json b.json -- --odd.json -", &a, &e), 0);
    assert_int_equal(a.operand_count, 4);
    assert_string_equal(a.operands[2], "--odd.json");
    assert_string_equal(a.operands[3], "-");
    arguments_free(&a);
}

static void check_error(enum command_id command, const char *line, const char *message,
                        const char *hint)
{
    struct arguments a;
    struct error e;
    assert_int_equal(parse(command, line, &a, &e), STATUS_USAGE);
    if (!strstr(e.message, message) || !strstr(e.hint, hint))
        fail_msg("%s: \"%s\" hint \"%s\"", line, e.message, e.hint);
    arguments_free(&a);
}

static void test_errors(void **state)
{
    (void)state;
    check_error(COMMAND_SEARCH, "--modle x", "unknown option --modle", "did you mean --model?");
    check_error(COMMAND_SEARCH, "--glbal-batch 8", "unknown option", "--global-batch");
    check_error(COMMAND_LIST, "--tp 8", "unknown option --tp", "no option of stepcast list");
    check_error(COMMAND_SEARCH, "--tp", "--tp needs a value", "");
    check_error(COMMAND_SEARCH, "--json=yes", "--json takes no value", "");
    check_error(COMMAND_SEARCH, "-z", "unknown option -z", "--help");
}

static void test_counts(void **state)
{
    (void)state;
    struct arguments a;
    struct error e;
    double n = 7;
    assert_int_equal(parse(COMMAND_SEARCH, "--gpus 1e3 --top 2.5", &a, &e), 0);
    assert_int_equal(argument_count(&a, "gpus", 1, &n, &e), 0);
    check_near(n, 1000, 0);
    assert_int_equal(argument_count(&a, "threads", 1, &n, &e), 0);
    check_near(n, 1000, 0); /* not given: stays */
    assert_int_equal(argument_count(&a, "top", 1, &n, &e), STATUS_USAGE);
    assert_string_equal(e.path, "--top");
    arguments_free(&a);
}

/* Names are unique within a command: no row hides another. */
static void test_names_are_unique(void **state)
{
    (void)state;
    for (size_t c = 0; c < COMMANDS; c++) {
        for (size_t i = 0; i < table.count; i++) {
            const struct option *row = &table.row[i];
            if ((row->commands & (1u << c)) != 0)
                assert_ptr_equal(option_find(&table, 1u << c, row->name, strlen(row->name)), row);
        }
    }
}

/* Every key of a job and of a strategy has a flag of its name with hyphens. */
static void test_every_key_has_a_flag(void **state)
{
    (void)state;
    for (size_t i = 0; i < strategy_field_count; i++) {
        const struct option *option = option_of_field(&table, &strategy_fields[i]);
        assert_non_null(option);
        assert_null(strchr(option->name, '_'));
        assert_int_equal(strlen(option->name), strlen(strategy_fields[i].key));
    }
    for (size_t i = 0; i < job_field_count; i++)
        assert_non_null(option_of_field(&table, &job_fields[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),           cmocka_unit_test(test_last_value_wins),
        cmocka_unit_test(test_megatron_names),   cmocka_unit_test(test_bool),
        cmocka_unit_test(test_optional_value),   cmocka_unit_test(test_operands),
        cmocka_unit_test(test_errors),           cmocka_unit_test(test_counts),
        cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_every_key_has_a_flag),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
