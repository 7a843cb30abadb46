#include "reports/plot/words.h"
#include "reports/format.h"
#include <string.h>

static void add_degree(struct text *out, const char *name, int n)
{
    if (n > 1)
        text_addf(out, ", %s %d", name, n);
}

/* Breaks words into two lines: at the comma nearest to their middle. */
static void break_in_two(const char *words, struct text *out)
{
    size_t n = strlen(words), at = 0;
    for (size_t i = 0; i < n; i++)
        if (words[i] == ',' &&
            (2 * i < n ? n - 2 * i : 2 * i - n) < (2 * at < n ? n - 2 * at : 2 * at - n))
            at = i;
    text_add_n(out, words, at);
    text_addf(out, "%s%s", at > 0 ? "\n" : "", words + (at > 0 ? at + 2 : 0));
}

void plot_strategy_words(const struct strategy *s, struct text *out)
{
    struct text words = {0};
    text_addf(&words, "tp %d", s->tp);
    add_degree(&words, "cp", s->cp);
    text_addf(&words, ", pp %d", s->pp);
    add_degree(&words, "vpp", s->vpp);
    add_degree(&words, "ep", s->ep);
    add_degree(&words, "etp", s->etp);
    text_addf(&words, ", dp %d, mb %d%s, ZeRO %d", s->dp, s->micro_batch,
              s->sequence_parallel ? ", sp" : "", s->zero);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        text_addf(&words, ", rec. of %d", s->recompute_layers);
    else if (s->recompute != RECOMPUTE_NONE)
        text_addf(&words, ", %s rec.", recompute_names[s->recompute]);
    if (s->schedule > SCHEDULE_INTERLEAVED || s->schedule == SCHEDULE_GPIPE)
        text_addf(&words, ", %s", schedule_names[s->schedule]);
    break_in_two(text_string(&words), out);
    text_free(&words);
}

void plot_title_with(struct figure *f, const char *title, const struct scenario *scenario,
                     const char *remark)
{
    struct text words = {0};
    format_scenario(scenario, &words);
    text_add(&words, remark);
    figure_title(f, title, text_string(&words));
    text_free(&words);
}

void plot_title(struct figure *f, const char *title, const struct scenario *scenario)
{
    plot_title_with(f, title, scenario, "");
}
