#include "cli/describe.h"
#include "cli/output.h"
#include "model/model.h"
#include "reports/description_kinds.h"
#include <stdlib.h>

/* What its reader left out or assumed. */
static enum status note_model(const struct arguments *a, const struct description_request *request,
                              struct error *e)
{
    struct model *model = malloc(sizeof *model);
    if (!model)
        return error_set(e, STATUS_IO, "out of memory");
    if (model_find(request->name, request->catalog, model, e) == STATUS_OK)
        output_model_notes(a, model);
    free(model);
    return e->status;
}

static enum status write_shown(const struct arguments *a, struct text *out, struct error *e)
{
    struct description_request request = {.catalog = argument_value(a, "catalog")};
    if (a->operand_count != 2) {
        error_set(e, STATUS_USAGE, "show takes what and which");
        error_set_hint(e, "such as stepcast show model llama3-70b");
        return e->status;
    }
    const struct description_kind *kind = describe_kind(a->operands[0], e);
    if (!kind || argument_count(a, "seq-length", 1, &request.seq_length, e) != STATUS_OK)
        return e->status;
    request.name = a->operands[1];
    if (description_show(kind, &request, argument_given(a, "json"), out, e) == STATUS_OK &&
        kind == &model_description)
        note_model(a, &request, e);
    return e->status;
}

enum status show_command(const struct arguments *arguments, struct error *e)
{
    struct text out = {0};
    if (write_shown(arguments, &out, e) == STATUS_OK)
        output_write(arguments, &out, e);
    text_free(&out);
    return e->status;
}
