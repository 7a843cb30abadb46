#include "hardware/calibration.h"

#include <string.h>

/* A gpu file's "calibration": {op: {name: group}}, a group being
 * {"kind", "source", "date", "samples", "error_frac", "range": {dim: [low, high]},
 *  "constants": {..}, "standard_errors": {..}}. */

static const struct field group_rows[] = {
    {"kind",       FIELD_ENUM,   UNIT_NONE,     offsetof(struct calibration_group, kind),       sizeof(int), 0, 0,
     true,                                                                                                                   calibration_kind_names, "assumed, measured or transferred"},
    {"source",     FIELD_STRING, UNIT_NONE,     offsetof(struct calibration_group, source),     192,         0, 0,    true,
     NULL,                                                                                                                                           "data set and software"           },
    {"date",       FIELD_STRING, UNIT_NONE,     offsetof(struct calibration_group, date),       16,          0, 0,    false,
     NULL,                                                                                                                                           "ISO date of the fit"             },
    {"samples",    FIELD_NUMBER, UNIT_NONE,     offsetof(struct calibration_group, samples),
     sizeof(double),                                                                                         0, 1e12, false, NULL,                   "rows fitted"                     },
    {"error_frac", FIELD_NUMBER, UNIT_FRACTION, offsetof(struct calibration_group, error_frac),
     sizeof(double),                                                                                         0, 1e6,  false, NULL,
     "mean absolute error, cross-validated by blocks of shapes"                                                                                                                        },
};
enum { GROUP_ROWS = sizeof group_rows / sizeof group_rows[0] };
static const char *const group_objects[] = {"constants", "standard_errors", "range", NULL};

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

static enum status group_read(const struct json *json, const struct json_value *object,
                              const struct calibration_slot *slot, struct calibration *c,
                              struct error *e)
{
    struct calibration_group *group = calibration_group_of(c, slot);
    memset(group, 0, sizeof *group);
    struct fields_options options = {.extra = group_objects};
    enum status status = fields_read(json, object, group_rows, GROUP_ROWS, group, &options, e);
    if (status != STATUS_OK)
        return status;
    const struct json_value *constants = json_member(object, "constants");
    if (!constants)
        return json_error(json, object, e, STATUS_INPUT, "expected the object \"constants\"");
    status = fields_read(json, constants, slot->constants, slot->count, (char *)c + slot->offset,
                         &(struct fields_options){0}, e);
    if (status == STATUS_OK)
        status = standard_errors_read(json, json_member(object, "standard_errors"), slot, group, e);
    if (status == STATUS_OK)
        status = range_read(json, json_member(object, "range"), slot, group, e);
    return status;
}

/* The slot of op and name; with name NULL any slot of that op. */
static bool slot_find(const char *op, const char *name, struct calibration_slot *slot)
{
    for (size_t i = 0; calibration_slot(i, slot); i++)
        if (strcmp(slot->op, op) == 0 && (!name || strcmp(slot->name, name) == 0))
            return true;
    return false;
}

enum status calibration_read(const struct json *json, const struct json_value *object,
                             struct calibration *c, struct error *e)
{
    if (json_kind(object) != JSON_OBJECT)
        return json_error(json, object, e, STATUS_INPUT, "expected the object \"calibration\"");
    struct calibration read = *c;
    for (const struct json_value *op = json_first(object); op; op = json_next(op)) {
        struct calibration_slot slot;
        if (!slot_find(json_key(op), NULL, &slot) || json_kind(op) != JSON_OBJECT)
            return json_error(json, op, e, STATUS_INPUT,
                              "expected constants of gemm, grouped_gemm, attention or memory");
        for (const struct json_value *v = json_first(op); v; v = json_next(v)) {
            if (!slot_find(json_key(op), json_key(v), &slot))
                return json_error(json, v, e, STATUS_INPUT, "no such group of constants");
            enum status status = group_read(json, v, &slot, &read, e);
            if (status != STATUS_OK)
                return status;
        }
    }
    *c = read;
    return STATUS_OK;
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
    json_close_object(w);
}

void calibration_write(struct json_writer *w, const char *key, const struct calibration *c)
{
    const char *op = NULL;
    struct calibration_slot slot;
    json_open_object(w, key);
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group group;
        memcpy(&group, (const char *)c + slot.group_offset, sizeof group);
        if (!group.source[0])
            continue;
        if (op && op != slot.op)
            json_close_object(w);
        if (op != slot.op)
            json_open_object(w, slot.op);
        op = slot.op;
        group_write(w, c, &slot, &group);
    }
    if (op)
        json_close_object(w);
    json_close_object(w);
}
