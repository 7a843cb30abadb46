#include "base/file.h"
#include "calibrate/collective_log.h"
#include "tests/unit/check.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW(size, time) #size " 256 float sum -1 " #time " 0.10 0.19 0 9.99 0.10 0.19 0\n"
#define NAME "all_reduce.log"

static struct text warnings;

static enum status import(const char *log, const char *file, const struct log_hints *hints,
                          struct text *csv, struct error *e)
{
    error_init(e);
    text_clear(csv);
    text_clear(&warnings);
    return collective_log_import(&(struct log_file){log, strlen(log), file}, hints, csv, &warnings,
                                 e);
}

/* The rows without their provenance are exactly `want`. */
static void check_rows_with(const char *log, const char *file, const struct log_hints *hints,
                            const char *want)
{
    struct text csv = {0}, rows = {0};
    struct error e;
    if (import(log, file, hints, &csv, &e) != STATUS_OK)
        fail_msg("refused at line %d: %s", e.line, e.message);
    for (const char *p = csv.data; p && *p;) {
        size_t n = strcspn(p, "\n") + 1;
        if (*p != '#')
            text_add_n(&rows, p, n);
        p += n;
    }
    assert_string_equal(rows.data, want);
    text_free(&csv);
    text_free(&rows);
    text_free(&warnings);
}

static void check_rows(const char *log, const char *want)
{
    check_rows_with(log, NAME, &(struct log_hints){.ranks = 4}, want);
}

static void check_refused(const char *log, int line, const char *says)
{
    struct text csv = {0};
    struct error e;
    text_add(&csv, "");
    assert_int_equal(import(log, NAME, &(struct log_hints){0}, &csv, &e), STATUS_INPUT);
    assert_int_equal(e.line, line);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
    assert_int_equal(csv.length, 0);
    text_free(&csv);
    text_free(&warnings);
}

/* Every wrapping leaves the same row. */
static void test_wrappings(void **state)
{
    (void)state;
    const char *want = "all_reduce,float,4,1024,12.5,\n";
    check_rows(ROW(1024, 12.5), want);
    check_rows("   0: " ROW(1024, 12.5), want);
    check_rows("[1,0]<stdout>:" ROW(1024, 12.5), want);
    check_rows("   [1,0]<stdout>:  1024 256 float sum -1[1,0]<stdout>: 12.5 0.1 0.1 "
               "0[1,0]<stdout>: 9 0.1 0.1 0\r\n",
               want);
    check_rows("[0]  1024 256 float sum -1[0]  12.5 0.1 0.1 0[0]  9 0.1 0.1 0\n", want);
    check_rows("[job@1,3]<stdout>: node7:0: " ROW(1024, 12.5), want);
    check_rows("2026-01-29T18:02:19Z pod/worker " ROW(1024, 12.5), want);
    check_rows("0:" ROW(1024, 12.5), want);
    check_rows("| 1024 | 256 | float | sum | 12.5 | 0.10 | 0.19 | 0 |\n", want);
    check_rows("(head, rank=0, pid=3808) [1,0]<stdout>:    " ROW(1024, 12.5), want);
    check_rows("2026-08-06T09:30:29.569516911-07:00    " ROW(1024, 12.5), want);
    check_rows("\033[0;32m1024\033[0m 256 float sum -1 \033[1m12.5\033[0m 0.1 0.1 0 9 0.1 0.1 0\n",
               want);
    check_rows(
        "# size count type redop root time algbw busbw #wrong\n" ROW(
            1024,
            12.5) "...\n"
                  "# Out of bounds values : 0 OK\n# Avg bus bandwidth : 1\n8 16 24 32 40 48 56\n",
        want);
}

