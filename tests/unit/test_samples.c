#include "calibrate/sample_predict.h"
#include "calibrate/samples.h"
#include "calibrate/validate_samples.h"
#include "hardware/roofline.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

static enum status parse(const char *text, struct samples *samples, struct error *e)
{
    error_init(e);
    memset(samples, 0, sizeof *samples);
    return samples_parse(text, strlen(text), "a.csv", samples, e);
}

static void refuses(const char *text, int line, const char *words)
{
    struct samples samples;
    struct error e;
    assert_int_equal(parse(text, &samples, &e), STATUS_INPUT);
    assert_string_equal(e.file, "a.csv");
    assert_int_equal(e.line, line);
    if (!strstr(e.message, words))
        fail_msg("\"%s\" lacks \"%s\"", e.message, words);
    assert_int_equal(samples.count, 0);
    samples_free(&samples);
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum sample_kind kind;
    } files[] = {
        {"dtype,m,n,k,time_us\nbf16,512,1024,2048,10\n",             SAMPLE_GEMM      },
        {"pass,dtype,groups,m,n,k,skew,time_us,mad_us,repetitions,method\n"
         "forward,bf16,8,64,512,512,1.5,10,0,10,loop\n",    SAMPLE_GROUPED   },
        {"phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,time_us\n"
         "prefill,bf16,fp8,1,128,128,8,8,64,10\n",          SAMPLE_ATTENTION },
        {"dtype,tokens,hidden,expert_ffn,top_k,experts,tp,ep,distribution,time_us\n"
         "fp8,128,2048,768,8,128,1,8,balanced,33\n",        SAMPLE_MOE       },
        {"op,dtype,ranks,bytes,time_us\nall_reduce,half,8,1024,9\n", SAMPLE_COLLECTIVE},
        {"op,dtype,bytes,time_us\ncopy,bf16,1024,3\n",               SAMPLE_MEMORY    },
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct samples samples;
        struct error e;
        assert_int_equal(parse(files[i].text, &samples, &e), STATUS_OK);
        assert_int_equal(samples.count, 1);
        assert_int_equal(samples.items[0].kind, files[i].kind);
        assert_int_equal(samples.files[0].kind, files[i].kind);
        samples_free(&samples);
    }
}

static void test_values(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    const char *text = "\xef\xbb\xbf# made by hand\r\n# source: a database; H100\r\n"
                       "k,time_us,dtype,m,n,remark\r\n\r\n# more\r\n64, 12.5 ,nvfp4,16,32,x\r\n";
    assert_int_equal(parse(text, &samples, &e), STATUS_OK);
    const struct sample *s = &samples.items[0];
    check_near(s->time_s, 12.5e-6, 1e-15);
    check_near(s->gemm.m, 16, 0);
    check_near(s->gemm.n, 32, 0);
    check_near(s->gemm.k, 64, 0);
    check_near(s->gemm.output_bytes, 2, 0);
    assert_int_equal(s->dtype, DTYPE_NVFP4);
    assert_int_equal(s->row, 1);
    assert_int_equal(s->line, 6);
    assert_string_equal(samples.files[0].source, "a database; H100");
    samples_free(&samples);
}

/* 4 queries against 4 keys: 1 + 2 + 3 + 4 of 16 scores are visible; decode sees all. */
static void test_causal(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    const char *text = "phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,time_us\n"
                       "prefill,bf16,fp8,1,4,4,8,8,64,10\ndecode,bf16,bf16,1,1,4,8,8,64,10\n";
    assert_int_equal(parse(text, &samples, &e), STATUS_OK);
    check_near(samples.items[0].attention.visible_frac, 10.0 / 16, 1e-15);
    check_near(samples.items[1].attention.visible_frac, 1, 1e-15);
    assert_int_equal(sample_compute_dtype(&samples.items[0]), DTYPE_FP8);
    assert_int_equal(sample_compute_dtype(&samples.items[1]), DTYPE_BF16);
    samples_free(&samples);
}

/* Training's attention says which scores its mask leaves, and how wide values are; a file's timing
 * is its rows'. Without either: causal, as wide as keys, a layer's. */
static void test_mask_and_timing(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    const char *text =
        "# source: a table\n# timing: sustained, of seconds\n"
        "phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,head_dim_v,mask,time_us\n"
        "backward,bf16,bf16,1,4,4,8,8,192,128,none,10\n"
        "forward,bf16,bf16,1,4,4,8,8,192,128,causal,10\n";
    assert_int_equal(parse(text, &samples, &e), STATUS_OK);
    assert_int_equal(samples.items[0].pass, ATTENTION_BACKWARD);
    check_near(samples.items[0].attention.visible_frac, 1, 0);
    check_near(samples.items[0].attention.head_dim_qk, 192, 0);
    check_near(samples.items[0].attention.head_dim_v, 128, 0);
    check_near(samples.items[1].attention.visible_frac, 10.0 / 16, 1e-15);
    assert_int_equal(samples.items[1].timing, SAMPLE_TIMING_SUSTAINED);
    samples_free(&samples);
    text = "phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,time_us\n"
           "forward,bf16,bf16,1,4,4,8,8,64,10\n";
    assert_int_equal(parse(text, &samples, &e), STATUS_OK);
    check_near(samples.items[0].attention.visible_frac, 10.0 / 16, 1e-15);
    check_near(samples.items[0].attention.head_dim_v, 64, 0);
    assert_int_equal(samples.items[0].timing, SAMPLE_TIMING_LAYER);
    samples_free(&samples);
}

