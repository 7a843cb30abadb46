#include "parallelism/search/ties.h"
#include "reports/format.h"
#include "reports/review/parts.h"
#include "reports/search_answers.h"
#include "reports/search_report.h"

static const struct ranked *best_of(const struct review *r)
{
    return &r->found->results[0];
}

static void add_pair(struct table *t, const char *key, const char *value)
{
    table_cell(t, "%s", key);
    table_cell(t, "%s", value);
}

/* ---- the question ---- */

static void add_model_rows(const struct scenario *s, struct table *t)
{
    struct model_parameters p = model_parameters(&s->model);
    struct text words = {0};
    text_addf(&words, "%s: ", s->model.name);
    format_count_scaled(p.total, &words);
    text_add(&words, " parameters");
    if (p.active < p.total) {
        text_add(&words, ", ");
        format_count_scaled(p.active, &words);
        text_add(&words, " met by a token");
    }
    text_addf(&words, "; %d layers, hidden size %d, %d heads", s->model.layers,
              s->model.hidden_size, s->model.heads);
    if (s->model.experts > 0)
        text_addf(&words, ", %d experts of which %d take a token", s->model.experts,
                  s->model.experts_per_token);
    add_pair(t, "model", text_string(&words));
    text_free(&words);
}

static void add_tier(const struct tier *tier, struct text *out)
{
    struct text scratch = {0};
    text_addf(out, "%s: %s a GPU and direction", tier->name,
              format_unit(&scratch, tier->bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 4));
    if (tier->technology[0])
        text_addf(out, ", %s", tier->technology);
    if (tier->domain_gpus > 0)
        text_addf(out, ", %.0f GPUs a domain", tier->domain_gpus);
    text_free(&scratch);
}

static void add_system_rows(const struct scenario *s, struct table *t)
{
    const struct gpu *gpu = &s->system.gpu;
    struct text words = {0}, scratch = {0};
    text_addf(&words, "%.0f x %s", s->system.gpus, gpu->name);
    if (s->system.name[0])
        text_addf(&words, " (%s)", s->system.name);
    text_addf(&words, ": dense %s peak %s", dtype_names[s->job.precision],
              format_unit(&scratch, gpu->peak_flop_per_s[s->job.precision], UNIT_FLOP_PER_S, 4));
    text_addf(&words, ", memory %s", format_unit(&scratch, gpu->memory_bytes, UNIT_BYTES, 4));
    text_addf(&words, " at %s",
              format_unit(&scratch, gpu->memory_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 4));
    add_pair(t, "GPUs", text_string(&words));
    for (int i = 0; i < s->system.tiers; i++) {
        text_clear(&words);
        add_tier(&s->system.tier[i], &words);
        add_pair(t, "network", text_string(&words));
    }
    text_free(&words);
    text_free(&scratch);
}

void review_question(const struct review *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"", true},
        {"", true}
    };
    const struct scenario *s = r->scenario;
    struct table t;
    struct text words = {0};
    table_init(&t, columns, 2);
    t.untitled = true;
    html_paragraph(out,
                   "Which parallelism strategy trains %s fastest on %.0f x %s, how long does a "
                   "step take, and what would make it faster?",
                   s->model.name, s->system.gpus, s->system.gpu.name);
    add_model_rows(s, &t);
    add_system_rows(s, &t);
    format_job(&s->job, &words);
    add_pair(&t, "job", text_string(&words));
    text_clear(&words);
    text_addf(&words, "%s%s%s", s->stack.name, s->stack.description[0] ? ": " : "",
              s->stack.description);
    add_pair(&t, "software", text_string(&words));
    html_table(&t, NULL, out);
    table_free(&t);
    text_free(&words);
}

/* ---- the answer ---- */

static void add_tile(struct text *out, const char *name, const char *value, const char *more)
{
    text_add(out, "<div><dt>");
    html_text(out, name);
    text_add(out, "</dt><dd>");
    html_text(out, value);
    text_add(out, "<small>");
    html_text(out, more);
    text_add(out, "</small></dd></div>\n");
}

