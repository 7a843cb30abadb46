#include "cli/describe.h"
#include "cli/output.h"

/* All catalogs, one after the other. */
static enum status list_all(const struct arguments *a, struct text *out, struct error *e)
{
    bool names_only = argument_given(a, "quiet");
    for (size_t i = 0; description_kinds[i] && e->status == STATUS_OK; i++) {
        if (i > 0)
            text_add(out, "\n");
        description_list(description_kinds[i], argument_value(a, "catalog"), DESCRIPTION_TEXT,
                         names_only, out, e);
    }
    return e->status;
}

static enum status write_list(const struct arguments *a, struct text *out, struct error *e)
{
    static const enum description_format formats[] = {[OUTPUT_TEXT] = DESCRIPTION_TEXT,
                                                      [OUTPUT_JSON] = DESCRIPTION_JSON,
                                                      [OUTPUT_CSV] = DESCRIPTION_CSV};
    enum output_format format;
    if (output_format(a, &format, e) != STATUS_OK)
        return e->status;
    if (a->operand_count > 1)
        return error_set(e, STATUS_USAGE, "list takes one catalog, got %s too", a->operands[1]);
    if (a->operand_count == 0 && format == OUTPUT_TEXT)
        return list_all(a, out, e);
    if (a->operand_count == 0)
        return error_set(e, STATUS_USAGE, "which catalog? one of models, gpus, systems, stacks");
    const struct description_kind *kind = describe_kind(a->operands[0], e);
    if (!kind)
        return e->status;
    bool names_only = argument_given(a, "quiet") && format == OUTPUT_TEXT;
    return description_list(kind, argument_value(a, "catalog"), formats[format], names_only, out,
                            e);
}

enum status list_command(const struct arguments *arguments, struct error *e)
{
    struct text out = {0};
    if (write_list(arguments, &out, e) == STATUS_OK)
        output_write(arguments, &out, e);
    text_free(&out);
    return e->status;
}