/* What Docker keeps of a container: an object a line, a long line in pieces, one cut off. */
static void test_docker(void **state)
{
    (void)state;
    static const char rest[] = "\",\"stream\":\"stdout\",\"time\":\"2026-01-29T18:02:19.1Z\"}\n";
    struct text log = {0};
    text_addf(&log, "{\"log\":\"# nThread 1 nGpus 1 \\u003e x\\n%s", rest);
    text_addf(&log, "{\"log\":\"  1024 256 float sum -1 %s", rest);
    text_addf(&log, "{\"log\":\"12.5 0.1 0.1 0 9 0.1 0.1 0\\n%s", rest);
    text_addf(&log, "{\"log\":\"  2048 512 float sum -1 13.5 0.1 0.1 0 9 0.1 0.1 0\\r\\n%s", rest);
    text_add(&log, "{\"log\":\"  4096 1024 fl");
    check_rows(log.data, "all_reduce,float,4,1024,12.5,\nall_reduce,float,4,2048,13.5,\n");
    text_free(&log);
    check_refused("{\"log\": 5}\n{\"log\": \"nothing\\n\"}\n", 1, "no readable row");
}

/* 13 columns; 12 without a root; 11 without operation; missing times; a time stamp; in-place alone;
 * bits that differ; times of iterations. */
static void test_shapes(void **state)
{
    (void)state;
    check_rows("8 2 double sum -1 1.5 0.1 0.1 N/A 1.4 0.1 0.1 N/A\n",
               "all_reduce,double,4,8,1.5,\n");
    check_rows("8 2 float sum 146.7 0.00 0.00 2e-07 159.1 0.00 0.00 1e-07\n",
               "all_reduce,float,4,8,146.7,\n");
    check_rows("8 2 half 146.7 0.00 0.00 0e+00 159.1 0.00 0.00 0e+00\n",
               "all_reduce,half,4,8,146.7,\n");
    check_rows("8 2 float sum -1 N/A N/A N/A N/A 7.5 0.1 0.1 0\n", "all_reduce,float,4,8,7.5,\n");
    check_rows("8 2 float sum -1 7.5 0.1 0.1 0\n", "all_reduce,float,4,8,7.5,\n");
    check_rows("8 2 float sum -1 7.5 0.1 0.1 0 7.6 0.1 0.1 0 2026-01-29 18:02:19\n",
               "all_reduce,float,4,8,7.5,\n");
    check_rows("8 2 float sum -1 1.3e+07 0.1 0.1 0 7.6 0.1 0.1 0\n",
               "all_reduce,float,4,8,13000000,\n");
    check_rows("# size count type redop root time algbw busbw #wrong #bitdiff time algbw busbw "
               "#wrong #bitdiff\n8 2 float sum -1 7.5 0.1 0.1 0 0 7.6 0.1 0.1 0 3\n",
               "all_reduce,float,4,8,7.5,\n");
    check_rows("8 2 float sum -1 7.5 0.1 0.1 0 7.1 7.9 7.8 2.5 7.6 0.1 0.1 0 7.2 8.0 7.9 2.6\n",
               "all_reduce,float,4,8,7.5,\n");
    check_rows("size(B) count(elems) type time:avg(us) algbw(GB/s) busbw(GB/s)\n8 2 fp32 63.52 "
               "0.00 0.00\n",
               "all_reduce,fp32,4,8,63.52,\n");
    check_rows("  size(B) count(elems) type time(us) algbw(GB/s) busbw(GB/s)\n  33554432 33554432 "
               "uint8 768 40.69 40.69\n",
               "all_reduce,uint8,4,33554432,768,\n");
}

/* Order and repetitions stay; several tables, several collectives, each with its own ranks. */
static void test_several_tables(void **state)
{
    (void)state;
    check_rows(ROW(8, 3) ROW(8, 2) ROW(8, 3), "all_reduce,float,4,8,3,\nall_reduce,float,4,8,2,\n"
                                              "all_reduce,float,4,8,3,\n");
    check_rows_with("# Collective test starting: all_gather_perf\n"
                    "#  Rank  0 Group  0 Pid  1 on a device  0 [0x07] NVIDIA X\n"
                    "#  Rank  1 Group  0 Pid  1 on b device  0 [0x07] NVIDIA X\n"
                    "1024 128 float none -1 5 0.1 0.1 0 5 0.1 0.1 0\n"
                    "# Avg bus bandwidth : 1\n# Collective test concluded: all_gather_perf\n"
                    "$ srun build/alltoall_perf -b 8\n"
                    "256 16 float none -1 6 0.1 0.1 0 6 0.1 0.1 N/A\n",
                    "log", &(struct log_hints){0},
                    "all_gather,float,2,1024,5,1\nalltoall,float,4,256,6,\n");
}

