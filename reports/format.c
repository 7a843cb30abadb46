#include "reports/format.h"
#include <math.h>
#include <string.h>

const char *format_unit(struct text *scratch, double value, enum unit unit, int digits)
{
    text_clear(scratch);
    unit_format(scratch, value, unit, digits);
    return scratch->data ? scratch->data : "";
}

const char *format_step(struct text *scratch, double seconds)
{
    static const double hour = 3600, day = 86400;
    format_unit(scratch, seconds, UNIT_SECONDS, 4);
    if (seconds >= 2 * day)
        text_addf(scratch, " (%.3g d)", seconds / day);
    else if (seconds >= 2 * hour)
        text_addf(scratch, " (%.3g h)", seconds / hour);
    return text_string(scratch);
}

const char *format_count(struct text *scratch, double count)
{
    char digits[64];
    text_clear(scratch);
    text_addf(scratch, "%.0f", count);
    size_t n = scratch->length;
    if (scratch->failed || n >= sizeof digits)
        return scratch->data ? scratch->data : "";
    memcpy(digits, scratch->data, n + 1);
    text_clear(scratch);
    for (size_t i = 0; i < n; i++) {
        bool group = i > 0 && (n - i) % 3 == 0 && digits[i - 1] != '-';
        text_addf(scratch, "%s%c", group ? "," : "", digits[i]);
    }
    return scratch->data ? scratch->data : "";
}

void format_count_scaled(double count, struct text *out)
{
    bool billions = count >= 0.9995e9;
    double scaled = count / (billions ? 1e9 : 1e6);
    int decimals = scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
    text_addf(out, "%.*f %s", decimals, scaled, billions ? "B" : "M");
}

void format_job(const struct job *job, struct text *out)
{
    text_addf(out, "%.0f sequence%s of %.0f tokens a step, %s", job->global_batch,
              job->global_batch > 1 ? "s" : "", job->seq_length, dtype_names[job->precision]);
}

void format_scenario(const struct scenario *scenario, struct text *out)
{
    const struct system *system = &scenario->system;
    text_addf(out, "%s on %.0f x %s", scenario->model.name, system->gpus, system->gpu.name);
    if (strcmp(system->name, system->gpu.name) != 0 && system->name[0] != '\0')
        text_addf(out, " (%s)", system->name);
    text_add(out, ", ");
    format_job(&scenario->job, out);
    text_addf(out, ", stack %s", scenario->stack.name);
}

