#include "calibrate/sample_table.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 64 };

static void write_file(char path[PATH_SIZE], const char *text)
{
    snprintf(path, PATH_SIZE, "/tmp/stepcast-table-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void cells_notes_and_numbers(void **state)
{
    (void)state;
    char path[PATH_SIZE], note[32];
    struct sample_table t = {0};
    struct error e;
    double value;
    error_init(&e);
    write_file(path, "# machine: cpu, 2 threads\r\n# date: 2026-11-21\ndtype,m,time_us\r\n\n"
                     "fp32,64,12.5\n# between\nfp32,128,25");
    assert_int_equal(sample_table_load(path, &t, &e), STATUS_OK);
    assert_int_equal(t.rows, 2);
    assert_string_equal(sample_table_cell(&t, 1, sample_table_column(&t, "m")), "128");
    assert_int_equal(sample_table_number(&t, 0, sample_table_column(&t, "time_us"), &value, &e),
                     STATUS_OK);
    check_near(value, 12.5, 0);
    assert_int_equal(sample_table_column(&t, "n"), -1);
    assert_string_equal(sample_table_cell(&t, 5, 0), "");
    assert_true(sample_table_note(&t, "machine", note, sizeof note));
    assert_string_equal(note, "cpu, 2 threads");
    assert_false(sample_table_note(&t, "mach", note, sizeof note));
    assert_int_equal(sample_table_number(&t, 1, 0, &value, &e), STATUS_INPUT);
    assert_int_equal(e.line, 7);
    assert_string_equal(e.path, "dtype");
    sample_table_free(&t);
    unlink(path);
}

static void many_rows(void **state)
{
    (void)state;
    enum { ROWS = 3000 };
    char path[PATH_SIZE];
    struct text text = {0};
    struct sample_table t = {0};
    struct error e;
    error_init(&e);
    text_add(&text, "a,b\n");
    for (int i = 0; i < ROWS; i++)
        text_addf(&text, "%d,%d\n", i, 2 * i);
    write_file(path, text.data);
    assert_int_equal(sample_table_load(path, &t, &e), STATUS_OK);
    assert_int_equal(t.rows, ROWS);
    assert_string_equal(sample_table_cell(&t, ROWS - 1, 1), "5998");
    sample_table_free(&t);
    text_free(&text);
    unlink(path);
}

static void broken_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        int line;
    } bad[] = {
        {"",                "expected a line of column names, found none", 0},
        {"# note: alone\n", "expected a line of column names, found none", 0},
        {"a,b\n1,2\n1\n",   "expected 2 cells, found 1",                   3},
        {"a,b\n1,2,3\n",    "expected 2 cells, found 3",                   2},
        {"a,b,a\n",         "column \"a\" is named twice",                 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[PATH_SIZE];
        struct sample_table t = {0};
        struct error e;
        error_init(&e);
        write_file(path, bad[i].text);
        assert_int_equal(sample_table_load(path, &t, &e), STATUS_INPUT);
        assert_string_equal(e.message, bad[i].message);
        assert_int_equal(e.line, bad[i].line);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_notes_and_numbers),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(broken_files_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