static void add_tiles(const struct review *r, struct text *out)
{
    const struct scenario *s = r->scenario;
    const struct step_cost *c = &best_of(r)->cost;
    struct text value = {0}, more = {0}, scratch = {0};
    text_add(out, "<dl class=\"tiles\">\n");
    text_addf(&more, "80 %% interval %s", format_unit(&scratch, step_low_s(c), UNIT_SECONDS, 3));
    text_addf(&more, " to %s", format_unit(&scratch, step_high_s(c), UNIT_SECONDS, 3));
    add_tile(out, "step time", format_unit(&value, c->step_s, UNIT_SECONDS, 4), more.data);
    text_clear(&more);
    double tokens_per_s = step_tokens_per_s(s, c);
    text_addf(&more, "%s a GPU", format_count(&scratch, tokens_per_s / s->system.gpus));
    add_tile(out, "tokens/s", format_count(&value, tokens_per_s), more.data);
    text_clear(&more);
    double rate = c->model_flop / c->step_s / s->system.gpus;
    text_addf(&more, "%s a GPU", format_unit(&scratch, rate, UNIT_FLOP_PER_S, 3));
    add_tile(out, "MFU", format_unit(&value, step_mfu(s, c), UNIT_FRACTION, 3), more.data);
    text_clear(&more);
    text_addf(&more, "of %s on the fullest GPU",
              format_unit(&scratch, c->memory_capacity_bytes, UNIT_BYTES, 3));
    add_tile(out, "memory", format_unit(&value, c->memory_total_bytes, UNIT_BYTES, 3), more.data);
    text_add(out, "</dl>\n");
    text_free(&value);
    text_free(&more);
    text_free(&scratch);
}

static void add_ties(const struct review *r, struct text *out)
{
    double interval_frac;
    int ties = ties_among(r->scenario, r->found, &interval_frac);
    if (ties == 0)
        html_paragraph(out, "Its lead over every other strategy is larger than what the forecast "
                            "may be off by between two strategies on one cluster.");
    else
        html_paragraph(out,
                       "%s%d other strateg%s so close that the forecast cannot tell %s from the "
                       "best: the lead lies within the 80 %% interval of the difference. Among "
                       "them choose by what else matters, or measure.",
                       ties + 1 == r->found->count ? "At least " : "", ties,
                       ties == 1 ? "y is" : "ies are", ties == 1 ? "it" : "them");
}

/* Width of the lines of flags. */
enum { FLAGS_WIDTH = 100 };

void review_answer(const struct review *r, struct text *out)
{
    struct text words = {0};
    text_add(out, "<p class=\"answer\">Fastest: <strong>");
    format_strategy(&best_of(r)->strategy, &words);
    html_text(out, text_string(&words));
    text_add(out, "</strong>.</p>\n");
    add_tiles(r, out);
    text_clear(&words);
    if (r->found->count > 1) {
        search_against_next(&r->scenario->model, r->found, &words);
        html_paragraph(out, "It is %s.", words.data ? words.data : "first");
        add_ties(r, out);
    }
    html_words(out, "h3", "The strategy as flags");
    text_clear(&words);
    format_strategy_flags(&best_of(r)->strategy, FLAGS_WIDTH, &words);
    html_words(out, "pre", text_string(&words));
    text_free(&words);
}

void review_nothing(const struct review *r, const struct remedies *remedies, struct text *out)
{
    const struct ranked *closest = &r->found->closest;
    struct text words = {0};
    struct table t;
    text_add(out, "<p class=\"answer\"><strong>Nothing fits.</strong></p>\n");
    if (closest->cost.legal) {
        strategy_describe(&closest->strategy, &words);
        html_paragraph(out, "Nearest comes %s: it %s.", text_string(&words), closest->cost.reason);
    } else {
        html_words(out, "p",
                   "No strategy is legal for this model, batch and number of GPUs, within the "
                   "options given.");
    }
    remedies_table(remedies, &t);
    if (remedies->count > 0)
        html_table(&t, "Each change alone; the fastest strategy then.", out);
    table_free(&t);
    text_free(&words);
}

void review_top(const struct review *r, struct text *out)
{
    struct search_report report = {.scenario = r->scenario, .result = r->found};
    struct table t;
    search_table(&report, r->top, &t);
    html_table(&t,
               "MBS: micro-batch, sequences. TP, PP, CP, VP, EP, DP: tensor, "
               "pipeline, context, virtual pipeline, expert and data parallel degrees. SP: "
               "sequence parallel.",
               out);
    table_free(&t);
    struct text count = {0};
    html_paragraph(out,
                   "The search covers all %s legal strategies; bounds rule most of them out, which "
                   "cannot be among the fastest.",
                   format_count(&count, (double)r->found->legal));
    text_free(&count);
}
