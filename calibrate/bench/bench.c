#include "calibrate/bench/bench.h"
#include <stdio.h>
#include <string.h>

void bench_note(struct bench *bench, const char *key, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (char *p = line; *p; p++) /* a driver's text stays on its line */
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    text_addf(&bench->provenance, "# %s: %s\n", key, line);
}

void bench_say(const struct bench *bench, const char *format, ...)
{
    va_list args;
    if (bench->options->quiet || bench->peers.rank != 0)
        return;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

enum status bench_open_samples(const struct bench *bench, const char *name, const char *columns,
                               size_t key_columns, struct sample_file *file, struct error *e)
{
    const struct sample_header header = {
        .columns = columns,
        .key_columns = key_columns,
        .machine = bench->machine,
        .provenance = text_string(&bench->provenance),
    };
    const char *folder = *bench->options->output ? bench->options->output : NULL;
    return sample_file_open(file, folder, name, &header, e);
}
