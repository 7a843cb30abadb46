#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H
#include "reports/table.h"

/* HTML out. Words from anywhere go through html_text: nothing in them is markup. */
void html_text(struct text *out, const char *words);

/* A page that needs nothing from elsewhere: its style is in it. */
void html_open_page(struct text *out, const char *title);
void html_close_page(struct text *out);
void html_open_section(struct text *out, const char *id, const char *title);
void html_close_section(struct text *out);

/* An element that holds words: html_words(out, "h3", "Stages"). */
void html_words(struct text *out, const char *element, const char *words);
/* A paragraph of formatted words, escaped. */
void html_paragraph(struct text *out, const char *format, ...) STEPCAST_PRINTF(2, 3);

/* A table that scrolls by itself where it is wider than the page, under words that say what it is
 * (NULL: none). Untitled ones have row heads. */
void html_table(const struct table *t, const char *caption, struct text *out);

/* A picture that gnuplot made, to stand in a page: its ids begin with `name`, so that two pictures
 * do not meet, and `title` says what it shows. */
void html_svg(struct text *out, const char *name, const char *title, const struct text *svg);

#endif
