#include "reports/sample_drawing.h"
#include "tests/unit/check.h"
#include <string.h>

/* The drawn field alone, without title and axis. */
static void draw(const double *measured, const double *predicted, size_t n, struct text *out)
{
    struct sample items[32];
    struct sample_prediction predictions[32];
    memset(items, 0, sizeof items);
    memset(predictions, 0, sizeof predictions);
    struct samples samples = {.items = items, .count = n};
    for (size_t i = 0; i < n; i++) {
        items[i].time_s = measured[i];
        predictions[i].time_s = predicted[i];
        predictions[i].skipped = predicted[i] > 0 ? NULL : "left out";
    }
    sample_drawing_text(&(struct sample_report){&samples, predictions, NULL}, out);
}

/* Exact rows lie at both ends of the diagonal; a row predicted a hundred times too long lies in the
 * top left corner. */
static void test_places(void **state)
{
    (void)state;
    static const double measured[] = {1e-6, 1e-2, 1e-6}, exact[] = {1e-6, 1e-2, 0},
                        wrong[] = {1e-6, 1e-2, 1e-2};
    struct text text = {0};
    draw(measured, exact, 3, &text);
    const char *top = strchr(strstr(text.data, "many"), '|');
    const char *bottom = strrchr(text.data, '|');
    assert_int_equal(top[1], ' ');
    assert_int_equal(top[64], '-');
    assert_int_equal(bottom[1], '-');
    assert_int_equal(bottom[2], '.');
    text_clear(&text);
    draw(measured, wrong, 3, &text);
    assert_int_equal(strchr(strstr(text.data, "many"), '|')[1], '-');
    text_free(&text);
}

/* Three rows in one cell are darker than one; nothing is drawn of nothing. */
static void test_shades(void **state)
{
    (void)state;
    static const double measured[] = {1e-6, 1e-6, 1e-6, 1e-2}, none[4] = {0};
    struct text text = {0};
    draw(measured, measured, 4, &text);
    assert_int_equal(strrchr(text.data, '|')[1], '+');
    text_clear(&text);
    draw(measured, none, 4, &text);
    assert_true(!text.data || text.length == 0);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places),
                                       cmocka_unit_test(test_shades)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
