#include "parallelism/stack_constants.h"
#include "base/embedded.h"
#include "base/json_read.h"
#include <math.h>
#include <string.h>

extern const struct embedded_file fitted_stacks[];

static struct json *shipped(struct error *e)
{
    const struct embedded_file *f = embedded_find(fitted_stacks, "stacks");
    return f ? json_parse((const char *)f->text, f->length, "stacks.json", e) : NULL;
}

static double spread(const struct json_value *object)
{
    return json_number_or(json_member(object, "residual"), 0);
}

static enum status read_stack(const struct json *json, const struct json_value *object,
                              struct stack *stack, struct error *e)
{
    for (int i = 0; i < STACK_CONSTANTS; i++) {
        const struct json_value *v = json_member(object, stack_constant_names[i]);
        stack->constant[i].value = json_number_or(json_member(v, "value"), 0);
        stack->constant[i].standard_error = json_number_or(json_member(v, "standard_error"), 0);
        if (!(stack->constant[i].value > 0))
            return json_error(json, object, e, STATUS_INPUT, "constant '%s' of a stack is missing",
                              stack_constant_names[i]);
    }
    stack->residual_frac = spread(object);
    return STATUS_OK;
}

double stack_untold_frac(double inherited_frac, double described_frac)
{
    return fmax(inherited_frac, described_frac);
}

enum status stack_constants_apply(const char *name, struct stack *stack, struct error *e)
{
    struct json *json = shipped(e);
    if (!json)
        return e->status;
    const struct json_value *all = json_member(json_root(json), "stacks");
    const struct json_value *object = json_member(all, name);
    enum status status = STATUS_OK;
    if (object)
        status = read_stack(json, object, stack, e);
    else
        stack->residual_frac =
            stack_untold_frac(stack->residual_frac, spread(json_member(all, "described")));
    json_free(json);
    return status;
}