static void test_bad(void **state)
{
    (void)state;
#define GEMM "dtype,m,n,k,time_us\n"
    refuses("", 0, "empty file");
    refuses("# source: nothing\n\n", 0, "empty file");
    refuses(GEMM, 0, "header alone");
    refuses("dtype,m,n,k,time_ms\nbf16,1,1,1,1\n", 1, "time_us");
    refuses("dtype,m,m,n,k,time_us\n", 1, "twice");
    refuses(GEMM "bf16,512,512,512,nan\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,inf\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,0\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,-1\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,1e400\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,1 ms\n", 2, "time_us");
    refuses(GEMM "bf16,512,512,512,1\nbf16,512,512,1\n", 3, "5 columns");
    refuses(GEMM "bf16,512,512,512,1,1\n", 2, "5 columns");
    refuses(GEMM "bf16,512,0.5,512,1\n", 2, "n:");
    refuses(GEMM "bf16,-512,512,512,1\n", 2, "m:");
    refuses(GEMM "bf15,512,512,512,1\n", 2, "dtype");
    refuses("op,dtype,ranks,bytes,time_us\nall_reduce,half,1,1024,9\n", 2, "ranks");
    refuses("op,dtype,ranks,bytes,time_us\nall_red,half,2,1024,9\n", 2, "op:");
    refuses("phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,time_us\n"
            "prefill,bf16,bf16,1,128,128,8,16,64,10\n",
            2, "kv_heads");
    refuses("phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim,mask,time_us\n"
            "forward,bf16,bf16,1,128,128,8,8,64,some,10\n",
            2, "mask");
    refuses("dtype,tokens,hidden,expert_ffn,top_k,experts,tp,ep,distribution,time_us\n"
            "fp8,128,2048,768,8,128,1,256,balanced,33\n",
            2, "experts");
}

/* A bad file leaves what was read before it. */
static void test_second_file(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    assert_int_equal(parse(GEMM "bf16,512,512,512,1\n", &samples, &e), STATUS_OK);
    const char *bad = GEMM "bf16,512,512,512,1\nbf16,512,512,512,0\n";
    assert_int_equal(samples_parse(bad, strlen(bad), "b.csv", &samples, &e), STATUS_INPUT);
    assert_string_equal(e.file, "b.csv");
    assert_int_equal(samples.count, 1);
    assert_int_equal(samples.file_count, 1);
    samples_free(&samples);
}

static void test_notes(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    assert_int_equal(
        parse(GEMM "bf16,512,512,512,1\nbf16,512,1024,512,2\nbf16,512,512,512,3\n", &samples, &e),
        STATUS_OK);
    assert_int_equal(samples.count, 3);
    assert_non_null(strstr(samples.notes.data, "1 rows repeat"));
    assert_non_null(strstr(samples.notes.data, "lines 2 and 4"));
    assert_non_null(strstr(samples.notes.data, "column m has one value"));
    assert_non_null(strstr(samples.notes.data, "column k has one value"));
    assert_null(strstr(samples.notes.data, "column n has"));
    samples_free(&samples);
}

/* 128 tokens with 8 of 128 experts each, on one of 8 ranks: 128 pairs over 16 experts, 8 rows each.
 * 4 tokens give 4 pairs, which reach at most 4 experts. */
static void test_experts(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    const char *text = "dtype,tokens,hidden,expert_ffn,top_k,experts,tp,ep,distribution,time_us\n"
                       "bf16,128,2048,768,8,128,2,8,balanced,33\n"
                       "bf16,4,2048,768,8,128,2,8,balanced,33\n";
    assert_int_equal(parse(text, &samples, &e), STATUS_OK);
    struct expert_products p = expert_products_of(&samples.items[0].moe);
    check_near(p.up.batch, 16, 0);
    check_near(p.up.m, 8, 0);
    check_near(p.up.n, 768, 0); /* gate and up of 384 */
    check_near(p.up.k, 2048, 0);
    check_near(p.down.n, 2048, 0);
    check_near(p.down.k, 384, 0);
    p = expert_products_of(&samples.items[1].moe);
    check_near(p.up.batch, 4, 0);
    check_near(p.up.m, 1, 0);
    samples_free(&samples);
}

/* What the rows cost is what the hardware's functions say of their parts; what cannot be said is
 * skipped with a reason. */
