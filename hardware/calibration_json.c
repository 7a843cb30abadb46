#include "hardware/calibration.h"

#include <string.h>

/* A gpu file's "calibration": {"format": 2, op: {name: group}}, a group being
 * {"kind", "source", "date", "samples", "error_frac", "range": {dim: [low, high]},
 *  "constants": {..}, "standard_errors": {..}, "correction": {"knots", "low", "step", "values"}}.
 */

#define GROUP(key, kind, unit, max, required, names, help)                                         \
    FIELD_ROW(calibration_group, #key, kind, unit, key, 0, max, required, names, help)
static const struct field group_rows[] = {
    GROUP(kind, FIELD_ENUM, UNIT_NONE, 0, true, calibration_kind_names,
          "assumed, measured or transferred"),
    GROUP(source, FIELD_STRING, UNIT_NONE, 0, true, NULL, "data set and software"),
    GROUP(date, FIELD_STRING, UNIT_NONE, 0, false, NULL, "ISO date of the fit"),
    GROUP(samples, FIELD_NUMBER, UNIT_NONE, 1e12, false, NULL, "rows fitted"),
    GROUP(error_frac, FIELD_NUMBER, UNIT_FRACTION, 1e6, false, NULL,
          "mean absolute error, cross-validated by blocks of shapes"),
};
static const char format_key[] = "format";
enum { GROUP_ROWS = sizeof group_rows / sizeof group_rows[0] };
static const char *const group_objects[] = {"constants", "standard_errors", "range", "correction",
                                            NULL};

static enum status standard_errors_read(const struct json *json, const struct json_value *object,
                                        const struct calibration_slot *slot,
                                        struct calibration_group *group, struct error *e)
{
    for (const struct json_value *v = object ? json_first(object) : NULL; v; v = json_next(v)) {
        size_t row = 0;
        while (row < slot->count && strcmp(slot->constants[row].key, json_key(v)) != 0)
            row++;
        if (row == slot->count || json_kind(v) != JSON_NUMBER || json_number(v) < 0)
            return json_error(json, v, e, STATUS_INPUT,
                              "expected the standard error of a constant, a number >= 0");
        group->standard_error[row] = json_number(v);
    }
    return STATUS_OK;
}

static enum status range_read(const struct json *json, const struct json_value *object,
                              const struct calibration_slot *slot, struct calibration_group *group,
                              struct error *e)
{
    for (const struct json_value *v = object ? json_first(object) : NULL; v; v = json_next(v)) {
        size_t dim = 0;
        while (slot->dims[dim] && strcmp(slot->dims[dim], json_key(v)) != 0)
            dim++;
        const struct json_value *low = json_kind(v) == JSON_ARRAY ? json_first(v) : NULL;
        const struct json_value *high = low ? json_next(low) : NULL;
        if (!slot->dims[dim] || json_count(v) != 2 || !low || !high ||
            json_kind(low) != JSON_NUMBER || json_kind(high) != JSON_NUMBER)
            return json_error(json, v, e, STATUS_INPUT, "expected [low, high] of a dimension of %s",
                              slot->op);
        group->low[dim] = json_number(low);
        group->high[dim] = json_number(high);
    }
    return STATUS_OK;
}

/* Reads an array of exactly n numbers. */
static enum status numbers_read(const struct json *json, const struct json_value *object,
                                const char *key, double *out, size_t n, struct error *e)
{
    const struct json_value *array = json_member(object, key);
    if (!array || json_kind(array) != JSON_ARRAY || json_count(array) != n)
        return json_error(json, array ? array : object, e, STATUS_INPUT,
                          "expected %zu numbers in \"%s\"", n, key);
    for (const struct json_value *v = json_first(array); v; v = json_next(v)) {
        if (json_kind(v) != JSON_NUMBER)
            return json_error(json, v, e, STATUS_INPUT, "expected a number");
        *out++ = json_number(v);
    }
    return STATUS_OK;
}

static enum status knots_read(const struct json *json, const struct json_value *object,
                              struct correction *out, struct error *e)
{
    double knots[CORRECTION_AXES], product = 1;
    enum status status = numbers_read(json, object, "knots", knots, CORRECTION_AXES, e);
    for (int a = 0; a < CORRECTION_AXES && status == STATUS_OK; a++) {
        product *= knots[a];
        if (!(knots[a] >= 1) || knots[a] != (int)knots[a] || product > CORRECTION_KNOTS)
            return json_error(json, object, e, STATUS_INPUT, "expected at most %d knots",
                              CORRECTION_KNOTS);
        out->knots[a] = (int)knots[a];
    }
    return status;
}

static enum status correction_read(const struct json *json, const struct json_value *object,
                                   struct correction *out, struct error *e)
{
    double values[CORRECTION_KNOTS] = {0};
    struct correction read = {0};
    enum status status = knots_read(json, object, &read, e);
    if (status == STATUS_OK)
        status = numbers_read(json, object, "low", read.low, CORRECTION_AXES, e);
    if (status == STATUS_OK)
        status = numbers_read(json, object, "step", read.step, CORRECTION_AXES, e);
    if (status == STATUS_OK)
        status = numbers_read(json, object, "values", values, (size_t)correction_count(&read), e);
    for (int i = 0; status == STATUS_OK && i < correction_count(&read); i++) {
        if (!(values[i] >= -30000 && values[i] <= 30000))
            return json_error(json, object, e, STATUS_INPUT,
                              "expected corrections from -30000 to 30000");
        read.value[i] = (short)values[i];
    }
    for (int a = 0; status == STATUS_OK && a < CORRECTION_AXES; a++)
        if (!(read.step[a] > 0))
            return json_error(json, object, e, STATUS_INPUT, "expected steps above 0");
    if (status == STATUS_OK)
        *out = read;
    return status;
}

static enum status group_read(const struct json *json, const struct json_value *object,
                              const struct calibration_slot *slot, struct calibration *c,
                              struct error *e)
{
    struct calibration_group *group = calibration_group_of(c, slot);
    memset(group, 0, sizeof *group);
    struct fields_options options = {.extra = group_objects};
    enum status status =
        fields_read(json, object, (struct fields){group_rows, GROUP_ROWS}, group, &options, e);
    if (status != STATUS_OK)
        return status;
    const struct json_value *constants = json_member(object, "constants");
    if (!constants)
        return json_error(json, object, e, STATUS_INPUT, "expected the object \"constants\"");
    status = fields_read(json, constants, (struct fields){slot->constants, slot->count},
                         (char *)c + slot->offset, &(struct fields_options){0}, e);
    if (status == STATUS_OK)
        status = standard_errors_read(json, json_member(object, "standard_errors"), slot, group, e);
    if (status == STATUS_OK)
        status = range_read(json, json_member(object, "range"), slot, group, e);
    struct correction *correction = calibration_correction(c, slot);
    if (correction)
        memset(correction, 0, sizeof *correction);
    const struct json_value *table = json_member(object, "correction");
    if (status == STATUS_OK && table && !correction)
        return json_error(json, table, e, STATUS_INPUT, "%s takes no correction", slot->op);
    if (status == STATUS_OK && table)
        status = correction_read(json, table, correction, e);
    return status;
}

static bool has_op(const char *op)
{
    struct calibration_slot slot;
    for (size_t i = 0; calibration_slot(i, &slot); i++)
        if (strcmp(slot.op, op) == 0)
            return true;
    return false;
}

static enum status op_read(const struct json *json, const struct json_value *op,
                           struct calibration *c, struct error *e)
{
    if (!has_op(json_key(op)) || json_kind(op) != JSON_OBJECT)
        return json_error(json, op, e, STATUS_INPUT,
                          "expected constants of gemm, grouped_gemm, attention or memory");
    for (const struct json_value *v = json_first(op); v; v = json_next(v)) {
        struct calibration_slot slot;
        if (!calibration_find(json_key(op), json_key(v), &slot))
            return json_error(json, v, e, STATUS_INPUT, "no such group of constants");
        enum status status = group_read(json, v, &slot, c, e);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* An object without constants can be of any format. */
static enum status format_read(const struct json *json, const struct json_value *object,
                               struct error *e)
{
    const struct json_value *v = json_member(object, format_key);
    bool number = v && json_kind(v) == JSON_NUMBER;
    if (json_count(object) == 0 || (number && json_number(v) == CALIBRATION_FORMAT))
        return STATUS_OK;
    if (number && json_number(v) > CALIBRATION_FORMAT) {
        json_error(json, v, e, STATUS_INPUT, "expected format %d, got %g: a newer stepcast's",
                   CALIBRATION_FORMAT, json_number(v));
        return e->status;
    }
    json_error(
        json, v ? v : object, e, STATUS_INPUT,
        "expected \"format\": %d: constants that an older stepcast fitted mean something else",
        CALIBRATION_FORMAT);
    error_set_hint(e, "take the member \"calibration\" out of the file, then fit it anew: "
                      "stepcast calibrate fit SAMPLES.csv... --gpu FILE --into FILE");
    return e->status;
}

enum status calibration_read(const struct json *json, const struct json_value *object,
                             struct calibration *c, struct error *e)
{
    if (json_kind(object) != JSON_OBJECT)
        return json_error(json, object, e, STATUS_INPUT, "expected the object \"calibration\"");
    struct calibration read = *c;
    enum status status = format_read(json, object, e);
    for (const struct json_value *v = json_first(object); v && status == STATUS_OK;
         v = json_next(v))
        if (strcmp(json_key(v), format_key) != 0)
            status = op_read(json, v, &read, e);
    if (status == STATUS_OK)
        *c = read;
    return status;
}

static void constants_write(struct json_writer *w, const struct calibration *c,
                            const struct calibration_slot *slot)
{
    const char *base = (const char *)c + slot->offset;
    json_open_object_compact(w, "constants");
    for (size_t row = 0; row < slot->count; row++) {
        double value;
        memcpy(&value, base + slot->constants[row].offset, sizeof value);
        json_put_number(w, slot->constants[row].key, value);
    }
    json_close_object(w);
}

static void standard_errors_write(struct json_writer *w, const struct calibration_slot *slot,
                                  const struct calibration_group *group)
{
    json_open_object_compact(w, "standard_errors");
    for (size_t row = 0; row < slot->count; row++)
        if (group->standard_error[row] > 0)
            json_put_number(w, slot->constants[row].key, group->standard_error[row]);
    json_close_object(w);
}

static void range_write(struct json_writer *w, const struct calibration_slot *slot,
                        const struct calibration_group *group)
{
    json_open_object_compact(w, "range");
    for (size_t dim = 0; slot->dims[dim]; dim++) {
        if (group->high[dim] <= 0)
            continue;
        json_open_array_compact(w, slot->dims[dim]);
        json_put_number(w, NULL, group->low[dim]);
        json_put_number(w, NULL, group->high[dim]);
        json_close_array(w);
    }
    json_close_object(w);
}

static void numbers_write(struct json_writer *w, const char *key, const double *values)
{
    json_open_array_compact(w, key);
    for (int a = 0; a < CORRECTION_AXES; a++)
        json_put_number(w, NULL, values[a]);
    json_close_array(w);
}

static void correction_write(struct json_writer *w, const struct correction *c)
{
    double knots[CORRECTION_AXES] = {c->knots[0], c->knots[1], c->knots[2]};
    json_open_object(w, "correction");
    numbers_write(w, "knots", knots);
    numbers_write(w, "low", c->low);
    numbers_write(w, "step", c->step);
    json_open_array_compact(w, "values");
    for (int i = 0; i < correction_count(c); i++)
        json_put_number(w, NULL, c->value[i]);
    json_close_array(w);
    json_close_object(w);
}

static void group_write(struct json_writer *w, const struct calibration *c,
                        const struct calibration_slot *slot, const struct calibration_group *group)
{
    json_open_object(w, slot->name);
    json_put_string(w, "kind", calibration_kind_names[group->kind]);
    json_put_string(w, "source", group->source);
    if (group->date[0])
        json_put_string(w, "date", group->date);
    if (group->samples > 0)
        json_put_number(w, "samples", group->samples);
    if (group->error_frac > 0)
        json_put_number(w, "error_frac", group->error_frac);
    range_write(w, slot, group);
    constants_write(w, c, slot);
    standard_errors_write(w, slot, group);
    struct correction correction = {0};
    if (slot->correction_offset)
        memcpy(&correction, (const char *)c + slot->correction_offset, sizeof correction);
    if (correction.knots[0] > 0)
        correction_write(w, &correction);
    json_close_object(w);
}

void calibration_write(struct json_writer *w, const char *key, const struct calibration *c)
{
    const char *op = NULL;
    struct calibration_slot slot;
    json_open_object(w, key);
    json_put_number(w, format_key, CALIBRATION_FORMAT);
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group group;
        memcpy(&group, (const char *)c + slot.group_offset, sizeof group);
        if (!group.source[0])
            continue;
        if (op && strcmp(op, slot.op) != 0)
            json_close_object(w);
        if (!op || strcmp(op, slot.op) != 0)
            json_open_object(w, slot.op);
        op = slot.op;
        group_write(w, c, &slot, &group);
    }
    if (op)
        json_close_object(w);
    json_close_object(w);
}
