#include "cli/describe.h"

const struct description_kind *describe_kind(const char *noun, struct error *e)
{
    const char *names[16];
    size_t n = 0;
    const struct description_kind *kind = description_kind_find(noun);
    if (kind)
        return kind;
    for (; description_kinds[n]; n++)
        names[n] = description_kinds[n]->plural;
    const char *nearest = nearest_name(noun, names, n);
    error_set(e, STATUS_USAGE, "there is no catalog of %s", noun);
    if (nearest)
        error_set_hint(e, "did you mean %s?", nearest);
    else
        error_set_hint(e, "one of models, gpus, systems, stacks");
    return NULL;
}
