#include "reports/format.h"
#include "reports/review/parts.h"
#include "reports/search_answers.h"
#include "reports/sensitivity_report.h"

/* ---- what limits the best ---- */

/* Terms with less of the step are not named. */
static const double shown_frac = 5e-4;

static void add_shares(const struct review *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"limit",    true },
        {"share",    false},
        {"of which", true }
    };
    const struct step_cost *cost = &r->found->results[0].cost;
    struct table t;
    int order[TERMS];
    terms_by_size(cost, order);
    table_init(&t, columns, 3);
    for (int l = 0; l < LIMITS; l++) {
        struct text terms = {0};
        if (!(r->limits->share[l] > shown_frac))
            continue;
        table_cell(&t, "%s", limit_words[l]);
        table_cell(&t, "%.1f %%", 100 * r->limits->share[l]);
        for (int i = 0; i < TERMS; i++)
            if (limit_of_term((enum term)order[i]) == (enum limit)l &&
                cost->term_s[order[i]] > shown_frac * cost->step_s)
                text_addf(&terms, "%s%s (%.1f %%)", terms.length > 0 ? "; " : "",
                          term_description(&r->scenario->model, (enum term)order[i]),
                          100 * cost->term_s[order[i]] / cost->step_s);
        table_text(&t, &terms);
        text_free(&terms);
    }
    html_table(&t, "Share of the step time.", out);
    table_free(&t);
}

/* That the fastest leaves less memory free than forecasts err by, and what does not. */
static void add_margin_words(const struct review *r, struct text *out)
{
    const struct limits *limits = r->limits;
    const struct step_cost *best = &r->found->results[0].cost, *safe = &limits->safe.cost;
    struct text words = {0};
    if (safe->legal)
        strategy_describe(&limits->safe.strategy, &words);
    html_paragraph(out,
                   "It leaves %.1f %% of its memory free, and one run in ten takes over %.0f %% "
                   "more than forecast.",
                   100 * limits->memory_free_frac, 100 * memory_margin_frac);
    if (safe->legal)
        html_paragraph(out, "With that to spare the fastest is %s, %.1f %% slower.",
                       words.data ? words.data : "another strategy",
                       100 * (safe->step_s / best->step_s - 1));
    text_free(&words);
}

static void add_memory_words(const struct review *r, struct text *out)
{
    const struct ranked *best = &r->found->results[0], *roomy = &r->limits->roomy;
    struct text words = {0}, scratch = {0};
    if (r->limits->memory_tight)
        add_margin_words(r, out);
    if (!r->limits->memory_binds) {
        html_paragraph(out, "Memory does not bind: with more of it on every GPU the same strategy "
                            "would be fastest.");
        return;
    }
    strategy_describe(&roomy->strategy, &words);
    html_paragraph(out,
                   "Memory binds: with all the memory that it wants (%s a GPU) %s would be "
                   "fastest, in %.1f %% less time.",
                   format_unit(&scratch, roomy->cost.memory_total_bytes, UNIT_BYTES, 3),
                   words.data ? words.data : "another strategy",
                   100 * (1 - roomy->cost.step_s / best->cost.step_s));
    text_free(&words);
    text_free(&scratch);
}

/* ---- one knob away ---- */

static void dimension_value(const struct neighbour *n, const struct strategy *s, struct text *out)
{
    if (n->dimension == SEARCH_DIMENSIONS)
        text_add(out, s->overlaps >> n->overlap & 1 ? "on" : "off");
    else
        field_get(search_dimension_field(n->dimension), s, out);
}

static void add_verdict(struct table *t, const struct neighbour *n, const struct ranked *best)
{
    struct text words = {0};
    neighbour_loss(n, best, &words);
    table_text(t, &words);
    text_free(&words);
}

/* Better known first: what runs and by how little it is slower, what does not fit, what is illegal.
 */
static bool better(const struct neighbour *a, const struct neighbour *b)
{
    static const int order[] = {[NEIGHBOUR_ILLEGAL] = 2,
                                [NEIGHBOUR_MEMORY] = 1,
                                [NEIGHBOUR_SLOWER] = 0,
                                [NEIGHBOUR_FASTER] = 0};
    if (order[a->verdict] != order[b->verdict])
        return order[a->verdict] < order[b->verdict];
    return a->verdict == NEIGHBOUR_MEMORY ? a->short_bytes < b->short_bytes
                                          : a->slower_s < b->slower_s;
}

static bool same_knob(const struct neighbour *a, const struct neighbour *b)
{
    return a->dimension == b->dimension &&
           (a->dimension != SEARCH_DIMENSIONS || a->overlap == b->overlap);
}

/* Of each knob the best other value. */
static bool leads(const struct neighbours *all, int i)
{
    for (int j = 0; j < all->count; j++)
        if (j != i && same_knob(&all->neighbour[i], &all->neighbour[j]) &&
            (better(&all->neighbour[j], &all->neighbour[i]) ||
             (j < i && !better(&all->neighbour[i], &all->neighbour[j]))))
            return false;
    return true;
}

static void add_neighbours(const struct review *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"key",       true},
        {"best",      true},
        {"instead",   true},
        {"step time", true}
    };
    struct table t;
    struct text value = {0};
    table_init(&t, columns, 4);
    for (int i = 0; i < r->neighbours->count; i++) {
        const struct neighbour *n = &r->neighbours->neighbour[i];
        bool overlap = n->dimension == SEARCH_DIMENSIONS;
        if (!leads(r->neighbours, i))
            continue;
        table_cell(&t, "%s%s", overlap ? "overlap " : "",
                   overlap ? overlap_names[n->overlap] : search_dimension_names[n->dimension]);
        dimension_value(n, &r->found->results[0].strategy, &value);
        table_text(&t, &value);
        dimension_value(n, &n->strategy, &value);
        table_text(&t, &value);
        add_verdict(&t, n, &r->found->results[0]);
    }
    html_words(out, "h3", "One step away");
    html_table(&t,
               "The best other value of each key, all else but the data parallel degree as it "
               "is.",
               out);
    table_free(&t);
    text_free(&value);
}

void review_limits(const struct review *r, struct text *out)
{
    add_shares(r, out);
    add_memory_words(r, out);
    add_neighbours(r, out);
}

/* ---- sensitivities ---- */

enum { SENSITIVITY_ROWS = 16 };

void review_sensitivity(const struct review *r, struct text *out)
{
    struct sensitivity_report report = {
        .found = r->sensitivities, .range_frac = r->range_frac, .top = SENSITIVITY_ROWS};
    struct sensitivity_table t;
    sensitivity_table(&report, &t);
    html_table(&t.table, sensitivity_legend, out);
    table_free(&t.table);
}