static void test_predict(void **state)
{
    (void)state;
    struct samples samples;
    struct gpu gpu;
    struct system system;
    struct error e;
    error_init(&e);
    assert_int_equal(gpu_find("h100-sxm", NULL, &gpu, &e), STATUS_OK);
    samples_system(&gpu, &system);
    assert_int_equal(parse(GEMM "fp8,512,1024,2048,10\nnvfp4,512,1024,2048,10\n", &samples, &e),
                     STATUS_OK);
    struct sample_prediction p[2];
    samples_predict(&system, &samples, p);
    double product = gemm_s(&gpu, DTYPE_FP8, &samples.items[0].gemm);
    double layer = gemm_benchmark_s(&gpu, DTYPE_FP8, &samples.items[0].gemm);
    assert_true(quantise_s(&gpu, DTYPE_FP8, 512.0 * 2048) > 0);
    assert_null(p[0].skipped);
    check_near(p[0].time_s, layer, 1e-12);
    assert_non_null(p[1].skipped); /* Hopper has no fp4 */
    samples.items[0].timing = SAMPLE_TIMING_COLD;
    samples_predict(&system, &samples, p);
    check_near(p[0].time_s, product, 1e-12);
    samples_free(&samples);
}

static void test_collective(void **state)
{
    (void)state;
    struct samples samples;
    struct gpu gpu;
    struct system system;
    struct error e;
    struct sample_prediction p[3];
    error_init(&e);
    assert_int_equal(gpu_find("h100-sxm", NULL, &gpu, &e), STATUS_OK);
    samples_system(&gpu, &system);
    assert_int_equal(parse("op,dtype,ranks,bytes,time_us,ranks_per_node\n"
                           "all_reduce,half,8,1048576,50,8\nall_reduce,half,16,1048576,50,8\n"
                           "all_reduce,half,16,1048576,50,16\n",
                           &samples, &e),
                     STATUS_OK);
    samples_predict(&system, &samples, p);
    assert_null(p[0].skipped);
    assert_non_null(p[1].skipped); /* one node alone */
    assert_non_null(p[2].skipped);
    assert_int_equal(system_find("dgx-h100", NULL, &system, &e), STATUS_OK);
    system.gpus = 64;
    samples_predict(&system, &samples, p);
    assert_null(p[1].skipped);
    assert_true(p[1].time_s > p[0].time_s);
    samples_free(&samples);
}

/* Errors +10 %, -20 %, skipped: mean 15 %, bias -5 %. */
static void test_errors(void **state)
{
    (void)state;
    struct samples samples;
    struct error e;
    struct sample_error error;
    assert_int_equal(
        parse(GEMM "bf16,512,512,512,10\nbf16,64,512,512,10\nfp8,512,512,512,10\n", &samples, &e),
        STATUS_OK);
    struct sample_prediction p[3] = {
        {11e-6, NULL},
        {8e-6,  NULL},
        {0,     "no"}
    };
    struct sample_choice choice = {NULL, -1, SAMPLES_ALL};
    assert_int_equal(samples_error(&samples, p, &choice, &error, &e), STATUS_OK);
    assert_int_equal(error.time.n, 2);
    assert_int_equal(error.skipped, 1);
    check_near(error.time.mape, 0.15, 1e-9);
    check_near(error.time.bias, -0.05, 1e-9);
    check_near(error.time.worst, 0.2, 1e-9);
    choice.class_ = SAMPLES_LARGE;
    assert_int_equal(samples_error(&samples, p, &choice, &error, &e), STATUS_OK);
    assert_int_equal(error.time.n, 1);
    check_near(error.time.mape, 0.1, 1e-9);
    choice.dtype = DTYPE_NVFP4;
    assert_int_equal(samples_error(&samples, p, &choice, &error, &e), STATUS_OK);
    assert_int_equal(error.time.n, 0);
    assert_true(isnan(error.time.mape));
    samples_free(&samples);
}

/* calibrate import leaves a cell empty that the log does not tell. */
static void test_empty_optional_cell(void **state)
{
    (void)state;
    static const char text[] = "op,dtype,ranks,bytes,time_us,ranks_per_node\n"
                               "all_reduce,float,8,1024,29.56,\n";
    static const char lacks[] = "op,dtype,ranks,bytes,time_us,ranks_per_node\n"
                                "all_reduce,float,,1024,29.56,8\n";
    struct samples samples = {0};
    struct error e;
    error_init(&e);
    assert_int_equal(samples_parse(text, sizeof text - 1, "a.csv", &samples, &e), STATUS_OK);
    check_near(samples.items[0].collective.ranks_per_node, 0, 0);
    assert_int_equal(samples_parse(lacks, sizeof lacks - 1, "b.csv", &samples, &e), STATUS_INPUT);
    assert_int_equal(e.line, 2);
    samples_free(&samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_values),
        cmocka_unit_test(test_causal),  cmocka_unit_test(test_mask_and_timing),
        cmocka_unit_test(test_bad),     cmocka_unit_test(test_second_file),
        cmocka_unit_test(test_notes),   cmocka_unit_test(test_experts),
        cmocka_unit_test(test_predict), cmocka_unit_test(test_collective),
        cmocka_unit_test(test_errors),  cmocka_unit_test(test_empty_optional_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
