#include "cli/describe.h"
#include "cli/output.h"

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
    return description_show(kind, &request, argument_given(a, "json"), out, e);
}

enum status show_command(const struct arguments *arguments, struct error *e)
{
    struct text out = {0};
    if (write_shown(arguments, &out, e) == STATUS_OK)
        output_write(arguments, &out, e);
    text_free(&out);
    return e->status;
}
