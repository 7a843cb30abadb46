#include "hardware/collective_constants.h"
#include <stdio.h>
#include <string.h>

/* {"kind", "source", "date", "samples", "error_frac", "range": {"bytes": [low, high], "ranks":
 * [..]}, OP: {"regimes": [{.., "standard_errors": {..}}], "switches": [..], "switch_regime",
 * "groups": [{"ranks", "frac", "split", "ratios": [..]}], "knots": [..]}} */

const char *const collective_algorithm_names[COLLECTIVE_ALGORITHMS + 1] = {"tree", "ring", NULL};

#define HEAD(member, kind, unit, max, required, names, help)                                       \
    FIELD_ROW(collective_calibration, #member, kind, unit, member, 0, max, required, names, help)
#define REGIME(key, unit, member, min, max, required, help)                                        \
    FIELD_ROW(collective_regime, key, FIELD_NUMBER, unit, member, min, max, required, NULL, help)
#define SWITCH(key, unit, member, min, max, help)                                                  \
    FIELD_ROW(collective_switch, key, FIELD_NUMBER, unit, member, min, max, true, NULL, help)

static const struct field head_rows[] = {
    HEAD(kind, FIELD_ENUM, UNIT_NONE, 0, true, source_kind_names,
         "measured, transferred or assumed"),
    HEAD(source, FIELD_STRING, UNIT_NONE, 0, true, NULL, "data set and software"),
    HEAD(date, FIELD_STRING, UNIT_NONE, 0, false, NULL, "ISO date of the fit"),
    HEAD(samples, FIELD_NUMBER, UNIT_NONE, 1e12, false, NULL, "rows fitted"),
    HEAD(error_frac, FIELD_NUMBER, UNIT_FRACTION, 1e6, false, NULL,
         "mean absolute error, cross-validated"),
};

enum { REGIME_NUMBERS = 5 }; /* constants of a regime with a standard error */
static const struct field regime_rows[] = {
    FIELD_ROW(collective_regime, "algorithm", FIELD_ENUM, UNIT_NONE, algorithm, 0, 0, true,
              collective_algorithm_names, "tree or ring"),
    REGIME("alpha", UNIT_SECONDS, alpha_s, 0, 10, true, "fixed latency, s"),
    REGIME("step", UNIT_SECONDS, step_s, 0, 10, true,
           "latency of each further rank in a domain, s"),
    REGIME("hop", UNIT_SECONDS, hop_s, 0, 10, true,
           "latency of each doubling (tree) or each further domain (ring), s"),
    REGIME("bandwidth_frac", UNIT_FRACTION, bandwidth_frac, 1e-9, 10, true,
           "bus bandwidth over the tier's"),
    REGIME("join", UNIT_NONE, join, 1, 64, true,
           "exponent that joins latency and transfer; 1: they add"),
    REGIME("ranks", UNIT_NONE, ranks, 0, 1e9, false, "least ranks that use it; 0: any"),
};

static const struct field switch_rows[] = {
    SWITCH("ranks", UNIT_NONE, ranks, 0, 1e9, "for groups of at least so many"),
    SWITCH("alpha", UNIT_SECONDS, alpha_s, -10, 10, "latency added, s"),
    SWITCH("step", UNIT_SECONDS, step_s, -10, 10, "latency added with each further rank, s"),
    SWITCH("low_frac", UNIT_FRACTION, low_frac, 1e-9, 10,
           "planned bus bandwidth below, over the tier's"),
    SWITCH("high_frac", UNIT_FRACTION, high_frac, 1e-9, 10, "and beyond the switch"),
};

/* A group as its file has it. */
struct group_row {
    double ranks, frac;
    int split;
};
static const struct field group_rows[] = {
    FIELD_ROW(group_row, "ranks", FIELD_NUMBER, UNIT_NONE, ranks, 1, 1e9, true, NULL,
              "ranks of the group"),
    FIELD_ROW(group_row, "frac", FIELD_NUMBER, UNIT_FRACTION, frac, 1e-9, 1e3, true, NULL,
              "bus bandwidth over the regimes'"),
    FIELD_ROW(group_row, "split", FIELD_INT, UNIT_NONE, split, 0, COLLECTIVE_KNOTS, false, NULL,
              "knots below the switch"),
};

static const struct field op_rows[] = {
    FIELD_ROW(collective_constants, "switch_regime", FIELD_INT, UNIT_NONE, switch_regime, 0,
              COLLECTIVE_REGIMES, false, NULL, "first regime beyond the switches"),
};

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

/* What one op is read from. */
struct op_reader {
    const struct json *json;
    const struct json_value *object;
    struct collective_constants *c;
    struct error *e;
};

static enum status numbers_read(const struct op_reader *r, const struct json_value *array,
                                double *out, int n)
{
    int i = 0;
    bool good = array && json_kind(array) == JSON_ARRAY && json_count(array) == (size_t)n;
    for (const struct json_value *v = good ? json_first(array) : NULL; v; v = json_next(v)) {
        good = good && json_kind(v) == JSON_NUMBER && json_number(v) >= 0;
        out[i++] = json_number(v);
    }
    return good ? STATUS_OK
                : json_error(r->json, array ? array : r->object, r->e, STATUS_INPUT,
                             "expected a list of %d numbers >= 0", n);
}

/* The list `key` of at most `max`; NULL where it is missing and need not be there. */
static enum status list_open(const struct op_reader *r, const char *key, bool required, int max,
                             const struct json_value **list)
{
    *list = json_member(r->object, key);
    if (!*list && !required)
        return STATUS_OK;
    size_t n = *list && json_kind(*list) == JSON_ARRAY ? json_count(*list) : 0;
    if (n > 0 && n <= (size_t)max)
        return STATUS_OK;
    return json_error(r->json, *list ? *list : r->object, r->e, STATUS_INPUT,
                      "expected \"%s\", a list of 1 to %d", key, max);
}

static enum status regime_read(const struct op_reader *r, const struct json_value *v, int i)
{
    static const char *const extra[] = {"standard_errors", NULL};
    const struct fields_options options = {.extra = extra};
    enum status status = fields_read(r->json, v, (struct fields){regime_rows, COUNT(regime_rows)},
                                     &r->c->regime[i], &options, r->e);
    const struct json_value *errors = json_member(v, "standard_errors");
    if (status != STATUS_OK || !errors)
        return status;
    double values[REGIME_NUMBERS];
    status = numbers_read(r, errors, values, REGIME_NUMBERS);
    r->c->standard_error[i] = (struct collective_regime){
        r->c->regime[i].algorithm, values[0], values[1], values[2], values[3], values[4], 0};
    return status;
}

static enum status regimes_read(const struct op_reader *r)
{
    const struct json_value *list;
    enum status status = list_open(r, "regimes", true, COLLECTIVE_REGIMES, &list);
    const struct json_value *v = status == STATUS_OK ? json_first(list) : NULL;
    for (; v && status == STATUS_OK; v = json_next(v))
        status = regime_read(r, v, r->c->regimes++);
    return status;
}

static enum status switches_read(const struct op_reader *r)
{
    const struct json_value *list;
    enum status status = list_open(r, "switches", false, COLLECTIVE_SWITCHES, &list);
    const struct json_value *v = status == STATUS_OK && list ? json_first(list) : NULL;
    for (; v && status == STATUS_OK; v = json_next(v)) {
        struct collective_switch *w = &r->c->change[r->c->switches++];
        status = fields_read(r->json, v, (struct fields){switch_rows, COUNT(switch_rows)}, w,
                             &(struct fields_options){0}, r->e);
        if (status == STATUS_OK && w->low_frac >= w->high_frac)
            status =
                json_error(r->json, v, r->e, STATUS_INPUT, "expected low_frac below high_frac");
    }
    if (status == STATUS_OK && list &&
        (r->c->switch_regime < 1 || r->c->switch_regime >= r->c->regimes))
        status = json_error(r->json, list, r->e, STATUS_INPUT,
                            "expected regimes on both sides of \"switch_regime\"");
    return status;
}

static enum status knots_read(const struct op_reader *r)
{
    const struct json_value *list;
    enum status status = list_open(r, "knots", false, COLLECTIVE_KNOTS, &list);
    if (status != STATUS_OK || !list)
        return status;
    struct collective_constants *c = r->c;
    c->knots = (int)json_count(list);
    status = numbers_read(r, list, c->knot_bytes, c->knots);
    for (int i = 0; i < c->knots && status == STATUS_OK; i++)
        if (c->knot_bytes[i] <= (i > 0 ? c->knot_bytes[i - 1] : 0))
            status =
                json_error(r->json, list, r->e, STATUS_INPUT, "expected increasing sizes above 0");
    return status;
}

static enum status group_read(const struct op_reader *r, const struct json_value *v, int i)
{
    static const char *const extra[] = {"ratios", NULL};
    const struct fields_options options = {.extra = extra};
    struct collective_constants *c = r->c;
    struct group_row row = {0};
    enum status status = fields_read(r->json, v, (struct fields){group_rows, COUNT(group_rows)},
                                     &row, &options, r->e);
    if (status == STATUS_OK &&
        (row.ranks <= (i > 0 ? c->group_ranks[i - 1] : 0) || row.split > c->knots))
        status = json_error(r->json, v, r->e, STATUS_INPUT,
                            "expected increasing ranks, and a split within the knots");
    if (status == STATUS_OK && c->knots > 0)
        status = numbers_read(r, json_member(v, "ratios"), c->ratio[i], c->knots);
    for (int j = 0; j < c->knots && status == STATUS_OK; j++)
        if (c->ratio[i][j] <= 0)
            status = json_error(r->json, v, r->e, STATUS_INPUT, "expected ratios above 0");
    c->group_ranks[i] = row.ranks;
    c->group_frac[i] = row.frac;
    c->split[i] = row.split;
    return status;
}

static enum status groups_read(const struct op_reader *r)
{
    const struct json_value *list;
    enum status status = list_open(r, "groups", r->c->knots > 0, COLLECTIVE_GROUPS, &list);
    const struct json_value *v = status == STATUS_OK && list ? json_first(list) : NULL;
    for (; v && status == STATUS_OK; v = json_next(v))
        status = group_read(r, v, r->c->groups++);
    return status;
}

static enum status op_read(const struct op_reader *r)
{
    static const char *const extra[] = {"regimes", "switches", "groups", "knots", NULL};
    const struct fields_options options = {.extra = extra};
    memset(r->c, 0, sizeof *r->c);
    enum status status = fields_read(r->json, r->object, (struct fields){op_rows, COUNT(op_rows)},
                                     r->c, &options, r->e);
    if (status == STATUS_OK)
        status = regimes_read(r);
    if (status == STATUS_OK)
        status = switches_read(r);
    if (status == STATUS_OK)
        status = knots_read(r);
    if (status == STATUS_OK)
        status = groups_read(r);
    return status;
}

static enum status range_read(const struct json *json, const struct json_value *object,
                              struct collective_calibration *c, struct error *e)
{
    const struct json_value *range = json_member(object, "range");
    if (!range)
        return STATUS_OK;
    struct op_reader r = {json, range, NULL, e};
    double bytes[2] = {0, 0}, ranks[2] = {0, 0};
    enum status status = numbers_read(&r, json_member(range, "bytes"), bytes, 2);
    if (status == STATUS_OK)
        status = numbers_read(&r, json_member(range, "ranks"), ranks, 2);
    if (status != STATUS_OK)
        return status;
    c->low_bytes = bytes[0];
    c->high_bytes = bytes[1];
    c->low_ranks = ranks[0];
    c->high_ranks = ranks[1];
    return STATUS_OK;
}

enum status collective_calibration_read(const struct json *json, const struct json_value *object,
                                        struct collective_calibration *c, struct error *e)
{
    const char *extra[COLLECTIVES + 2] = {"range"};
    for (int op = 0; op < COLLECTIVES; op++)
        extra[op + 1] = collective_names[op];
    const struct fields_options options = {.extra = extra};
    struct collective_calibration read = *c;
    enum status status =
        fields_read(json, object, (struct fields){head_rows, COUNT(head_rows)}, &read, &options, e);
    if (status == STATUS_OK)
        status = range_read(json, object, &read, e);
    for (int op = 0; op < COLLECTIVES && status == STATUS_OK; op++) {
        const struct json_value *v = json_member(object, collective_names[op]);
        if (v)
            status = op_read(&(struct op_reader){json, v, &read.op[op], e});
    }
    if (status == STATUS_OK)
        *c = read;
    return status;
}

/* ---- writing ---- */

static void numbers_write(struct json_writer *w, const char *key, const double *values, int n)
{
    json_open_array_compact(w, key);
    for (int i = 0; i < n; i++)
        json_put_number(w, NULL, values[i]);
    json_close_array(w);
}

static void regimes_write(struct json_writer *w, const struct collective_constants *c)
{
    json_open_array(w, "regimes");
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *e = &c->standard_error[i];
        double errors[REGIME_NUMBERS] = {e->alpha_s, e->step_s, e->hop_s, e->bandwidth_frac,
                                         e->join};
        json_open_object_compact(w, NULL);
        fields_write(w, regime_rows, COUNT(regime_rows), &c->regime[i], NULL);
        if (e->alpha_s > 0 || e->bandwidth_frac > 0)
            numbers_write(w, "standard_errors", errors, REGIME_NUMBERS);
        json_close_object(w);
    }
    json_close_array(w);
}

