#include "reports/csv.h"
#include "base/units.h"
#include <math.h>
#include <string.h>

void csv_text(struct text *out, const char *value)
{
    if (strpbrk(value, ",\"\r\n") == NULL) {
        text_addf(out, "%s,", value);
        return;
    }
    text_add(out, "\"");
    for (; *value != '\0'; value++)
        text_add_n(out, *value == '"' ? "\"\"" : value, *value == '"' ? 2 : 1);
    text_add(out, "\",");
}

/* What is not known (not finite) is an empty cell. */
void csv_number(struct text *out, double value)
{
    char number[32] = "";
    if (isfinite(value))
        number_format(value, number, sizeof number);
    text_addf(out, "%s,", number);
}

void csv_end(struct text *out)
{
    if (out->length > 0 && out->data[out->length - 1] == ',')
        out->data[out->length - 1] = '\n';
}
