#include "calibrate/sample_table.h"
#include "base/file.h"
#include "base/units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status at_line(const struct sample_table *t, int line, struct error *e)
{
    error_set_file(e, t->path, line, 0);
    return e->status;
}

static size_t split(char *line, char **cells, size_t max)
{
    size_t n = 0;
    while (line && n < max) {
        char *comma = strchr(line, ',');
        if (comma)
            *comma = '\0';
        cells[n++] = line;
        line = comma ? comma + 1 : NULL;
    }
    return line ? max + 1 : n;
}

static enum status read_header(struct sample_table *t, char *line, int number, struct error *e)
{
    t->columns = split(line, t->column, SAMPLE_COLUMNS_MAX);
    if (t->columns > SAMPLE_COLUMNS_MAX) {
        error_set(e, STATUS_INPUT, "more than %d columns", SAMPLE_COLUMNS_MAX);
        return at_line(t, number, e);
    }
    for (size_t i = 0; i < t->columns; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(t->column[i], t->column[j]) == 0) {
                error_set(e, STATUS_INPUT, "column \"%s\" is named twice", t->column[i]);
                return at_line(t, number, e);
            }
    return STATUS_OK;
}

static enum status grow(struct sample_table *t, struct error *e)
{
    size_t capacity = t->capacity ? 2 * t->capacity : 256;
    char **cell = realloc(t->cell, capacity * t->columns * sizeof *cell);
    t->cell = cell ? cell : t->cell;
    int *line = realloc(t->line, capacity * sizeof *line);
    t->line = line ? line : t->line;
    if (!cell || !line)
        return error_set(e, STATUS_IO, "out of memory for %zu rows", capacity);
    t->capacity = capacity;
    return STATUS_OK;
}

static enum status read_row(struct sample_table *t, char *line, int number, struct error *e)
{
    char *cells[SAMPLE_COLUMNS_MAX];
    size_t n = split(line, cells, SAMPLE_COLUMNS_MAX);
    if (n != t->columns) {
        error_set(e, STATUS_INPUT, "expected %zu cells, found %zu", t->columns, n);
        return at_line(t, number, e);
    }
    if (t->rows == t->capacity && grow(t, e) != STATUS_OK)
        return e->status;
    memcpy(t->cell + t->rows * t->columns, cells, n * sizeof *cells);
    t->line[t->rows++] = number;
    return STATUS_OK;
}

static enum status read_lines(struct sample_table *t, struct text *notes, struct error *e)
{
    int number = 0;
    char *rest = t->text;
    for (char *line; e->status == STATUS_OK && (line = text_next_line(&rest)) != NULL;) {
        number++;
        if (*line == '#')
            text_addf(notes, "%s\n", line);
        else if (*line != '\0' && t->columns == 0)
            read_header(t, line, number, e);
        else if (*line != '\0')
            read_row(t, line, number, e);
    }
    if (e->status == STATUS_OK && t->columns == 0) {
        error_set(e, STATUS_INPUT, "expected a line of column names, found none");
        at_line(t, 0, e);
    }
    if (e->status == STATUS_OK && notes->failed)
        error_set(e, STATUS_IO, "out of memory");
    return e->status;
}

enum status sample_table_load(const char *path, struct sample_table *t, struct error *e)
{
    struct text text = {0}, notes = {0};
    snprintf(t->path, sizeof t->path, "%s", path);
    if (file_read(path, 0, &text, e) != STATUS_OK) {
        text_free(&text);
        return e->status;
    }
    t->text = text.data; /* the table's from here on */
    enum status status = read_lines(t, &notes, e);
    t->notes = notes.data;
    if (status != STATUS_OK)
        sample_table_free(t);
    return status;
}

void sample_table_free(struct sample_table *t)
{
    free(t->text);
    free(t->notes);
    free(t->cell);
    free(t->line);
    *t = (struct sample_table){0};
}

int sample_table_column(const struct sample_table *t, const char *name)
{
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->column[i], name) == 0)
            return (int)i;
    return -1;
}

const char *sample_table_cell(const struct sample_table *t, size_t row, int column)
{
    if (row >= t->rows || column < 0 || (size_t)column >= t->columns)
        return "";
    return t->cell[row * t->columns + (size_t)column];
}

enum status sample_table_number(const struct sample_table *t, size_t row, int column, double *value,
                                struct error *e)
{
    if (number_parse(sample_table_cell(t, row, column), value, e) == STATUS_OK)
        return STATUS_OK;
    error_set_path(e, column >= 0 ? t->column[column] : "column");
    return at_line(t, row < t->rows ? t->line[row] : 0, e);
}

double sample_table_value(const struct sample_table *t, size_t row, const char *column)
{
    struct error ignored;
    double value = 0;
    error_init(&ignored);
    sample_table_number(t, row, sample_table_column(t, column), &value, &ignored);
    return ignored.status == STATUS_OK ? value : 0;
}

bool sample_table_note(const struct sample_table *t, const char *key, char *out, size_t size)
{
    size_t length = strlen(key);
    const char *line = t->notes;
    for (; line && *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "# ", 2) != 0 || strncmp(line + 2, key, length) != 0 ||
            strncmp(line + 2 + length, ": ", 2) != 0)
            continue;
        const char *value = line + 2 + length + 2;
        snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
        return true;
    }
    return false;
}