static void switches_write(struct json_writer *w, const struct collective_constants *c)
{
    json_open_array(w, "switches");
    for (int i = 0; i < c->switches; i++) {
        json_open_object_compact(w, NULL);
        fields_write(w, switch_rows, COUNT(switch_rows), &c->change[i], NULL);
        json_close_object(w);
    }
    json_close_array(w);
}

static void groups_write(struct json_writer *w, const struct collective_constants *c)
{
    json_open_array(w, "groups");
    for (int i = 0; i < c->groups; i++) {
        struct group_row row = {c->group_ranks[i], c->group_frac[i], c->split[i]};
        json_open_object_compact(w, NULL);
        fields_write(w, group_rows, COUNT(group_rows), &row, NULL);
        if (c->knots > 0)
            numbers_write(w, "ratios", c->ratio[i], c->knots);
        json_close_object(w);
    }
    json_close_array(w);
}

static void op_write(struct json_writer *w, const char *key, const struct collective_constants *c)
{
    json_open_object(w, key);
    fields_write(w, op_rows, COUNT(op_rows), c, NULL);
    regimes_write(w, c);
    if (c->switches > 0)
        switches_write(w, c);
    if (c->knots > 0)
        numbers_write(w, "knots", c->knot_bytes, c->knots);
    if (c->groups > 0)
        groups_write(w, c);
    json_close_object(w);
}

