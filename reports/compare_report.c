#include "reports/compare_report.h"
#include "base/json_write.h"
#include "reports/format.h"
#include "reports/scenario_json.h"
#include "reports/table.h"
#include <math.h>

enum { BAR_WIDTH = 40, STRATEGY_WIDTH = 100 };

static void add_log(const struct compare_report *r, struct text *out)
{
    const struct run_summary *s = r->input->summary;
    struct text scratch = {0};
    text_addf(out, "Measured  %s a step: median of %zu step%s of %s (%s)",
              format_step(&scratch, s->step_s), s->steps, s->steps == 1 ? "" : "s", r->log_file,
              r->input->log->family->title);
    if (s->warmup > 0)
        text_addf(out, ", %zu left out as warm-up", s->warmup);
    text_addf(out, "\n          half of them within %s, 80 %% from ",
              format_unit(&scratch, s->step_s > 0 ? s->mad_s / s->step_s : 0, UNIT_FRACTION, 2));
    text_addf(out, "%s to ", format_unit(&scratch, s->low_s, UNIT_SECONDS, 4));
    text_addf(out, "%s\n", format_unit(&scratch, s->high_s, UNIT_SECONDS, 4));
    if (s->flop_per_s_per_gpu > 0)
        text_addf(out, "          %s a GPU, as the program counts\n",
                  format_unit(&scratch, s->flop_per_s_per_gpu, UNIT_FLOP_PER_S, 3));
    text_free(&scratch);
}

static bool inside_interval(const struct comparison *c)
{
    return c->measured_s >= step_low_s(&c->forecast) && c->measured_s <= step_high_s(&c->forecast);
}

static void add_forecast(const struct compare_report *r, struct text *out)
{
    const struct comparison *c = r->comparison;
    const struct step_cost *f = &c->forecast;
    struct text scratch = {0};
    text_addf(out, "Forecast  %s a step", format_step(&scratch, f->step_s));
    text_addf(out, " (80 %% interval %s", format_unit(&scratch, step_low_s(f), UNIT_SECONDS, 3));
    text_addf(out, " to %s)\n", format_unit(&scratch, step_high_s(f), UNIT_SECONDS, 3));
    text_addf(out, "The run takes %s %s than its forecast, %s the interval.\n",
              format_unit(&scratch, fabs(c->gap_frac), UNIT_FRACTION, 3),
              c->gap_frac > 0 ? "longer" : "less", inside_interval(c) ? "inside" : "outside");
    text_free(&scratch);
}

static void add_memory(const struct compare_report *r, struct text *out)
{
    const struct run_summary *s = r->input->summary;
    struct text scratch = {0};
    if (s->memory_bytes > 0 || s->reserved_bytes > 0)
        text_add(out, "Memory    ");
    if (s->memory_bytes > 0)
        text_addf(out, "%s allocated%s", format_unit(&scratch, s->memory_bytes, UNIT_BYTES, 4),
                  s->reserved_bytes > 0 ? ", " : "");
    if (s->reserved_bytes > 0)
        text_addf(out, "%s reserved", format_unit(&scratch, s->reserved_bytes, UNIT_BYTES, 4));
    if (s->memory_bytes > 0 || s->reserved_bytes > 0)
        text_addf(out, " at the peak of the ranks in the log; forecast %s on the fullest rank\n",
                  format_unit(&scratch, r->comparison->forecast.memory_total_bytes, UNIT_BYTES, 4));
    text_free(&scratch);
}

/* A bar from `from` to `to` of a scale that ends at `full`. */
static void span(double from, double to, double full, char out[BAR_WIDTH + 1])
{
    int a = (int)(fmin(from, to) / full * BAR_WIDTH + 0.5);
    int b = (int)(fmax(from, to) / full * BAR_WIDTH + 0.5);
    a = a < 0 ? 0 : a > BAR_WIDTH ? BAR_WIDTH : a;
    b = b < a ? a : b > BAR_WIDTH ? BAR_WIDTH : b;
    for (int i = 0; i < b; i++)
        out[i] = i < a ? ' ' : to < from ? '-' : '+';
    if (a == b && a < BAR_WIDTH)
        out[b++] = '|';
    out[b] = '\0';
}

