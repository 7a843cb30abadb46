#include "cli/output.h"
#include "base/c_locale.h"
#include "base/file.h"
#include "base/utf8.h"
#include "model/model.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum status output_format(const struct arguments *a, enum output_format *format, struct error *e)
{
    bool json = argument_given(a, "json"), csv = argument_given(a, "csv");
    if (json && csv)
        return error_set(e, STATUS_USAGE, "--json and --csv exclude each other");
    *format = json ? OUTPUT_JSON : csv ? OUTPUT_CSV : OUTPUT_TEXT;
    return STATUS_OK;
}

enum status output_write(const struct arguments *a, const struct text *text, struct error *e)
{
    if (text->failed)
        return error_set(e, STATUS_IO, "out of memory");
    const char *path = argument_value(a, "output");
    if (!path && text->data) { /* whatever an input was called, it steers no terminal */
        struct text shown = {0};
        text_add(&shown, text->data);
        if (shown.failed) {
            error_set(e, STATUS_IO, "out of memory");
        } else {
            utf8_tame(shown.data, "\n\t");
            file_write("-", shown.data, strlen(shown.data), e);
        }
        text_free(&shown);
        return e->status;
    }
    return file_write(path ? path : "-", text_string(text), text->length, e);
}

void output_note(const struct arguments *a, const char *format, ...)
{
    if (argument_given(a, "quiet"))
        return;
    char line[1024];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(line, sizeof line, format, args);
    va_end(args);
    utf8_tame(line, "");
    fprintf(stderr, "stepcast: %s\n", line);
}

void output_lines(const struct arguments *a, const struct text *lines)
{
    const char *line = text_string(lines);
    while (*line != '\0') {
        size_t n = strcspn(line, "\n");
        output_note(a, "%.*s", (int)n, line);
        line += n + (line[n] == '\n');
    }
}

void output_model_notes(const struct arguments *a, const struct model *model)
{
    if (model->left_out[0])
        output_note(a, "%s: the text model alone; left out: %s", model->name, model->left_out);
    if (model->note[0])
        output_note(a, "%s: %s", model->name, model->note);
}

bool output_progress_wanted(const struct arguments *a)
{
    return !argument_given(a, "quiet") && isatty(STDERR_FILENO) == 1;
}
