#include "base/file.h"
#include "calibrate/bench/sample_file.h"
#include "tests/unit/check.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct sample_header header = {
    .columns = "dtype,m,n,k,time_us,mad_us,repetitions",
    .key_columns = 4,
    .machine = "cpu, test",
    .provenance = "# date: 2026-11-21\n",
};
static const char *const head = "# machine: cpu, test\n# date: 2026-11-21\n"
                                "dtype,m,n,k,time_us,mad_us,repetitions\n";

struct folder {
    char path[64], file[128];
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof *f);
    snprintf(f->path, sizeof f->path, "/tmp/stepcast-samples-XXXXXX");
    if (!mkdtemp(f->path))
        return -1;
    snprintf(f->file, sizeof f->file, "%s/samples/gemm.csv", f->path);
    *state = f;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char samples[128];
    snprintf(samples, sizeof samples, "%s/samples", f->path);
    unlink(f->file);
    rmdir(samples);
    rmdir(f->path);
    free(f);
    return 0;
}

static void expect_file(const struct folder *f, const char *start, const char *rest)
{
    struct text text = {0};
    struct error e;
    char expected[1024];
    error_init(&e);
    assert_int_equal(file_read(f->file, 0, &text, &e), STATUS_OK);
    snprintf(expected, sizeof expected, "%s%s", start, rest);
    assert_string_equal(text.data, expected);
    text_free(&text);
}

static void put_file(const struct folder *f, const char *start, const char *rest)
{
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    fprintf(out, "%s%s", start, rest);
    fclose(out);
}

static enum status open_samples(const struct folder *f, struct sample_file *file, struct error *e)
{
    error_init(e);
    return sample_file_open(file, f->path, "gemm", &header, e);
}

static void rows_are_found_again(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    assert_int_equal(sample_file_add(&file, "fp32,64,64,64", "12.5,0.1,9", &e), STATUS_OK);
    assert_true(sample_file_has(&file, "fp32,64,64,64"));
    sample_file_close(&file);
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    assert_true(sample_file_has(&file, "fp32,64,64,64"));
    assert_false(sample_file_has(&file, "fp32,64,64,6"));
    assert_false(sample_file_has(&file, "fp32,64,64,128"));
    assert_int_equal(sample_file_add(&file, "fp32,64,64,128", "25,0.1,9", &e), STATUS_OK);
    sample_file_close(&file);
    expect_file(f, head, "fp32,64,64,64,12.5,0.1,9\nfp32,64,64,128,25,0.1,9\n");
}

/* Rows written until SIGKILL, ten times: each row is there once, whole, and none that was finished
 * is lost. */
static void a_killed_run_continues(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    enum { ROWS = 400 };
    int pipe_ends[2], finished = 0;
    for (int attempt = 0; attempt < 10; attempt++) {
        assert_int_equal(pipe(pipe_ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            if (open_samples(f, &file, &e) != STATUS_OK)
                _exit(1);
            for (int i = 0; i < ROWS; i++) {
                char key[64];
                snprintf(key, sizeof key, "fp32,%d,64,64", i);
                if (sample_file_has(&file, key))
                    continue;
                if (sample_file_add(&file, key, "12.5,0.1,9", &e) != STATUS_OK ||
                    write(pipe_ends[1], &i, sizeof i) != (ssize_t)sizeof i)
                    _exit(1);
            }
            _exit(0);
        }
        close(pipe_ends[1]);
        for (int met = 0, row; met < 20 && read(pipe_ends[0], &row, sizeof row) > 0; met++)
            finished = row + 1;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(pipe_ends[0]);
    }
    assert_true(finished >= 200);
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    for (int i = 0; i < finished; i++) {
        char key[64];
        int count = 0;
        snprintf(key, sizeof key, "fp32,%d,64,64", i);
        for (size_t k = 0; k < file.key_count; k++)
            count += strcmp(file.key[k], key) == 0;
        assert_int_equal(count, 1);
    }
    sample_file_close(&file);
}

static void an_unfinished_row_is_cut_off(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    sample_file_close(&file);
    put_file(f, head, "fp32,64,64,64,12.5,0.1,9\nfp32,64,64,128,25,0.");
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    assert_true(sample_file_has(&file, "fp32,64,64,64"));
    assert_false(sample_file_has(&file, "fp32,64,64,128"));
    sample_file_close(&file);
    expect_file(f, head, "fp32,64,64,64,12.5,0.1,9\n");
}

static void a_run_killed_in_its_header_starts_anew(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    sample_file_close(&file);
    put_file(f, "# machine: cpu, test\n# da", "");
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    sample_file_close(&file);
    expect_file(f, head, "");
}

static void another_machine_or_format_is_refused(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    sample_file_close(&file);
    put_file(f, "# machine: NVIDIA H100\ndtype,m,n,k,time_us,mad_us,repetitions\n", "");
    assert_int_equal(open_samples(f, &file, &e), STATUS_INPUT);
    assert_int_equal(e.line, 1);
    assert_non_null(strstr(e.message, "NVIDIA H100"));
    expect_file(f, "# machine: NVIDIA H100\ndtype,m,n,k,time_us,mad_us,repetitions\n", "");
    put_file(f, "# machine: cpu, test\ndtype,m,n,k,time_us\n", "");
    assert_int_equal(open_samples(f, &file, &e), STATUS_INPUT);
    assert_int_equal(e.line, 2);
}

static void two_writers_are_refused(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    int how;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    pid_t pid = fork();
    if (pid == 0) {
        struct sample_file second;
        _exit(open_samples(f, &second, &e) == STATUS_IO ? 7 : 1);
    }
    waitpid(pid, &how, 0);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 7);
    sample_file_close(&file);
}

static void a_row_with_other_cells_is_a_defect(void **state)
{
    struct folder *f = *state;
    struct sample_file file;
    struct error e;
    assert_int_equal(open_samples(f, &file, &e), STATUS_OK);
    assert_int_equal(sample_file_add(&file, "fp32,64,64", "12.5,0.1,9,1", &e), STATUS_IO);
    error_init(&e);
    assert_int_equal(sample_file_add(&file, "fp32,64,64,64", "12.5,0.1", &e), STATUS_IO);
    sample_file_close(&file);
    expect_file(f, head, "");
}

static void a_folder_that_cannot_be_made_is_an_io_error(void **state)
{
    (void)state;
    struct sample_file file;
    struct error e;
    error_init(&e);
    assert_int_equal(sample_file_open(&file, "/proc/nothing/here", "gemm", &header, &e), STATUS_IO);
    assert_string_equal(e.file, "/proc/nothing/here");
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(rows_are_found_again),
        WITH_FOLDER(a_killed_run_continues),
        WITH_FOLDER(an_unfinished_row_is_cut_off),
        WITH_FOLDER(a_run_killed_in_its_header_starts_anew),
        WITH_FOLDER(another_machine_or_format_is_refused),
        WITH_FOLDER(two_writers_are_refused),
        WITH_FOLDER(a_row_with_other_cells_is_a_defect),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