void terms_by_size(const struct step_cost *cost, int order[TERMS])
{
    for (int i = 0; i < TERMS; i++) {
        int j = i;
        for (; j > 0 && cost->term_s[order[j - 1]] < cost->term_s[i]; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

void format_largest_terms(const struct model *model, const struct step_cost *cost, int n,
                          size_t indent, struct text *out)
{
    int order[TERMS];
    terms_by_size(cost, order);
    for (int i = 0; i < n && i < TERMS && cost->term_s[order[i]] > 0; i++) {
        text_pad(out, indent);
        text_addf(out, "%5.1f %%  %s\n", 100 * cost->term_s[order[i]] / cost->step_s,
                  term_description(model, (enum term)order[i]));
    }
}

static void add_degree(struct text *out, const char *words, int n)
{
    if (n > 1)
        text_addf(out, ", %s %d", words, n);
}

void format_strategy(const struct strategy *s, struct text *out)
{
    text_addf(out, "tensor parallel %d", s->tp);
    if (s->sequence_parallel)
        text_add(out, " with sequence parallel");
    text_addf(out, ", pipeline %d", s->pp);
    if (s->vpp > 1)
        text_addf(out, " (%d virtual stages each)", s->vpp);
    add_degree(out, "context parallel", s->cp);
    add_degree(out, "expert parallel", s->ep);
    add_degree(out, "expert tensor parallel", s->etp);
    text_addf(out, ", data parallel %d (ZeRO %d", s->dp, s->zero);
    if (s->zero > 0 && s->cp > 1 && s->zero_group == 0 && s->fsdp_shard == 0)
        text_addf(out, " over dp x cp = %d", s->dp * s->cp);
    text_addf(out, "), micro-batch %d", s->micro_batch);
    if (s->recompute == RECOMPUTE_NONE)
        text_add(out, ", no recompute");
    else
        text_addf(out, ", %s recompute", recompute_names[s->recompute]);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        text_addf(out, " of %d layers a stage", s->recompute_layers);
    if (s->schedule > SCHEDULE_INTERLEAVED || s->schedule == SCHEDULE_GPIPE)
        text_addf(out, ", schedule %s", schedule_names[s->schedule]);
    strategy_describe_rest(s, out);
}

void format_against_closed(double more_frac, struct text *out)
{
    if (fabs(more_frac) < 5e-5) /* rounds to 0.00 % */
        text_add(out, ", as the closed form has it");
    else
        text_addf(out, ", %.2f %% %s than the closed form", 100 * fabs(more_frac),
                  more_frac > 0 ? "more" : "less");
}

/* "--tp 8", "--no-sequence-parallel", "--pp-layout 'Et|t*3|L'"; nothing for an empty text. */
static void add_flag(const struct field *field, const struct strategy *s, struct text *out)
{
    struct text value = {0};
    field_get(field, s, &value);
    bool flag = field->kind == FIELD_BOOL, on = flag && value.length == strlen("true");
    const char *quote = field->kind == FIELD_STRING ? "'" : "";
    text_clear(out);
    if (value.length > 0) {
        text_addf(out, "--%s", flag && !on ? "no-" : "");
        for (const char *c = field->key; *c != '\0'; c++)
            text_add_n(out, *c == '_' ? "-" : c, 1);
        if (!flag)
            text_addf(out, " %s%s%s", quote, value.data, quote);
    }
    text_free(&value);
}

void format_strategy_flags(const struct strategy *s, size_t width, struct text *out)
{
    struct text flag = {0};
    size_t column = 0;
    for (size_t i = 0; i < strategy_field_count; i++) {
        add_flag(&strategy_fields[i], s, &flag);
        if (flag.length == 0)
            continue;
        if (column == 0 || column + 1 + flag.length > width) {
            text_add(out, column == 0 ? "  " : "\n  ");
            column = 2;
        } else {
            text_add(out, " ");
            column++;
        }
        text_add(out, flag.data);
        column += flag.length;
    }
    text_add(out, "\n");
    text_free(&flag);
}

/* Where to break a line of n bytes: at the last blank within the width, after a comma or its like
 * where that leaves two fifths of the room full, else at the first one beyond; n: nowhere. */
static size_t break_of(const char *line, size_t n, size_t width, size_t indent)
{
    size_t at = n, pause = 0;
    for (size_t i = indent; i < n && (i <= width || at == n); i++)
        if (line[i] == ' ') {
            at = i;
            if (i > 0 && strchr(",;:", line[i - 1]))
                pause = i;
        }
    return 5 * pause > 2 * width + 3 * indent && at <= width ? pause : at;
}

static void add_wrapped(const char *line, size_t n, size_t width, size_t indent, struct text *out)
{
    size_t from = 0; /* blanks that the text already has in front */
    while (n > width - from) {
        size_t at = break_of(line, n, width - from, indent - from);
        text_add_n(out, line, at);
        if (at == n)
            return;
        text_addf(out, "\n%*s", (int)indent, "");
        line += at + 1;
        n -= at + 1;
        from = indent;
    }
    text_add_n(out, line, n);
}

void format_wrapped(const char *lines, size_t width, size_t indent, struct text *out)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        add_wrapped(lines, n, width, indent, out);
        lines += n;
        if (*lines == '\n') {
            text_add(out, "\n");
            lines++;
        }
    }
}
