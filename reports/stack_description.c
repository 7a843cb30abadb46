#include "parallelism/stack.h"
#include "reports/description_kinds.h"

static const char *parent(const void *thing)
{
    const struct stack *stack = thing;
    return stack->parent[0] ? stack->parent : "-";
}

static const char *attention(const void *thing)
{
    return attention_impl_names[((const struct stack *)thing)->attention];
}

static double residual(const void *thing)
{
    return ((const struct stack *)thing)->residual_frac;
}

static const char *description(const void *thing)
{
    return ((const struct stack *)thing)->description;
}

static const struct figure figures[] = {
    {"parent",        "parent",         UNIT_NONE,     0, NULL,     parent,      NULL},
    {"attention",     "attention",      UNIT_NONE,     0, NULL,     attention,   NULL},
    {"residual_frac", "spread of runs", UNIT_FRACTION, 2, residual, NULL,        NULL},
    {"description",   "description",    UNIT_NONE,     0, NULL,     description, NULL},
    {NULL,            NULL,             UNIT_NONE,     0, NULL,     NULL,        NULL},
};

static enum status find(const struct description_request *request, void *thing, struct error *e)
{
    return stack_find(request->name, request->catalog, thing, e);
}

static void show_text(const void *thing, struct text *out)
{
    fields_text(stack_fields, stack_field_count, thing, NULL, out);
}

static void show_json(const void *thing, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    fields_write(&w, stack_fields, stack_field_count, thing, NULL);
    json_close_object(&w);
}

const struct description_kind stack_description = {
    "stack", "stacks",  stack_catalog_name, figures, sizeof(struct stack),
    find,    show_text, show_json,          NULL,
};
