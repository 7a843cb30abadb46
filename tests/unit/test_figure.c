#include "parallelism/terms.h"
#include "reports/plot/figure.h"
#include "reports/plot/gnuplot.h"
#include "reports/plot/label_places.h"
#include "tests/unit/check.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *quoted(struct text *scratch, const char *words)
{
    text_clear(scratch);
    figure_quote(scratch, words);
    return scratch->data;
}

static void test_quotes(void **state)
{
    struct text t = {0};
    (void)state;
    assert_string_equal(quoted(&t, "llama3"), "'llama3'");
    assert_string_equal(quoted(&t, ""), "''");
    assert_string_equal(quoted(&t, "it's"), "'it'.\"'\".'s'");
    assert_string_equal(quoted(&t, "a\nb"), "'a'.\"\\n\".'b'");
    assert_string_equal(quoted(&t, "a\tb\r\x01\x7f"), "'a b   '");
    assert_string_equal(quoted(&t, "\"; system(\"x\") `x` \\n"), "'\"; system(\"x\") `x` \\n'");
    text_free(&t);
}

/* gnuplot takes the words of tics for a format. */
static void test_tics(void **state)
{
    struct figure f;
    (void)state;
    figure_init(&f);
    figure_open_tics(&f, "set ytics");
    figure_tic(&f, "50 % of 'x' %s", 0.5);
    figure_tic(&f, "b", 2);
    figure_close_tics(&f);
    assert_string_equal(f.script.data, "set ytics ('50 %% of '.\"'\".'x'.\"'\".' %%s' 0.5, 'b' 2)\n");
    figure_free(&f);
}

static void test_formats(void **state)
{
    (void)state;
    assert_string_equal(figure_format_of("a.b/c.PNG")->ending, "png");
    assert_string_equal(figure_format_of("x.svg")->ending, "svg");
    assert_null(figure_format_of("x.jpg"));
    assert_null(figure_format_of("svg"));
}

/* What is written on a part can be read: dark on light, light on dark. */
static void test_colours(void **state)
{
    (void)state;
    assert_string_equal(figure_text_on("#ffffff"), "#000000");
    assert_string_equal(figure_text_on("#08519c"), "#ffffff");
    for (int t = 0; t < TERMS; t++) {
        assert_non_null(figure_term_colour(t));
        for (int u = 0; u < t; u++)
            assert_string_not_equal(figure_term_colour(t), figure_term_colour(u));
    }
    for (int k = 0; k < MEMORY_KINDS; k++)
        assert_int_equal(strlen(figure_memory_colour(k)), 7);
}

static void test_units(void **state)
{
    (void)state;
    assert_string_equal(figure_unit_of(13.9).name, "s");
    assert_string_equal(figure_unit_of(0.139).name, "ms");
    check_near(figure_unit_of(0.139).factor, 1e-3, 0);
    assert_string_equal(figure_unit_of(0.9e-3).name, "us");
}

static bool overlap(const struct label_place *a, const struct label_place *b, double w, double h)
{
    return fabs(a->x - b->x) < w - 1e-9 && fabs(a->y - b->y) < h - 1e-9;
}

/* Labels of points that lie on one spot find places of their own, off the points. */
static void test_label_places(void **state)
{
    struct spot spots[12];
    struct label_place places[12];
    (void)state;
    for (int i = 0; i < 12; i++)
        spots[i] = (struct spot){300 + i % 4, 200 + i / 4, 6};
    label_places(spots, 12, 12, 17, 14, places);
    for (int i = 0; i < 12; i++) {
        for (int k = 0; k < i; k++)
            assert_false(overlap(&places[i], &places[k], 17, 14));
        assert_true(fabs(places[i].x - 301.5) > 8 || fabs(places[i].y - 201) > 7);
    }
    /* alone, a label stands right beside its point */
    label_places(spots, 1, 1, 17, 14, places);
    assert_false(places[0].far);
}

static bool have_gnuplot(void)
{
    return system("command -v gnuplot >/dev/null 2>&1") == 0; /* NOLINT(cert-env33-c) */
}

/* Labels are drawn as they are; none is run. */
static void test_names_are_text(void **state)
{
    struct figure f;
    struct text script = {0}, picture = {0};
    struct error e;
    (void)state;
    if (!have_gnuplot())
        skip();
    error_init(&e);
    signal(SIGPIPE, SIG_IGN);
    unlink("figure-was-run");
    figure_init(&f);
    figure_title(&f, "'.system('touch figure-was-run').' `touch figure-was-run`",
                 "\"; system(\"touch figure-was-run\")\n$(touch figure-was-run) @x %s <b>&");
    figure_open_tics(&f, "set ytics");
    figure_tic(&f, "%s%n `touch figure-was-run`", 0);
    figure_close_tics(&f);
    figure_add(&f, "plot x\n");
    figure_script(&f, figure_formats, &script);
    if (gnuplot_draw(&script, &picture, &e) != STATUS_OK)
        fail_msg("%s", e.message);
    assert_int_equal(access("figure-was-run", F_OK), -1);
    assert_non_null(strstr(picture.data, "'.system('touch figure-was-run').' `touch"));
    assert_non_null(strstr(picture.data, "%s%n `touch figure-was-run`"));
    assert_null(strstr(picture.data, "<b>"));
    text_free(&script);
    text_free(&picture);
    figure_free(&f);
}

static void test_gnuplot_says_what_is_wrong(void **state)
{
    struct text script = {0}, picture = {0};
    struct error e;
    (void)state;
    if (!have_gnuplot())
        skip();
    error_init(&e);
    signal(SIGPIPE, SIG_IGN);
    text_add(&script, "set terminal svg\nset nonsense\nplot x\n");
    assert_int_equal(gnuplot_draw(&script, &picture, &e), STATUS_IO);
    assert_non_null(strstr(e.message, "unrecognized option"));
    assert_false(gnuplot_missing(&e));
    text_free(&script);
    text_free(&picture);
}

/* A script larger than a pipe holds is fed while the picture is read. */
static void test_large_scripts(void **state)
{
    struct text script = {0}, picture = {0};
    struct error e;
    (void)state;
    if (!have_gnuplot())
        skip();
    error_init(&e);
    signal(SIGPIPE, SIG_IGN);
    text_add(&script, "set terminal svg\n$d << END\n");
    for (int i = 0; i < 60000; i++)
        text_addf(&script, "%d %d\n", i, i % 100);
    text_add(&script, "END\nplot $d with points\n");
    assert_int_equal(gnuplot_draw(&script, &picture, &e), STATUS_OK);
    assert_true(picture.length > 1000000);
    text_free(&script);
    text_free(&picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes),         cmocka_unit_test(test_tics),
        cmocka_unit_test(test_formats),        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_units),          cmocka_unit_test(test_label_places),
        cmocka_unit_test(test_names_are_text), cmocka_unit_test(test_gnuplot_says_what_is_wrong),
        cmocka_unit_test(test_large_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
