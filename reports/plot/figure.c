#include "reports/plot/figure.h"
#include "base/c_locale.h"
#include "base/file.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Figures are laid out on 960 x 540 points: a slide of 16 to 9. */
const struct figure_format figure_formats[] = {
    {"svg", "set terminal svg size 960,540 noenhanced background '#ffffff' font "
            "'Helvetica,Arial,sans-serif,14'"                                        },
 /* cairo's points are 4/3 of a pixel: the same proportions at twice the size */
    {"png", "set terminal pngcairo size 1920,1080 noenhanced font 'sans,14' fontscale 1.5 "
            "linewidth 2 pointscale 2"                                               },
    {"pdf", "set terminal pdfcairo size 13.333in,7.5in noenhanced font 'sans,14' fontscale 0.75"},
    {NULL,  NULL                                                                                },
};

const struct figure_format *figure_format_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (const struct figure_format *f = figure_formats; dot && f->ending; f++)
        if (names_equal(f->ending, dot + 1))
            return f;
    return NULL;
}

void figure_init(struct figure *f)
{
    f->tics = 0;
    text_init(&f->script);
    text_init(&f->data);
}

void figure_free(struct figure *f)
{
    text_free(&f->script);
    text_free(&f->data);
}

bool figure_failed(const struct figure *f)
{
    return f->script.failed || f->data.failed;
}

static const char theme[] = "set encoding utf8\n"
                            "set border 3 lw 1\n"
                            "set tics nomirror out scale 0.6\n"
                            "set format '%h'\n"
                            "set grid back lc rgb '#d9d9d9' lw 0.6 lt 1\n"
                            "set style fill solid 1 noborder\n"
                            "set key noautotitle\n";

void figure_script(const struct figure *f, const struct figure_format *format, struct text *out)
{
    text_addf(out, "# stepcast " STEPCAST_VERSION ": gnuplot FILE > figure.%s\n%s\n%s",
              format->ending, format->terminal, theme);
    text_add(out, text_string(&f->script));
}

/* ---- building ---- */

/* 'a'."\n".'b', 'a'."'".'b': inside single quotes gnuplot knows one escape, the doubled quote, and
 * takes it for an empty string where it comes first. */
void figure_quote(struct text *out, const char *words)
{
    text_add(out, "'");
    for (; *words != '\0'; words++) {
        unsigned char c = (unsigned char)*words;
        if (c == '\n')
            text_add(out, "'.\"\\n\".'");
        else if (c == '\'')
            text_add(out, "'.\"'\".'");
        else
            text_add_n(out, c < 0x20 || c == 0x7f ? " " : words, 1);
    }
    text_add(out, "'");
}

void figure_add(struct figure *f, const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start(args, format);
    int n = c_locale_vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        f->script.failed = true;
    else
        text_add_n(&f->script, line, (size_t)n);
}

void figure_label(struct figure *f, const char *words, const char *place, ...)
{
    char where[256];
    va_list args;
    va_start(args, place);
    c_locale_vsnprintf(where, sizeof where, place, args);
    va_end(args);
    text_add(&f->script, "set label ");
    figure_quote(&f->script, words);
    text_addf(&f->script, " %s\n", where);
}

void figure_set(struct figure *f, const char *command, const char *words)
{
    text_addf(&f->script, "%s ", command);
    figure_quote(&f->script, words);
    text_add(&f->script, "\n");
}

/* The size of letters at which the longest line fits the figure's width of 960 points: a letter is
 * half as wide as high on average. */
static double fitting_font(const char *words, double size)
{
    size_t longest = 0;
    while (*words != '\0') {
        size_t n = strcspn(words, "\n");
        longest = n > longest ? n : longest;
        words += n + (words[n] == '\n');
    }
    double fits = longest > 0 ? 930 / (0.53 * (double)longest) : size;
    return fits < size ? fits : size;
}

void figure_title(struct figure *f, const char *title, const char *subtitle)
{
    figure_label(f, title, "at screen 0.015,0.955 left font ',19' front");
    figure_label(f, subtitle, "at screen 0.015,0.905 left font ',%.3g' tc rgb '%s' front",
                 fitting_font(subtitle, 12), figure_grey);
    figure_add(f, "set tmargin at screen 0.86\n");
}

void figure_open_tics(struct figure *f, const char *command)
{
    f->tics = 0;
    text_addf(&f->script, "%s (", command);
}

void figure_tic(struct figure *f, const char *words, double position)
{
    struct text doubled = {0};
    for (; *words != '\0'; words++)
        text_add_n(&doubled, *words == '%' ? "%%" : words, *words == '%' ? 2 : 1);
    text_add(&f->script, f->tics++ > 0 ? ", " : "");
    figure_quote(&f->script, text_string(&doubled));
    text_addf(&f->script, " %.9g", position);
    text_free(&doubled);
}

void figure_close_tics(struct figure *f)
{
    text_add(&f->script, ")\n");
}

void figure_log_tics(struct figure *f, double low, double high)
{
    static const double steps[] = {1, 2, 5};
    int n = high / low < 200 ? 3 : 1;
    const char *before = "";
    figure_add(f, "set ytics (");
    for (double decade = pow(10, floor(log10(low))); decade <= high; decade *= 10) {
        for (int i = 0; i < n; i++) {
            if (decade * steps[i] < low || decade * steps[i] > high)
                continue;
            figure_add(f, "%s'%.9g' %.9g", before, decade * steps[i], decade * steps[i]);
            before = ", ";
        }
    }
    figure_add(f, ")\n");
}

void figure_key_line(struct figure *f, const struct figure_key *key)
{
    if (key->dash > 0)
        figure_add(f,
                   "set arrow from screen %.4f,%.4f to screen %.4f,%.4f nohead lw %g dt %d lc rgb "
                   "'%s' front\n",
                   key->x, key->y, key->x + 0.032, key->y, key->width, key->dash, key->colour);
    if (key->symbol > 0)
        figure_add(f, "set label '' at screen %.4f,%.4f point pt %d ps 0.8 lc rgb '%s' front\n",
                   key->x + 0.016, key->y, key->symbol, key->colour);
    figure_label(f, key->words, "at screen %.4f,%.4f left font ',12' front", key->x + 0.042,
                 key->y);
}

void figure_open_block(struct figure *f, const char *name)
{
    text_addf(&f->script, "$%s << END\n", name);
}

void figure_close_block(struct figure *f)
{
    text_add(&f->script, "END\n");
}
