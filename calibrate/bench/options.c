#include "calibrate/bench/options.h"
#include "base/fields.h"
#include <stddef.h>
#include <string.h>

#define TEXT(key, member, help)                                                                    \
    FIELD_ROW(options, key, FIELD_STRING, UNIT_NONE, member, 0, 0, false, NULL, help)
#define COUNT(key, member, low, high, help)                                                        \
    FIELD_ROW(options, key, FIELD_INT, UNIT_NONE, member, low, high, false, NULL, help)
#define DURATION(key, member, high, help)                                                          \
    FIELD_ROW(options, key, FIELD_NUMBER, UNIT_SECONDS, member, 0, high, false, NULL, help)
#define FLAG(key, member, help)                                                                    \
    FIELD_ROW(options, key, FIELD_BOOL, UNIT_NONE, member, 0, 1, false, NULL, help)

static const struct field rows[] = {
    TEXT("device", device, "NAME       what to measure: cpu or cuda"),
    TEXT("suites", suites, "LIST       suites to run, with commas (--list names them)"),
    TEXT("output", output,
         "DIR        write DIR/samples/*.csv, continuing what is there (also -o)"),
    TEXT("shapes", shapes,
         "FILE       CSV of GEMM shapes (m,n,k) to measure besides the sampled ones"),
    DURATION("seconds", seconds, 1e6, "TIME      for all suites together, such as 90 or \"5 min\""),
    DURATION("timeout", timeout_s, 1e6,
             "TIME      report a collective or a rank that takes longer"),
    COUNT("points", points, 0, 100000, "N          GEMM shapes sampled per datatype and pass"),
    COUNT("seed", seed, 0, 2147483647, "N            of the shapes and their order"),
    COUNT("threads", threads, 0, 4096, "N         cpu: threads to use (all cores)"),
    COUNT("gpus", gpus, 0, 4096, "N            cuda, one process: GPUs to use (all)"),
    FLAG("list", list, "             list the device's suites"),
    FLAG("quiet", quiet, "            no progress, no notes"),
    FLAG("help", help, "             this text"),
    FLAG("version", version, "          the version"),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static const struct options defaults = {.device = "cpu", .timeout_s = 60, .seed = 1};

static const struct field *find_row(const char *name, struct error *e)
{
    const char *names[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        names[i] = rows[i].key;
        if (strcmp(name, rows[i].key) == 0)
            return &rows[i];
    }
    error_set(e, STATUS_USAGE, "unknown option --%s", name);
    const char *near = nearest_name(name, names, ROWS);
    if (near)
        error_set_hint(e, "did you mean --%s?", near);
    return NULL;
}

/* "--name value", "--name=value", "-o value"; flags take no value. */
static enum status read_one(int argc, char **argv, int *i, struct options *options, struct error *e)
{
    char name[64];
    const char *argument = argv[*i], *value = strchr(argument, '=');
    if (strcmp(argument, "-o") == 0)
        argument = "--output";
    if (strcmp(argument, "-h") == 0)
        argument = "--help";
    size_t length = value ? (size_t)(value - argument) : strlen(argument);
    if (strncmp(argument, "--", 2) != 0 || length - 2 >= sizeof name)
        return error_set(e, STATUS_USAGE, "expected an option, got \"%s\"", argument);
    memcpy(name, argument + 2, length - 2);
    name[length - 2] = '\0';
    const struct field *row = find_row(name, e);
    if (!row)
        return e->status;
    if (row->kind == FIELD_BOOL)
        return value ? error_set(e, STATUS_USAGE, "--%s takes no value", name)
                     : field_set(row, "true", options, e);
    if (!value && *i + 1 >= argc)
        return error_set(e, STATUS_USAGE, "--%s needs a value", name);
    if (field_set(row, value ? value + 1 : argv[++*i], options, e) != STATUS_OK)
        e->status = STATUS_USAGE;
    return e->status;
}

enum status options_read(int argc, char **argv, struct options *options, struct error *e)
{
    *options = defaults;
    for (int i = 1; i < argc; i++)
        if (read_one(argc, argv, &i, options, e) != STATUS_OK) {
            error_set_hint(e, "stepcast-bench --help lists the options");
            return e->status;
        }
    return STATUS_OK;
}

void options_help(struct text *out)
{
    text_add(
        out,
        "Usage: stepcast-bench [OPTION]...\n"
        "Measures kernels, memory and collectives of this machine; prints samples as CSV.\n\n");
    for (size_t i = 0; i < ROWS; i++)
        text_addf(out, "  --%s %s\n", rows[i].key, rows[i].help);
    text_add(out,
             "\nOne process measures one node; mpirun, srun or torchrun with one rank a GPU many.\n"
             "Example: stepcast-bench --device cpu --seconds 90 -o measured\n");
}

bool options_select(const struct options *options, const char *suite)
{
    size_t length = strlen(suite);
    const char *p = options->suites;
    if (!*p)
        return true;
    for (; *p; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, suite, length) == 0 && (p[length] == ',' || p[length] == '\0'))
            return true;
    return false;
}
