#include "reports/profile_report.h"
#include "reports/collective_report.h"
#include "reports/format.h"
#include "reports/table.h"
#include <stdio.h>
#include <string.h>

/* A slot and its group, read only. */
struct part {
    const struct calibration *c;
    struct calibration_slot slot;
    struct calibration_group group;
};

static bool part_at(const struct calibration *c, size_t i, struct part *part)
{
    part->c = c;
    if (!calibration_slot(i, &part->slot))
        return false;
    memcpy(&part->group, (const char *)c + part->slot.group_offset, sizeof part->group);
    return true;
}

static double constant(const struct part *p, size_t row)
{
    double value;
    memcpy(&value, (const char *)p->c + p->slot.offset + p->slot.constants[row].offset,
           sizeof value);
    return value;
}

static void add_range(const struct part *p, struct text *out)
{
    const char *between = "  range: ";
    for (size_t d = 0; p->slot.dims[d]; d++) {
        if (p->group.high[d] <= 0)
            continue;
        text_addf(out, "%s%s %.10g to %.10g", between, p->slot.dims[d], p->group.low[d],
                  p->group.high[d]);
        between = ", ";
    }
    if (between[0] == ',')
        text_add(out, "\n");
}

static bool has_correction(const struct part *p)
{
    struct correction correction;
    if (p->slot.correction_offset == 0)
        return false;
    memcpy(&correction, (const char *)p->c + p->slot.correction_offset, sizeof correction);
    return correction_count(&correction) > 0;
}

static void add_head(const struct part *p, struct text *out)
{
    text_addf(out, "%s %s: %s", p->slot.op, p->slot.name, calibration_kind_names[p->group.kind]);
    if (p->group.samples > 0)
        text_addf(out, ", %.0f rows", p->group.samples);
    if (p->group.error_frac > 0)
        text_addf(out, ", error of shapes left out %.1f %%", 100 * p->group.error_frac);
    if (has_correction(p))
        text_add(out, ", corrected near measured points");
    text_addf(out, "\n  source: %s%s%s\n", p->group.source, p->group.date[0] ? ", fitted " : "",
              p->group.date);
    add_range(p, out);
}

static void add_constants(const struct part *p, struct text *out)
{
    static const struct table_column columns[] = {
        {"constant",       true },
        {"value",          false},
        {"standard error", false},
        {"meaning",        true }
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t row = 0; row < p->slot.count; row++) {
        const struct field *field = &p->slot.constants[row];
        double value = constant(p, row), error = p->group.standard_error[row];
        table_cell(&t, "%s", field->key);
        if (field->unit == UNIT_SECONDS)
            table_unit(&t, value, field->unit, 3);
        else
            table_cell(&t, "%.4g", value);
        if (error > 0 && value != 0)
            table_cell(&t, "%.2g %%", 100 * error / value);
        else
            table_cell(&t, "-");
        table_cell(&t, "%s", field->help);
    }
    table_write(&t, 2, out);
    table_free(&t);
}

/* An earlier group of the op with the same constants: the one that these were taken from. */
static bool find_equal(const struct part *p, size_t before, struct part *equal)
{
    for (size_t i = 0; i < before && part_at(p->c, i, equal); i++) {
        bool same = strcmp(equal->slot.op, p->slot.op) == 0 && equal->slot.count == p->slot.count &&
                    equal->slot.constants == p->slot.constants && equal->group.source[0] != '\0';
        for (size_t row = 0; same && row < p->slot.count; row++)
            same = constant(p, row) == constant(equal, row);
        if (same)
            return true;
    }
    return false;
}

static void add_defaults(const struct gpu *gpu, struct text *out)
{
    struct part p;
    const char *between = "built-in defaults: ";
    for (size_t i = 0; part_at(&gpu->calibration, i, &p); i++) {
        if (p.group.source[0] != '\0')
            continue;
        text_addf(out, "%s%s %s", between, p.slot.op, p.slot.name);
        between = ", ";
    }
    if (between[0] == ',')
        text_add(out, "\n");
}

void profile_report_text(const struct gpu *gpu, struct text *out)
{
    struct part p, equal;
    text_addf(out, "%s, constants: %s\n", gpu->name, gpu->calibration_source);
    for (size_t i = 0; part_at(&gpu->calibration, i, &p); i++) {
        if (p.group.source[0] == '\0')
            continue;
        text_add(out, "\n");
        add_head(&p, out);
        if (find_equal(&p, i, &equal))
            text_addf(out, "  constants: those of %s\n", equal.slot.name);
        else
            add_constants(&p, out);
    }
    text_add(out, "\n");
    collective_report_text("collectives", "sizes", &gpu->calibration.collective, out);
    add_defaults(gpu, out);
}
