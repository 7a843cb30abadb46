#include "base/embedded.h"
#include "base/file.h"

const struct embedded_file *embedded_find(const struct embedded_file *table, const char *name)
{
    for (; table->name; table++)
        if (names_equal(table->name, name))
            return table;
    return NULL;
}