static void range_write(struct json_writer *w, const struct collective_calibration *c)
{
    double bytes[2] = {c->low_bytes, c->high_bytes}, ranks[2] = {c->low_ranks, c->high_ranks};
    json_open_object_compact(w, "range");
    numbers_write(w, "bytes", bytes, 2);
    numbers_write(w, "ranks", ranks, 2);
    json_close_object(w);
}

void collective_calibration_write(struct json_writer *w, const char *key,
                                  const struct collective_calibration *c)
{
    bool known = false;
    for (int op = 0; op < COLLECTIVES; op++)
        known = known || c->op[op].regimes > 0;
    if (!known)
        return;
    json_open_object(w, key);
    fields_write(w, head_rows, COUNT(head_rows), c, NULL);
    if (c->high_bytes > 0)
        range_write(w, c);
    for (int op = 0; op < COLLECTIVES; op++)
        if (c->op[op].regimes > 0)
            op_write(w, collective_names[op], &c->op[op]);
    json_close_object(w);
}

void collective_calibration_transfer(struct collective_calibration *c, const char *from)
{
    char source[sizeof c->source];
    if (c->kind != SOURCE_MEASURED)
        return;
    snprintf(source, sizeof source, "%.24s: %.160s", from, c->source);
    memcpy(c->source, source, sizeof source);
    c->kind = SOURCE_TRANSFERRED;
    c->error_frac = 0;
}
