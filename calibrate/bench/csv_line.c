#include "calibrate/bench/csv_line.h"
#include "base/units.h"
#include <string.h>

static char *trimmed(char *cell)
{
    cell += strspn(cell, " \t");
    size_t length = strlen(cell);
    while (length > 0 && strchr(" \t", cell[length - 1]))
        cell[--length] = '\0';
    return cell;
}

size_t csv_split(char *line, char *cells[CSV_CELLS_MAX])
{
    line = trimmed(line);
    if (*line == '\0' || *line == '#')
        return 0;
    size_t n = 0;
    while (line && n < CSV_CELLS_MAX) {
        char *comma = strchr(line, ',');
        if (comma)
            *comma = '\0';
        cells[n++] = trimmed(line);
        line = comma ? comma + 1 : NULL;
    }
    return n;
}

size_t csv_find(char *const *cells, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(cells[i], name) == 0)
            return i;
    return n;
}

enum status csv_size(const char *cell, int *value)
{
    struct error e;
    double number;
    error_init(&e);
    if (number_parse(cell, &number, &e) != STATUS_OK || number < 1 || number > 0x1p24)
        return STATUS_INPUT;
    *value = (int)number;
    return *value == number ? STATUS_OK : STATUS_INPUT;
}
