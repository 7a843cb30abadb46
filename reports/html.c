#include "reports/html.h"
#include "base/c_locale.h"
#include "base/embedded.h"
#include <string.h>

extern const struct embedded_file report_style[];

void html_text(struct text *out, const char *words)
{
    static const struct {
        char letter;
        const char *entity;
    } entities[] = {
        {'&',  "&amp;" },
        {'<',  "&lt;"  },
        {'>',  "&gt;"  },
        {'"',  "&quot;"},
        {'\'', "&#39;" },
    };
    for (; *words != '\0'; words++) {
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (entities[i].letter == *words)
                entity = entities[i].entity;
        if (entity)
            text_add(out, entity);
        else
            text_add_n(out, words, 1);
    }
}

void html_open_page(struct text *out, const char *title)
{
    const struct embedded_file *style = embedded_find(report_style, "report");
    text_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    html_text(out, title);
    text_add(out, "</title>\n<style>\n");
    if (style)
        text_add_n(out, (const char *)style->text, style->length);
    text_add(out, "</style>\n</head>\n<body>\n<main>\n");
}

void html_close_page(struct text *out)
{
    text_add(out, "</main>\n</body>\n</html>\n");
}

void html_open_section(struct text *out, const char *id, const char *title)
{
    text_addf(out, "<section id=\"%s\">\n", id);
    html_words(out, "h2", title);
}

void html_close_section(struct text *out)
{
    text_add(out, "</section>\n");
}

void html_words(struct text *out, const char *element, const char *words)
{
    text_addf(out, "<%s>", element);
    html_text(out, words);
    text_addf(out, "</%s>\n", element);
}

void html_paragraph(struct text *out, const char *format, ...)
{
    char words[2048];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(words, sizeof words, format, args);
    va_end(args);
    html_words(out, "p", words);
}

static void add_heads(const struct table *t, struct text *out)
{
    text_add(out, "<thead><tr>");
    for (size_t c = 0; c < t->column_count; c++) {
        text_addf(out, "<th scope=\"col\"%s>", t->columns[c].left ? "" : " class=\"n\"");
        html_text(out, t->columns[c].title);
        text_add(out, "</th>");
    }
    text_add(out, "</tr></thead>\n");
}

void html_table(const struct table *t, const char *caption, struct text *out)
{
    const char *cell = t->cells.data;
    if (t->cells.failed) {
        out->failed = true;
        return;
    }
    if (caption) {
        text_add(out, "<p class=\"soft\">");
        html_text(out, caption);
        text_add(out, "</p>\n");
    }
    text_add(out, "<div class=\"wide\" tabindex=\"0\"><table>\n");
    if (!t->untitled)
        add_heads(t, out);
    text_add(out, "<tbody>\n");
    for (size_t i = 0; i < t->cell_count; i++, cell += strlen(cell) + 1) {
        size_t c = i % t->column_count;
        bool head = t->untitled && c == 0;
        text_add(out, c == 0 ? "<tr>" : "");
        text_add(out, head                 ? "<th scope=\"row\">"
                      : t->columns[c].left ? "<td>"
                                           : "<td class=\"n\">");
        html_text(out, cell);
        text_add(out, head ? "</th>" : "</td>");
        text_add(out, c + 1 == t->column_count ? "</tr>\n" : "");
    }
    text_add(out, "</tbody></table></div>\n");
}

/* ---- pictures ---- */

/* What stands before an id in gnuplot's tags. */
static size_t id_mark(const char *at)
{
    static const char *const marks[] = {"id=\"",   "id='",     "id = \"", "id = '",
                                        "href='#", "href=\"#", "url(#"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* Copies the picture; inside its tags every id gets the name before it. */
static void add_renamed(struct text *out, const char *name, const char *svg)
{
    bool tag = false;
    while (*svg != '\0') {
        size_t n = tag ? id_mark(svg) : 0;
        if (n > 0) {
            text_add_n(out, svg, n);
            text_addf(out, "%s-", name);
            svg += n;
            continue;
        }
        tag = *svg == '<' || (tag && *svg != '>');
        text_add_n(out, svg++, 1);
    }
}

void html_svg(struct text *out, const char *name, const char *title, const struct text *svg)
{
    const char *open = svg->data ? strstr(svg->data, "<svg") : NULL;
    const char *body = open ? strstr(open, "</desc>") : NULL;
    const char *box = open ? strstr(open, "viewBox=\"") : NULL;
    if (!body || !box || box > body)
        return;
    box += strlen("viewBox=\"");
    text_addf(out,
              "<svg role=\"img\" viewBox=\"%.*s\" xmlns=\"http://www.w3.org/2000/svg\" "
              "xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n",
              (int)strcspn(box, "\""), box);
    html_words(out, "title", title);
    add_renamed(out, name, body + strlen("</desc>"));
}