/* Logs of a collection, one after the other under names that tell nothing: their own comments name
 * the collective. */
static void test_stated(void **state)
{
    (void)state;
    check_rows_with(
        "# source: a; system: b; nodes: 2; gpus: 16\n# collective: all_reduce; rows: 1\n"
        "1024 256 float sum -1 5 0.1 0.1 0 5 0.1 0.1 0\n"
        "# source: c; system: d; nodes: 2; gpus: 8\n# collective: alltoall; rows: 1\n"
        "256 8 float none -1 6 0.1 0.1 0 6 0.1 0.1 N/A\n",
        "log", &(struct log_hints){0}, "all_reduce,float,16,1024,5,8\nalltoall,float,8,256,6,4\n");
}

/* What the log does not tell: the hints, else the names, else nothing and a warning. */
static void test_hints(void **state)
{
    (void)state;
    struct log_hints hints = {.op = "broadcast", .ranks = 16};
    check_rows_with(ROW(1024, 12.5), "all_reduce.log", &hints, "broadcast,float,16,1024,12.5,\n");
    check_rows_with(ROW(1024, 12.5), "run7-ReduceScatter.txt", &(struct log_hints){0},
                    "reduce_scatter,float,,1024,12.5,\n");
    struct text csv = {0};
    struct error e;
    assert_int_equal(import(ROW(1024, 12.5), "x.log", &(struct log_hints){0}, &csv, &e), STATUS_OK);
    assert_non_null(strstr(csv.data, "\n,float,,1024,12.5,\n"));
    assert_non_null(strstr(warnings.data, "--op"));
    assert_non_null(strstr(warnings.data, "--ranks"));
    text_free(&csv);
    text_free(&warnings);
}

/* A rank list with lines left out: what is left tells neither the ranks of a node nor, against the
 * bandwidths (1.875 = 2 x 15 / 16), how many there are. */
static void test_elided_ranks(void **state)
{
    (void)state;
    check_rows_with("# Rank 0 Group 0 Pid 1 on a device 0 [0x05] X\n"
                    "# Rank 8 Group 0 Pid 1 on b device 0 [0x05] X\n"
                    "1073741824 268435456 float sum -1 23275 46.13 86.49 0 23270 46.14 86.51 0\n",
                    NAME, &(struct log_hints){0}, "all_reduce,float,16,1073741824,23275,\n");
    /* bandwidths of 16 ranks, of which the list names the 18th: there are 18, as it says */
    check_rows_with("# Rank 17 Group 0 Pid 1 on b device 0 [0x05] X\n"
                    "1073741824 268435456 float sum -1 23275 46.13 86.49 0 23270 46.14 86.51 0\n",
                    NAME, &(struct log_hints){0}, "all_reduce,float,18,1073741824,23275,\n");
}

/* Ranks from the counts of an all-gather; from the bandwidths of an all-reduce (195.31, 381.46
 * = 1.9531, 128 / 3 ranks never, 2 (n-1)/n = 1.953125 is 42.67: none; 1.75 is 8); lists that were
 * cut short. */
