#include "parallelism/sweep/knob.h"
#include <string.h>

/* ---- a row of a field table ---- */

static void *member(struct scenario *scenario, const struct knob *knob)
{
    return (char *)scenario + knob->offset + knob->field->offset;
}

static double field_value(const struct scenario *scenario, const struct knob *knob)
{
    const char *in = (const char *)scenario + knob->offset + knob->field->offset;
    double number;
    bool flag;
    int whole;
    switch (knob->field->kind) {
    case FIELD_NUMBER:
        memcpy(&number, in, sizeof number);
        return number;
    case FIELD_BOOL:
        memcpy(&flag, in, sizeof flag);
        return flag;
    case FIELD_INT:
    case FIELD_ENUM:
        memcpy(&whole, in, sizeof whole);
        return whole;
    case FIELD_STRING:
    case FIELD_SET:
        break;
    }
    return 0;
}

static void set_field_value(struct scenario *scenario, const struct knob *knob, double value)
{
    bool flag = value != 0;
    if (knob->field->kind == FIELD_NUMBER) {
        memcpy(member(scenario, knob), &value, sizeof value);
        return;
    }
    int whole = (int)value; /* within the row's range, which an int holds */
    if (knob->field->kind == FIELD_BOOL)
        memcpy(member(scenario, knob), &flag, sizeof flag);
    else
        memcpy(member(scenario, knob), &whole, sizeof whole);
}

const struct knob_access knob_field_access = {field_value, set_field_value};

/* ---- the peaks together ---- */

static double peak(const struct scenario *scenario, const struct knob *knob)
{
    (void)knob;
    return scenario->system.gpu.peak_flop_per_s[scenario->job.precision];
}

static void set_peak(struct scenario *scenario, const struct knob *knob, double value)
{
    double *peaks = scenario->system.gpu.peak_flop_per_s, now = peak(scenario, knob);
    if (!(now > 0)) /* a datatype that the part lacks: the others stay */
        peaks[scenario->job.precision] = value;
    for (int d = 0; d < DTYPES && now > 0; d++)
        peaks[d] *= value / now;
}

const struct knob_access knob_peak_access = {peak, set_peak};

/* ---- catalog names ---- */

static enum status set_model(struct scenario *s, const char *name, const char *catalog,
                             struct error *e)
{
    return model_find(name, catalog, &s->model, e);
}

static enum status set_system(struct scenario *s, const char *name, const char *catalog,
                              struct error *e)
{
    double gpus = s->system.gpus;
    if (system_find(name, catalog, &s->system, e) == STATUS_OK)
        s->system.gpus = gpus;
    return e->status;
}

/* Another part brings its own scale-up links where the system has those of the part it had. */
static enum status set_gpu(struct scenario *s, const char *name, const char *catalog,
                           struct error *e)
{
    struct tier *links = &s->system.tier[0];
    bool own = links->bandwidth_bytes_per_s == s->system.gpu.scale_up_bandwidth_bytes_per_s;
    if (gpu_find(name, catalog, &s->system.gpu, e) != STATUS_OK || !own)
        return e->status;
    links->bandwidth_bytes_per_s = s->system.gpu.scale_up_bandwidth_bytes_per_s;
    memcpy(links->technology, s->system.gpu.scale_up_technology, sizeof links->technology);
    memset(&links->collective, 0, sizeof links->collective);
    return STATUS_OK;
}

static enum status set_stack(struct scenario *s, const char *name, const char *catalog,
                             struct error *e)
{
    return stack_find(name, catalog, &s->stack, e);
}

enum status knob_set_name(struct scenario *scenario, const struct knob *knob, const char *name,
                          const char *catalog, struct error *e)
{
    static enum status (*const by_index[])(struct scenario *, const char *, const char *,
                                           struct error *) = {set_model, set_system, set_gpu,
                                                              set_stack};
    return by_index[knob->index](scenario, name, catalog, e);
}
