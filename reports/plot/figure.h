#ifndef REPORTS_PLOT_FIGURE_H
#define REPORTS_PLOT_FIGURE_H
#include "base/text.h"

/* A figure: a gnuplot script that holds its data, and the numbers as CSV. Names and labels reach
 * the script as single-quoted strings alone, data as lines of numbers: nothing that a model, a
 * file or a user is called can be a command. */
struct figure {
    int tics;           /* of the list that is open */
    struct text script; /* without the terminal */
    struct text data;   /* CSV */
};

void figure_init(struct figure *f);
void figure_free(struct figure *f);
bool figure_failed(const struct figure *f);

/* Formats a figure can be drawn in, by the ending of a file's name. */
struct figure_format {
    const char *ending; /* "svg" */
    const char *terminal;
};
extern const struct figure_format figure_formats[]; /* ended by a NULL ending */
/* The format of "x.svg", in any case; NULL: none. */
const struct figure_format *figure_format_of(const char *path);

/* The whole script: terminal, theme, the figure. */
void figure_script(const struct figure *f, const struct figure_format *format, struct text *out);

/* ---- building ---- */

/* Title (what the figure is about) and the line under it; at the head of the page. */
void figure_title(struct figure *f, const char *title, const char *subtitle);

/* Appends a string as gnuplot reads it. Control characters become blanks; '\n' a line break. */
void figure_quote(struct text *out, const char *words);
/* Appends commands; arguments must be numbers or words of our own. */
void figure_add(struct figure *f, const char *format, ...) STEPCAST_PRINTF(2, 3);
/* A line of text at screen or first coordinates: place is such as "at screen 0.1,0.2 right". */
void figure_label(struct figure *f, const char *words, const char *place, ...)
    STEPCAST_PRINTF(3, 4);
/* Command with a string at its end: figure_set(f, "set xlabel", "step time, s"). */
void figure_set(struct figure *f, const char *command, const char *words);

/* Tics with words of their own: open, one call a tic, close. gnuplot takes these words for a format:
 * '%' is doubled. */
void figure_open_tics(struct figure *f, const char *command);
void figure_tic(struct figure *f, const char *words, double position);
void figure_close_tics(struct figure *f);
/* Tics of a logarithmic y axis that shows low to high: decades, or 1, 2, 5 where those are few. */
void figure_log_tics(struct figure *f, double low, double high);

/* A line of a legend of our own, where gnuplot's would not go: at screen coordinates. symbol: a
 * point type, 0 none; dash: a dash type, 0 no line. */
struct figure_key {
    double x, y;
    const char *colour, *words;
    int symbol, dash;
    double width;
};
void figure_key_line(struct figure *f, const struct figure_key *key);

/* A block of data: lines of numbers between open and close. */
void figure_open_block(struct figure *f, const char *name);
void figure_close_block(struct figure *f);

/* ---- theme ---- */

/* Colours that differ in lightness too: they survive printing in grey and colour-blind eyes. */
extern const char figure_ink[], figure_grey[], figure_warn[];
enum { FIGURE_HUES = 8 };
extern const char *const figure_hue[FIGURE_HUES]; /* of series that are alike */
const char *figure_term_colour(int term);
const char *figure_memory_colour(int kind);
/* Black or white, whichever is read better on a colour "#rrggbb". */
const char *figure_text_on(const char *colour);
/* What a legend calls a term: "gemm", "tp communication". */
void figure_term_name(int term, struct text *out);

/* A unit in which times up to most_s are read well: value / factor in `name`. */
struct figure_unit {
    double factor;
    const char *name;
};
struct figure_unit figure_unit_of(double most_s);

#endif
