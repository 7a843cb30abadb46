#include "calibrate/bench/gemm_shapes.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 200, PATH_SIZE = 64 };

static int quarter(int size, int low, int high)
{
    double u = log((double)size / low) / log((double)high / low);
    return u < 0 ? 0 : u >= 1 ? 3 : (int)(4 * u);
}

/* Every dimension meets each quarter of its logarithmic range equally often; rounding to multiples
 * moves a few points over an edge. */
static void hypercube_covers_each_dimension_evenly(void **state)
{
    (void)state;
    const struct gemm_space space = {
        {16,    512,   512  },
        {16384, 32768, 32768},
        16, 1e30
    };
    struct random random = random_from(1, "test");
    struct gemm_shapes shapes;
    struct error e;
    int met[3][4] = {{0}};
    error_init(&e);
    gemm_shapes_init(&shapes);
    assert_int_equal(gemm_shapes_add_hypercube(&shapes, &space, POINTS, &random, &e), STATUS_OK);
    assert_int_equal(shapes.count, POINTS);
    for (size_t i = 0; i < shapes.count; i++) {
        const struct gemm_shape *s = &shapes.shape[i];
        assert_true(s->m >= 16 && s->m <= 16384 && s->n >= 512 && s->n <= 32768 && s->k >= 512 &&
                    s->k <= 32768);
        assert_true(s->m % 16 == 0 && s->n % 16 == 0 && s->k % 16 == 0);
        assert_true(s->n < 1024 || s->n % 64 == 0);
        met[0][quarter(s->m, 16, 16384)]++;
        met[1][quarter(s->n, 512, 32768)]++;
        met[2][quarter(s->k, 512, 32768)]++;
    }
    for (int d = 0; d < 3; d++)
        for (int q = 0; q < 4; q++)
            check_near(met[d][q], POINTS / 4.0, 0.15);
    gemm_shapes_free(&shapes);
}

static void same_seed_same_shapes(void **state)
{
    (void)state;
    const struct gemm_space space = {
        {32,   64,   64  },
        {4096, 4096, 4096},
        16, 4e9
    };
    struct gemm_shapes a, b;
    struct error e;
    error_init(&e);
    gemm_shapes_init(&a);
    gemm_shapes_init(&b);
    struct random one = random_from(7, "gemm"), same = one, other = random_from(8, "gemm");
    assert_int_equal(gemm_shapes_add_hypercube(&a, &space, 30, &one, &e), STATUS_OK);
    assert_int_equal(gemm_shapes_add_hypercube(&b, &space, 30, &same, &e), STATUS_OK);
    assert_memory_equal(a.shape, b.shape, 30 * sizeof a.shape[0]);
    assert_true(random_bits(&other) != random_bits(&one));
    for (size_t i = 0; i < 30; i++)
        assert_true(2.0 * a.shape[i].m * a.shape[i].n * a.shape[i].k <= space.max_flop);
    gemm_shapes_free(&a);
    gemm_shapes_free(&b);
}

static void order_is_a_permutation(void **state)
{
    (void)state;
    enum { N = 1000 };
    size_t order[N];
    int seen[N] = {0}, in_place = 0;
    struct random random = random_from(1, "order");
    random_order(&random, order, N);
    for (size_t i = 0; i < N; i++) {
        seen[order[i]]++;
        in_place += order[i] == i;
    }
    for (size_t i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    assert_true(in_place < 10); /* one is expected */
}

static void write_file(char *path, const char *text)
{
    snprintf(path, PATH_SIZE, "/tmp/stepcast-shapes-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void file_of_shapes(void **state)
{
    (void)state;
    char path[PATH_SIZE];
    struct gemm_shapes shapes;
    struct error e;
    error_init(&e);
    gemm_shapes_init(&shapes);
    write_file(path,
               "# of the catalog\nname,k,m,n\r\n\nqkv, 4096 ,8192,6144\r\nfc1,4096,8192,28672");
    assert_int_equal(gemm_shapes_add_file(&shapes, path, &e), STATUS_OK);
    assert_int_equal(shapes.count, 2);
    assert_int_equal(shapes.shape[0].m, 8192);
    assert_int_equal(shapes.shape[0].n, 6144);
    assert_int_equal(shapes.shape[0].k, 4096);
    assert_int_equal(shapes.shape[1].n, 28672);
    gemm_shapes_free(&shapes);
    unlink(path);
}

static void bad_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
        int line;
    } bad[] = {
        {"m,n\n1,2\n",           "expected columns m, n and k, found no k",                1},
        {"m,n,k\n16,16\n",       "k: expected a whole number from 1 to 2^24, got \"\"",    2},
        {"m,n,k\n\n16,0.5,16\n", "n: expected a whole number from 1 to 2^24, got \"0.5\"", 3},
        {"m,n,k\n16,-4,16\n",    "n: expected a whole number from 1 to 2^24, got \"-4\"",  2},
        {"m,n,k\n1e9,4,16\n",    "m: expected a whole number from 1 to 2^24, got \"1e9\"", 2},
        {"m,n,k\nnan,4,16\n",    "m: expected a whole number from 1 to 2^24, got \"nan\"", 2},
        {"m,n,k\n",              "the file has no row",                                    1},
        {"# nothing\n",          "the file has no row",                                    1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char path[PATH_SIZE];
        struct gemm_shapes shapes;
        struct error e;
        error_init(&e);
        gemm_shapes_init(&shapes);
        write_file(path, bad[i].text);
        assert_int_equal(gemm_shapes_add_file(&shapes, path, &e), STATUS_INPUT);
        assert_string_equal(e.message, bad[i].message);
        assert_int_equal(e.line, bad[i].line);
        assert_string_equal(e.file, path);
        gemm_shapes_free(&shapes);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hypercube_covers_each_dimension_evenly),
        cmocka_unit_test(same_seed_same_shapes),
        cmocka_unit_test(order_is_a_permutation),
        cmocka_unit_test(file_of_shapes),
        cmocka_unit_test(bad_files_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