/* From the forecast through each term's difference to the trace. */
static void add_waterfall(const struct comparison *c, double traced_s, struct text *out)
{
    static const struct table_column columns[] = {
        {"term",       true },
        {"forecast",   false},
        {"measured",   false},
        {"difference", false},
        {"",           true },
        {"",           true },
    };
    struct table t;
    double at = c->forecast.step_s, full = fmax(c->forecast.step_s, traced_s) * 1.05;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < COMPARE_LINES; i++) {
        char bar[BAR_WIDTH + 1];
        double difference = c->traced_s[i] - c->forecast_s[i];
        if (c->traced_s[i] <= 0 && c->forecast_s[i] <= 0)
            continue;
        span(at, at + difference, full, bar);
        at += difference;
        table_cell(&t, "%s", compare_line_names[i]);
        table_unit(&t, c->forecast_s[i], UNIT_SECONDS, 4);
        table_unit(&t, c->traced_s[i], UNIT_SECONDS, 4);
        table_cell(&t, "%+.1f %%", 100 * difference / c->forecast.step_s);
        table_cell(&t, "%s", bar);
        table_cell(&t, "%s", compare_line_descriptions[i]);
    }
    table_cell(&t, "step");
    table_unit(&t, c->forecast.step_s, UNIT_SECONDS, 4);
    table_unit(&t, traced_s, UNIT_SECONDS, 4);
    table_cell(&t, "%+.1f %%", 100 * (traced_s / c->forecast.step_s - 1));
    table_cell(&t, "%s", "");
    table_cell(&t, "differences as a share of the forecast's step");
    table_write(&t, 2, out);
    table_free(&t);
}

static void add_trace(const struct compare_report *r, struct text *out)
{
    const struct kineto *k = r->input->kineto;
    struct text scratch = {0};
    text_addf(out, "\nOne step of the trace: %s, %.0f kernels, %d whole step%s\n",
              format_unit(&scratch, k->step_s, UNIT_SECONDS, 4), k->kernels, k->steps,
              k->steps == 1 ? "" : "s");
    add_waterfall(r->comparison, k->step_s, out);
    if (k->other_comm_s > 0)
        text_addf(out, "  %s of collectives had no communicator that could be told: in dp\n",
                  format_unit(&scratch, k->other_comm_s, UNIT_SECONDS, 3));
    for (int i = 0; i < k->unknown_count; i++)
        text_addf(out, "%s%s%s",
                  i == 0 ? "  kernels that no row knows are in memory_bound: " : ", ",
                  k->unknown[i], i + 1 == k->unknown_count ? "\n" : "");
    text_free(&scratch);
}

static void add_largest(const struct compare_report *r, struct text *out)
{
    text_add(out, "\nWhere the forecast's time goes (--kineto FILE compares term by term):\n");
    format_largest_terms(&r->input->scenario->model, &r->comparison->forecast, 6, 2, out);
}

static void add_causes(const struct comparison *c, struct text *out)
{
    struct text scratch = {0};
    bool inside = inside_interval(c);
    if (c->causes == 0)
        text_addf(out, "\nNothing that was tried explains the difference%s.\n",
                  inside ? ", which is within the forecast's own error" : "");
    else
        text_addf(out, "\nMost likely causes%s:\n",
                  inside ? " (inside the interval it may as well be the forecast's own error)"
                         : "");
    for (int i = 0; i < c->causes; i++) {
        const struct cause *cause = &c->cause[i];
        text_addf(out, "  %d. %s", i + 1, cause->what);
        if (cause->step_s > 0) {
            text_addf(out, ": the forecast would be %s",
                      format_unit(&scratch, cause->step_s, UNIT_SECONDS, 4));
            text_addf(out, ", %s of the difference gone",
                      format_unit(&scratch, cause->explained_frac, UNIT_FRACTION, 2));
        }
        text_add(out, "\n");
    }
    text_free(&scratch);
}

