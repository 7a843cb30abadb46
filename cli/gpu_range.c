#include "cli/gpu_range.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 32 };

static enum status read_number(const char *text, size_t n, double *out, struct error *e)
{
    char word[WORD_MAX];
    snprintf(word, sizeof word, "%.*s", (int)n, text);
    if (n >= sizeof word || number_parse(word, out, e) != STATUS_OK || !(*out >= 1) ||
        floor(*out) < *out || *out > SYSTEM_GPUS_MOST) {
        error_init(e);
        return error_set(e, STATUS_USAGE, "expected a whole number from 1 to %d, got %.*s",
                         SYSTEM_GPUS_MOST, (int)(n < WORD_MAX ? n : WORD_MAX), text);
    }
    return STATUS_OK;
}

static enum status read_list(const char *text, struct gpu_counts *out, struct error *e)
{
    for (;;) {
        size_t n = strcspn(text, ",");
        double gpus;
        if (out->count == GPU_COUNTS_MAX)
            return error_set(e, STATUS_USAGE, "more than %d numbers of GPUs", GPU_COUNTS_MAX);
        if (read_number(text, n, &gpus, e) != STATUS_OK)
            return e->status;
        if (out->count > 0 && gpus <= out->gpus[out->count - 1])
            return error_set(e, STATUS_USAGE, "expected increasing numbers of GPUs");
        out->gpus[out->count++] = gpus;
        if (text[n] == '\0')
            return STATUS_OK;
        text += n + 1;
    }
}

/* The step of a range: ":x4" times, ":+64" plus; nothing is times 2. */
static enum status read_step(const char *text, double *factor, double *plus, struct error *e)
{
    *factor = 2;
    *plus = 0;
    if (*text == '\0')
        return STATUS_OK;
    *factor = 1;
    if (text[1] == 'x')
        return read_number(text + 2, strlen(text + 2), factor, e);
    if (text[1] == '+')
        return read_number(text + 2, strlen(text + 2), plus, e);
    return error_set(e, STATUS_USAGE, "expected a step such as x2 or +64, got %.20s", text + 1);
}

static enum status read_range(const char *text, struct gpu_counts *out, struct error *e)
{
    const char *second = strchr(text, ':') + 1;
    size_t n = strcspn(second, ":");
    double least, most, factor, plus;
    if (read_number(text, (size_t)(second - 1 - text), &least, e) ||
        read_number(second, n, &most, e) || read_step(second + n, &factor, &plus, e))
        return e->status;
    return gpu_counts_range(least, most, factor, plus, out, e);
}

enum status gpu_range_read(const struct arguments *a, struct gpu_counts *out, struct error *e)
{
    const char *text = argument_value(a, "gpus");
    out->count = 0;
    if (!text)
        return STATUS_OK;
    if (!strpbrk(text, ":,")) {
        out->count = 1;
        return argument_count(a, "gpus", 1, &out->gpus[0], e);
    }
    if ((strchr(text, ':') ? read_range : read_list)(text, out, e) != STATUS_OK)
        argument_error(option_find(a->table, 1u << a->command->id, "gpus", 4), e);
    return e->status;
}
