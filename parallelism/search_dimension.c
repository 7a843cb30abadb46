#include "parallelism/search.h"
#include <string.h>

const struct field *search_dimension_field(enum search_dimension dimension)
{
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (strcmp(strategy_fields[i].key, search_dimension_names[dimension]) == 0)
            return &strategy_fields[i];
    }
    return NULL;
}