void compare_text(const struct compare_report *r, struct text *out)
{
    format_scenario(r->input->scenario, out);
    text_add(out, "\nStrategy: ");
    format_strategy(r->input->strategy, out);
    text_add(out, "\n\n");
    add_log(r, out);
    add_forecast(r, out);
    add_memory(r, out);
    if (r->comparison->traced)
        add_trace(r, out);
    else
        add_largest(r, out);
    add_causes(r->comparison, out);
}

static void put_log(struct json_writer *w, const struct compare_report *r)
{
    const struct run_summary *s = r->input->summary;
    json_open_object(w, "log");
    json_put_string(w, "file", r->log_file);
    json_put_string(w, "framework", r->input->log->family->name);
    json_put_number(w, "steps", (double)s->steps);
    json_put_number(w, "warmup_steps", (double)s->warmup);
    json_put_number(w, "outliers", (double)s->outliers);
    json_put_number(w, "step_time_s", s->step_s);
    json_put_number(w, "mad_s", s->mad_s);
    json_put_number(w, "low_s", s->low_s);
    json_put_number(w, "high_s", s->high_s);
    json_put_number(w, "drift_frac", s->drift_frac);
    json_put_positive(w, "tokens_per_s_per_gpu", s->tokens_per_s_per_gpu);
    json_put_positive(w, "flop_per_s_per_gpu", s->flop_per_s_per_gpu);
    json_put_positive(w, "memory_bytes", s->memory_bytes);
    json_put_positive(w, "reserved_bytes", s->reserved_bytes);
    json_close_object(w);
}

static void put_terms(struct json_writer *w, const struct comparison *c)
{
    json_open_array(w, "terms");
    for (int i = 0; i < COMPARE_LINES; i++) {
        json_open_object_compact(w, NULL);
        json_put_string(w, "term", compare_line_names[i]);
        json_put_number(w, "forecast_s", c->forecast_s[i]);
        if (c->traced)
            json_put_number(w, "measured_s", c->traced_s[i]);
        else
            json_put_null(w, "measured_s");
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_causes(struct json_writer *w, const struct comparison *c)
{
    json_open_array(w, "causes");
    for (int i = 0; i < c->causes; i++) {
        json_open_object_compact(w, NULL);
        json_put_string(w, "what", c->cause[i].what);
        json_put_positive(w, "step_time_s", c->cause[i].step_s);
        json_put_positive(w, "explained_frac", c->cause[i].explained_frac);
        json_close_object(w);
    }
    json_close_array(w);
}

void compare_json(const struct compare_report *r, struct text *out)
{
    const struct comparison *c = r->comparison;
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", r->input->scenario);
    json_open_object(&w, "strategy");
    fields_write(&w, strategy_fields, strategy_field_count, r->input->strategy, NULL);
    json_close_object(&w);
    put_log(&w, r);
    json_put_number(&w, "predicted_step_time_s", c->forecast.step_s);
    json_put_number(&w, "predicted_low_s", step_low_s(&c->forecast));
    json_put_number(&w, "predicted_high_s", step_high_s(&c->forecast));
    json_put_number(&w, "measured_step_time_s", c->measured_s);
    json_put_number(&w, "gap_frac", c->gap_frac);
    json_put_number(&w, "predicted_memory_bytes", c->forecast.memory_total_bytes);
    if (r->input->kineto)
        json_put_number(&w, "traced_step_time_s", r->input->kineto->step_s);
    put_terms(&w, c);
    put_causes(&w, c);
    json_close_object(&w);
}