static void test_ranks(void **state)
{
    (void)state;
    check_rows_with("1048576 16384 float none -1 996.7 1.05 0.99 N/A 1007.1 1.04 0.98 N/A\n",
                    "all_gather.txt", &(struct log_hints){0},
                    "all_gather,float,16,1048576,996.7,\n");
    check_rows_with("8000 2000 float sum -1 80 100.00 175.00 0 80 100.00 175.00 0\n", NAME,
                    &(struct log_hints){0}, "all_reduce,float,8,8000,80,\n");
    check_rows_with("# Rank 0 Group 0 Pid 1 on a device 0 [0x07] X\n# Rank 1 Group 0 Pid 1 on a "
                    "device 1 [0x08] X\n"
                    "# [collector: 6 further \"Rank\" lines trimmed]\n"
                    "8000 2000 float sum -1 80 100.00 175.00 0 80 100.00 175.00 0\n",
                    NAME, &(struct log_hints){0}, "all_reduce,float,8,8000,80,\n");
    check_rows_with("# Rank 0 Group 0 Pid 1 on a device 0 [0x07] X\n"
                    "8000 2000 float sum -1 80 100.00 175.00 0 80 100.00 175.00 0\n",
                    NAME, &(struct log_hints){0}, "all_reduce,float,8,8000,80,\n");
    check_rows_with("# Rank 0 Group 0 Pid 1 on a device 0 [0x07] X\n# Rank 1 Group 0 Pid 1 on a "
                    "device 1 [0x08] X\n"
                    "# Rank 2 Group 0 Pid 1 on b device 0 [0x07] X\n# Rank 3 Group 0 Pid 1 on b "
                    "device 1 [0x08] X\n" ROW(8, 3),
                    NAME, &(struct log_hints){0}, "all_reduce,float,4,8,3,2\n");
}

/* Tables without a name (guides of Google Cloud, Azure ML, OCI): what they count, whether they
 * reduce, which of their columns are checked, and the bus bandwidth tell the collective and its
 * ranks. */
static void test_op_of_rows(void **state)
{
    (void)state;
    const struct log_hints none = {0};
    check_rows_with("8388608 131072 float none -1 350.9 23.91 22.41 0 345.0 24.31 22.79 0\n",
                    "x.txt", &none, "all_gather,float,16,8388608,350.9,\n");
    check_rows_with(
        "8589934592 67108864 float none -1 165769 51.82 50.20 0 164522 52.21 50.58 N/A\n", "x.txt",
        &none, "alltoall,float,32,8589934592,165769,\n");
    check_rows_with("8388608 524288 bfloat16 sum -1 54.41 154.17 134.90 0 53.33 157.3 137.64 0\n",
                    "x.txt", &none, "reduce_scatter,bfloat16,8,8388608,54.41,\n");
    check_rows_with(
        "33554432 8388608 float sum 593.7 56.52 105.97 5e-07 590.2 56.86 106.60 5e-07\n", "x.txt",
        &none, "all_reduce,float,16,33554432,593.7,\n");
    check_rows_with("8388608 2097152 float sum -1 54.41 154.17 154.17 0 53.33 157.3 157.3 0\n",
                    "x.txt", &none, ",float,,8388608,54.41,\n"); /* send/recv, or two ranks */
    check_rows_with("8388608 131072 float none -1 350.9 23.91 22.41 N/A 345 24.31 22.79 N/A\n",
                    "x.txt", &none,
                    ",float,,8388608,350.9,\n"); /* unchecked: gather or all-to-all */
    check_rows_with("8388608 131072 float none 350.9 23.91 22.41 0\n", "x.txt", &none,
                    ",float,,8388608,350.9,\n"); /* not run in place */
    check_rows_with("8388608 131072 float none 0 350.9 23.91 22.41 0 345.0 24.31 22.79 0\n",
                    "x.txt", &none, ",float,,8388608,350.9,\n"); /* to a root */
}

/* Rows of several node counts picked out of one log (hisohara/ai-scripts): sizes begin anew and the
 * ranks are others. A cycle of the same ranks goes on. */
static void test_headerless_tables(void **state)
{
    (void)state;
    check_rows_with(
        "4294967296 1073741824 float sum -1 23192 185.19 347.23 0 23209 185.06 346.99 0\n"
        "8589934592 2147483648 float sum -1 46123 186.24 349.20 0 46145 186.15 349.03 0\n"
        "====== 4-node ======\n"
        "4294967296 1073741824 float sum -1 23904 179.68 348.12 0 23914 179.60 347.98 0\n"
        "4194304 1048576 float sum -1 100.0 41.94 81.26 0 100.0 41.94 81.26 0\n",
        "x.txt", &(struct log_hints){0},
        "all_reduce,float,16,4294967296,23192,\n"
        "all_reduce,float,16,8589934592,46123,\n"
        "all_reduce,float,32,4294967296,23904,\n"
        "all_reduce,float,32,4194304,100,\n");
}

