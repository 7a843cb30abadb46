#include "reports/sample_drawing.h"
#include "reports/format.h"
#include <math.h>
#include <stdlib.h>

enum { ACROSS = 64, UP = 24 };

/* The decades that the drawing shows. */
struct span {
    double low, high;
};

static bool is_shown(const struct sample_report *r, size_t i)
{
    return !r->predictions[i].skipped && r->predictions[i].time_s > 0;
}

static struct span span_of(const struct sample_report *r)
{
    struct span s = {HUGE_VAL, 0};
    for (size_t i = 0; i < r->samples->count; i++) {
        if (!is_shown(r, i))
            continue;
        double a = r->samples->items[i].time_s, b = r->predictions[i].time_s;
        s.low = fmin(s.low, fmin(a, b));
        s.high = fmax(s.high, fmax(a, b));
    }
    return s;
}

/* Cell of a time along a side of `cells`. */
static int cell_of(const struct span *s, double time_s, int cells)
{
    double share = log(time_s / s->low) / log(s->high / s->low);
    return (int)fmin(cells - 1, floor(share * cells));
}

static void count(const struct sample_report *r, const struct span *s, int cells[UP][ACROSS])
{
    for (size_t i = 0; i < r->samples->count; i++)
        if (is_shown(r, i))
            cells[cell_of(s, r->predictions[i].time_s, UP)]
                 [cell_of(s, r->samples->items[i].time_s, ACROSS)]++;
}

/* One row more is one shade darker for each factor of three. */
static char shade_of(int rows, bool diagonal)
{
    static const char shades[] = "-+x*#";
    if (rows == 0)
        return diagonal ? '.' : ' ';
    int shade = (int)(log(rows) / log(3));
    return shades[shade < 4 ? shade : 4];
}

void sample_drawing_text(const struct sample_report *r, struct text *out)
{
    struct span s = span_of(r);
    struct text scratch = {0};
    int cells[UP][ACROSS] = {{0}};
    if (!(s.high > s.low))
        return;
    count(r, &s, cells);
    text_add(out, "\npredicted (up) against measured time, logarithmic; a row - to many #\n");
    for (int row = UP - 1; row >= 0; row--) {
        size_t end = 0;
        char line[ACROSS + 1];
        for (int column = 0; column < ACROSS; column++) {
            line[column] = shade_of(cells[row][column], column * UP / ACROSS == row);
            end = line[column] == ' ' ? end : (size_t)column + 1;
        }
        text_add(out, "  |");
        text_add_n(out, line, end);
        text_add(out, "\n");
    }
    text_addf(out, "   %s", format_unit(&scratch, s.low, UNIT_SECONDS, 3));
    text_pad(out, ACROSS - 4);
    text_addf(out, "%s\n", format_unit(&scratch, s.high, UNIT_SECONDS, 3));
    text_free(&scratch);
}
