#include "reports/plot_words.h"
#include "reports/format.h"

static void add_degree(struct text *out, const char *name, int n)
{
    if (n > 1)
        text_addf(out, ", %s %d", name, n);
}

void plot_strategy_words(const struct strategy *s, struct text *out)
{
    text_addf(out, "tp %d", s->tp);
    add_degree(out, "cp", s->cp);
    text_addf(out, ", pp %d", s->pp);
    add_degree(out, "vpp", s->vpp);
    add_degree(out, "ep", s->ep);
    add_degree(out, "etp", s->etp);
    text_addf(out, ", dp %d\nmb %d%s, ZeRO %d", s->dp, s->micro_batch,
              s->sequence_parallel ? ", sp" : "", s->zero);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        text_addf(out, ", rec. of %d", s->recompute_layers);
    else if (s->recompute != RECOMPUTE_NONE)
        text_addf(out, ", %s rec.", recompute_names[s->recompute]);
    if (s->schedule > SCHEDULE_INTERLEAVED || s->schedule == SCHEDULE_GPIPE)
        text_addf(out, ", %s", schedule_names[s->schedule]);
}

void plot_title_with(struct figure *f, const char *title, const struct scenario *scenario,
                     const char *remark)
{
    struct text words = {0};
    format_scenario(scenario, &words);
    text_add(&words, remark);
    figure_title(f, title, words.data ? words.data : "");
    text_free(&words);
}

void plot_title(struct figure *f, const char *title, const struct scenario *scenario)
{
    plot_title_with(f, title, scenario, "");
}