static void test_provenance(void **state)
{
    (void)state;
    struct text csv = {0};
    struct error e;
    const char *log =
        "# nccl-tests version 2.17.8 nccl-headers=22902 nccl-library=22902\n"
        "#  Rank  0 Group  0 Pid  1 on a device  0 [0000:1b:00] NVIDIA H100 80GB HBM3\n"
        "#  Rank  1 Group  0 Pid  1 on b device  0 [0000:1b:00] NVIDIA H100 80GB HBM3\n"
        "NCCL version 2.29.2+cuda12.8\n" ROW(8, 3);
    assert_int_equal(import(log, NAME, &(struct log_hints){0}, &csv, &e), STATUS_OK);
    assert_string_equal(
        csv.data, "# log: " NAME "; nccl-tests 2.17.8; NCCL 2.29.2+cuda12.8; gpu: NVIDIA H100 80GB "
                  "HBM3; ranks: 2; nodes: 2; ranks per node: 1\nall_reduce,float,2,8,3,1\n");
    text_free(&csv);
    text_free(&warnings);
}

static void test_refusals(void **state)
{
    (void)state;
    check_refused("", 1, "no readable row");
    check_refused("# Using devices\nNCCL INFO comm 0x7f rank 0 nranks 8\n", 1, "no readable row");
    check_refused(ROW(8, 3) "1024 256 float sum -1 12.5 0.1\n" ROW(16, 3), 2, "damaged row");
    check_refused(ROW(8, 3) "1024 256 float sum\n", 2, "damaged row");
    check_refused(ROW(8, 3) "1024 256\n", 2, "damaged row");
    check_refused(ROW(8, 3) "1024 256 float sum -1 nan 0.1 0.1 0 9 0.1 0.1 0\n", 2, "damaged row");
    check_refused(ROW(8, 3) "10x4 256 float sum -1 5 0.1 0.1 0 9 0.1 0.1 0\n", 2, "damaged row");
    check_refused(ROW(8, 3) "1024 256 float sum -1 5 0.1 0.1 0 9 0.1 0.1\n", 2, "damaged row");
    check_refused("# size count type redop root time algbw busbw\n\n1024 256 flo?t sum -1 5 0.1 "
                  "0.1 0 9 0.1 0.1 0\n",
                  3, "damaged row");
    check_refused(ROW(8, 3) "1024 256 float sum -1 -5 0.1 0.1 0 9 0.1 0.1 0\n", 2, "damaged row");
}

static void check_warns(const char *log, const char *file, const char *says)
{
    struct text csv = {0};
    struct error e;
    assert_int_equal(import(log, file, &(struct log_hints){.ranks = 4}, &csv, &e), STATUS_OK);
    if (*says ? !strstr(text_string(&warnings), says) : warnings.length > 0)
        fail_msg("\"%s\" instead of \"%s\"", text_string(&warnings), says);
    text_free(&csv);
    text_free(&warnings);
}

/* A job that was killed leaves a part of a line; the rows before it count. */
static void test_cut_off(void **state)
{
    (void)state;
    check_rows(ROW(8, 3) "1024 256 float sum -1 12.5 0.1", "all_reduce,float,4,8,3,\n");
    check_warns(ROW(8, 3) "1024 256 float sum -1 12.5 0.1", NAME,
                NAME ":2: the last row is cut off and left out");
    check_refused("# size count type redop root time algbw busbw #wrong\n1024 256 float sum", 2,
                  "damaged row");
}

/* "#wrong" of nccl-tests; older versions print the largest error in that place. */
static void test_wrong_results(void **state)
{
    static const char *const says = NAME ": 1 of 2 rows count wrong results (#wrong)";
    (void)state;
#define HEAD "# size count type redop root time algbw busbw "
    check_warns(HEAD "#wrong\n" ROW(8, 3) "16 4 float sum -1 3 0.1 0.1 0 9 0.1 0.1 7\n", NAME,
                says);
    check_warns(HEAD "#wrong\n" ROW(8, 3) ROW(16, 3), NAME, "");
    check_warns(HEAD "error\n" ROW(8, 3) "16 4 float sum -1 3 0.1 0.1 2e-07 9 0.1 0.1 2e-07\n",
                NAME, "");
    check_warns("{\"args\":[\"all_reduce_perf\"],\"results\":[{\"size\":1024,\"count\":128,"
                "\"type\":\"float\",\"out_of_place\":{\"time\":12.5,\"nwrong\":2}}]}",
                NAME, "1 of 1 rows count wrong results");
}

