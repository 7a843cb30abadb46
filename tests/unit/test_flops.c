/* FLOP per token and key-value bytes against MODELLING's appendix A. */
#include "tests/unit/model_from.h"

static void published_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double seq, flop;
    } rows[] = {
        {"llama2-7b",   4096, 4.2864e10},
        {"llama3-8b",   8192, 5.1470e10},
        {"llama3-70b",  8192, 4.4922e11},
        {"llama3-405b", 8192, 2.5240e12},
        {"deepseek-v3", 4096, 2.4981e11}, /* 2.1911e11 + the core's 3.070e10 */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model m = catalog_model(rows[i].name);
        check_near(model_flop_per_token(&m, rows[i].seq), rows[i].flop, 5e-5);
    }
}

/* [Korthikanti22] eq. 7, 72 L h^2 (1 + s / 6h + V / 12 h L): 1.4109e17 for GPT-3 at 64 sequences of
 * 2048. It counts all keys; half of them are seen. */
static void korthikanti(void **state)
{
    (void)state;
    struct model m = catalog_model("gpt3-175b");
    double h = m.hidden_size, layers = m.layers, s = 2048, common = 72 * layers * h * h;
    double rest = 1 + m.vocab_size / (12 * h * layers);
    check_near(common * (rest + s / (6 * h)) * 64 * s, 1.4109e17, 5e-5);
    check_near(model_flop_per_token(&m, s), common * (rest + s / (12 * h)), 1e-12);
}

/* Windows and chunks: equal to full attention while they span the sequence, never above it after.
 */
static void visible_keys(void **state)
{
    (void)state;
    struct layer_kind full = {0}, window = {.window = 1024}, chunk = {.chunk = 1024};
    check_near(layer_visible_keys(&full, 4096), 2048, 0);
    check_near(layer_visible_keys(&window, 1024), 512, 0);
    check_near(layer_visible_keys(&window, 4096), 1024 * (1 - 0.125),
               0); /* (1024^2/2 + 3072 * 1024) / 4096 */
    check_near(layer_visible_keys(&chunk, 1024), 512, 0);
    check_near(layer_visible_keys(&chunk, 4096), 512, 0);
    struct layer_kind both = {.window = 256, .chunk = 1024}; /* the narrower of the two */
    check_near(layer_visible_keys(&both, 4096), 256 * (1 - 0.03125), 0);
    both = (struct layer_kind){.window = 1024, .chunk = 256};
    check_near(layer_visible_keys(&both, 4096), 128, 0);
    for (int i = 0; i < 20; i++) {
        double s = 100 * pow(1.7, i);
        assert_true(layer_visible_keys(&window, s) <= layer_visible_keys(&full, s));
        assert_true(layer_visible_keys(&chunk, s) <= layer_visible_keys(&window, s));
    }
}

/* gpt-oss: half of the layers see 128 keys. 6 x 64 heads x 128 x 12 layers x (s/2 + 128 (1 -
 * 64/s)). */
static void sliding_window_counts(void **state)
{
    (void)state;
    struct model m = catalog_model("gpt-oss-20b");
    double matrices = model_flop_per_token(&m, 1e-9), s = 4096;
    double core = 6 * 64 * 128 * 12 * (s / 2 + 128 * (1 - 64 / s));
    check_near(model_flop_per_token(&m, s) - matrices, core, 1e-9);
}

/* A prediction layer: one more expert layer, its 2h x h projection and one more pass of the head.
 */
static void prediction_layers(void **state)
{
    (void)state;
    struct model m = catalog_model("deepseek-v3");
    double h = 7168, attention = 187105280, experts = 9 * 44040192.0;
    double core = 6 * 128 * (192 + 128) * 2048.0;
    check_near(model_mtp_flop_per_token(&m, 4096),
               6 * (attention + experts + 2 * h * h + h * 129280) + core, 1e-12);
    m.mtp_layers = 0;
    check_near(model_mtp_flop_per_token(&m, 4096), 0, 0);
}

static void cache_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double bytes;
    } rows[] = {
        {"llama2-7b",   524288 },
        {"llama3-8b",   131072 },
        {"llama3-70b",  327680 },
        {"llama3-405b", 516096 },
        {"deepseek-v3", 70272  },
        {"gpt3-175b",   4718592},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model m = catalog_model(rows[i].name);
        check_near(model_kv_bytes_per_token(&m, 2), rows[i].bytes, 0);
        check_near(model_kv_bytes_per_token(&m, 1), rows[i].bytes / 2, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_counts),  cmocka_unit_test(korthikanti),
        cmocka_unit_test(visible_keys),      cmocka_unit_test(sliding_window_counts),
        cmocka_unit_test(prediction_layers), cmocka_unit_test(cache_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
