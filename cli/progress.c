#include "cli/progress.h"
#include "base/c_locale.h"
#include "base/wall_clock.h"
#include "cli/output.h"
#include <stdio.h>

enum { LINE_WIDTH = 78 };

void progress_start(struct progress *p, const struct arguments *a)
{
    *p = (struct progress){.wanted = output_progress_wanted(a), .start_s = wall_clock_s()};
}

void progress_show(struct progress *p, const char *format, ...)
{
    char line[LINE_WIDTH + 1];
    if (!p->wanted || wall_clock_s() - p->start_s < 1)
        return;
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fprintf(stderr, "\r%-*s", LINE_WIDTH, line);
    fflush(stderr);
    p->shown = true;
}

void progress_search(void *context, double done_frac, long long evaluated)
{
    progress_show(context, "searching: %3.0f %%, %lld strategies evaluated", 100 * done_frac,
                  evaluated);
}

void progress_points(void *context, int done, int points)
{
    progress_show(context, "searching: %d of %d", done, points);
}

void progress_fit(void *context, const char *op, const char *name, int done, int all)
{
    progress_show(context, "fitting: %s %s, %d of %d", op, name, done + 1, all);
}

void progress_end(struct progress *p)
{
    if (p->shown)
        fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
    p->shown = false;
}