static void test_json(void **state)
{
    (void)state;
    check_rows_with(
        "{\"version\":2,\"args\":[\"/b/all_gather_perf\",\"-J\"],\"nccl_version\":22902,"
        "\"config\":{\"nthreads\":1,\"ngpus\":1,\"devices\":["
        "{\"rank\":0,\"hostname\":\"a\",\"device_info\":\"NVIDIA X\"},"
        "{\"rank\":1,\"hostname\":\"b\",\"device_info\":\"NVIDIA X\"}]},\"results\":["
        "{\"size\":1024,\"count\":128,\"type\":\"float\",\"redop\":\"none\",\"root\":\"    -1\","
        "\"out_of_place\":{\"time\":12.5,\"alg_bw\":0.1,\"bus_bw\":0.1,\"nwrong\":0.0},"
        "\"in_place\":{\"time\":11,\"alg_bw\":0.1,\"bus_bw\":0.1,\"nwrong\":null}},"
        "{\"size\":2048,\"count\":256,\"type\":\"float\",\"redop\":\"none\",\"root\":\"    -1\","
        "\"out_of_place\":null,\"in_place\":{\"time\":13,\"alg_bw\":0.1,\"bus_bw\":0.1}}]}",
        "x.json", &(struct log_hints){0},
        "all_gather,float,2,1024,12.5,1\nall_gather,float,2,2048,13,1\n");
    check_refused("{\"results\":[\n{\"size\":1024,\"count\":128,\"type\":\"float\","
                  "\"out_of_place\":{\"time\":\"nan\"}}]}",
                  2, "damaged row");
    check_refused("{\"results\":[]}", 1, "no readable row");
}

/* "rows: N" of a log's second line; nccom-test's are not counted there, markdown is no benchmark's
 * output. */
static void check_shared_log(const char *path)
{
    struct text log = {0}, csv = {0};
    struct error e;
    error_init(&e);
    assert_int_equal(file_read(path, 0, &log, &e), STATUS_OK);
    const char *says = strstr(log.data, "rows: ");
    enum status status = import(log.data, path, &(struct log_hints){0}, &csv, &e);
    if (!says) {
        assert_int_equal(status, STATUS_INPUT);
    } else {
        int rows = 0, want = atoi(says + 6);
        assert_int_equal(status, STATUS_OK);
        for (const char *p = csv.data; *p; p += strcspn(p, "\n") + 1)
            rows += *p != '#';
        assert_int_equal(rows, want > 0 ? want : 17);
    }
    text_free(&log);
    text_free(&csv);
    text_free(&warnings);
}

static void test_shared_logs(void **state)
{
    (void)state;
    const char *shared = getenv("STEPCAST_SHARED");
    char folder[512], path[1024];
    snprintf(folder, sizeof folder, "%s/measured/collectives", shared ? shared : "");
    DIR *dir = shared ? opendir(folder) : NULL;
    if (!dir)
        skip();
    int logs = 0;
    for (struct dirent *d = readdir(dir); d; d = readdir(dir)) {
        if (!strstr(d->d_name, ".txt"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        check_shared_log(path);
        logs++;
    }
    closedir(dir);
    assert_true(logs >= 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrappings),  cmocka_unit_test(test_docker),
        cmocka_unit_test(test_shapes),     cmocka_unit_test(test_several_tables),
        cmocka_unit_test(test_stated),     cmocka_unit_test(test_hints),
        cmocka_unit_test(test_ranks),      cmocka_unit_test(test_elided_ranks),
        cmocka_unit_test(test_op_of_rows), cmocka_unit_test(test_headerless_tables),
        cmocka_unit_test(test_provenance), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_cut_off),    cmocka_unit_test(test_wrong_results),
        cmocka_unit_test(test_json),       cmocka_unit_test(test_shared_logs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
