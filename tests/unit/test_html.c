#include "reports/html.h"
#include "tests/unit/check.h"
#include <string.h>

static void test_text(void **state)
{
    struct text t = {0};
    (void)state;
    html_text(&t, "<a href=\"x\">'&amp;'</a>");
    assert_string_equal(t.data, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;&lt;/a&gt;");
    text_clear(&t);
    html_paragraph(&t, "%s is %d %% faster", "a<b", 3);
    assert_string_equal(t.data, "<p>a&lt;b is 3 % faster</p>\n");
    text_free(&t);
}

static void test_table(void **state)
{
    static const struct table_column columns[] = {
        {"name",  true },
        {"value", false}
    };
    struct table table;
    struct text t = {0};
    (void)state;
    table_init(&table, columns, 2);
    table_cell(&table, "<b>");
    table_cell(&table, "%d", 7);
    html_table(&table, "a & b", &t);
    assert_non_null(strstr(t.data, "<p class=\"soft\">a &amp; b</p>"));
    assert_non_null(strstr(t.data, "<th scope=\"col\" class=\"n\">value</th>"));
    assert_non_null(strstr(t.data, "<tr><td>&lt;b&gt;</td><td class=\"n\">7</td></tr>"));
    text_clear(&t);
    table.untitled = true;
    html_table(&table, NULL, &t);
    assert_null(strstr(t.data, "<thead>"));
    assert_non_null(strstr(t.data, "<th scope=\"row\">&lt;b&gt;</th>"));
    table_free(&table);
    text_free(&t);
}

/* Ids of a picture get a name before them, inside tags alone; its head and its title go. */
static void test_svg(void **state)
{
    struct text svg = {0}, t = {0};
    (void)state;
    text_add(&svg, "<?xml version=\"1.0\"?>\n<svg \n width=\"9\" viewBox=\"0 0 9 5\"\n>\n"
                   "<title>Gnuplot</title>\n<desc>Produced by GNUPLOT</desc>\n"
                   "<g id=\"canvas\"><use xlink:href='#p1'/><path id='p1' fill='url(#p2)'/>"
                   "<text>id='t' &lt;b&gt;</text></g></svg>\n");
    html_svg(&t, "one", "What & where", &svg);
    assert_non_null(strstr(t.data, "viewBox=\"0 0 9 5\""));
    assert_non_null(strstr(t.data, "<title>What &amp; where</title>"));
    assert_non_null(strstr(t.data, "<g id=\"one-canvas\"><use xlink:href='#one-p1'/>"
                                   "<path id='one-p1' fill='url(#one-p2)'/>"));
    assert_non_null(strstr(t.data, "<text>id='t' &lt;b&gt;</text>"));
    assert_null(strstr(t.data, "<?xml"));
    assert_null(strstr(t.data, "Gnuplot"));
    text_clear(&t);
    text_clear(&svg);
    text_add(&svg, "no picture");
    html_svg(&t, "one", "x", &svg);
    assert_true(t.length == 0);
    text_free(&svg);
    text_free(&t);
}

/* A page is whole in itself and styled for light, dark and paper. */
static void test_page(void **state)
{
    struct text t = {0};
    (void)state;
    html_open_page(&t, "a < b");
    html_open_section(&t, "one", "One & only");
    html_close_section(&t);
    html_close_page(&t);
    assert_memory_equal(t.data, "<!DOCTYPE html>", 15);
    assert_non_null(strstr(t.data, "<title>a &lt; b</title>"));
    assert_non_null(strstr(t.data, "prefers-color-scheme: dark"));
    assert_non_null(strstr(t.data, "@media print"));
    assert_non_null(strstr(t.data, "<section id=\"one\">\n<h2>One &amp; only</h2>"));
    assert_null(strstr(t.data, "url("));
    assert_null(strstr(t.data, "http"));
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
