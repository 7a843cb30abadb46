#include "calibrate/machine.h"
#include "base/file.h"
#include "hardware/collective.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const table_files[MACHINE_TABLES] = {
    [MACHINE_GEMM] = "gemm", [MACHINE_MEMORY] = "memory", [MACHINE_COLLECTIVE] = "collective",
    [MACHINE_HOST] = "host", [MACHINE_FLEET] = "fleet",   [MACHINE_SUSTAINED] = "sustained",
};

/* Parts by what the driver's name contains; the first that matches. */
static const struct {
    const char *part, *name;
} parts[] = {
    {"GB300",          "gb300"         },
    {"GB200",          "gb200"         },
    {"GH200",          "gh200"         },
    {"B300",           "b300-sxm"      },
    {"B200",           "b200-sxm"      },
    {"H200",           "h200-sxm"      },
    {"H20",            "h20"           },
    {"H800",           "h800-sxm"      },
    {"H100 PCIe",      "h100-pcie"     },
    {"H100 NVL",       "h100-nvl"      },
    {"H100",           "h100-sxm"      },
    {"A800",           "a800-sxm"      },
    {"A100-SXM4-80GB", "a100-sxm-80gb" },
    {"A100-SXM4-40GB", "a100-sxm-40gb" },
    {"A100 80GB PCIe", "a100-pcie-80gb"},
    {"A100-PCIE-40GB", "a100-pcie-40gb"},
    {"L40S",           "l40s"          },
    {"V100-SXM2-32GB", "v100-sxm-32gb" },
    {"V100-SXM2-16GB", "v100-sxm-16gb" },
};

const char *machine_catalog_name(const char *driver_name)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(driver_name, parts[i].part))
            return parts[i].name;
    return NULL;
}

static double number_of(const struct sample_table *t, size_t row, const char *column)
{
    struct error ignored;
    double value = 0;
    error_init(&ignored);
    if (sample_table_number(t, row, sample_table_column(t, column), &value, &ignored) != STATUS_OK)
        return 0;
    return value;
}

static bool cell_is(const struct sample_table *t, size_t row, const char *column, const char *word)
{
    return strcmp(sample_table_cell(t, row, sample_table_column(t, column)), word) == 0;
}

static double seconds_of(const struct sample_table *t, size_t row)
{
    return 1e-6 * number_of(t, row, "time_us");
}

double machine_flop_per_s(const struct machine *machine, enum dtype dtype)
{
    const struct sample_table *t = &machine->table[MACHINE_GEMM];
    double best = 0;
    for (size_t i = 0; i < t->rows; i++) {
        double flop = 2 * number_of(t, i, "m") * number_of(t, i, "n") * number_of(t, i, "k");
        double seconds = seconds_of(t, i);
        if (cell_is(t, i, "dtype", dtype_names[dtype]) && seconds > 0)
            best = fmax(best, flop / seconds);
    }
    return best;
}

/* The mean of the copies that are at least half as large as the largest. */
double machine_memory_bytes_per_s(const struct machine *machine)
{
    const struct sample_table *t = &machine->table[MACHINE_MEMORY];
    double largest = 0, bytes = 0, seconds = 0;
    for (size_t i = 0; i < t->rows; i++)
        if (cell_is(t, i, "op", "copy"))
            largest = fmax(largest, number_of(t, i, "bytes"));
    for (size_t i = 0; i < t->rows; i++)
        if (cell_is(t, i, "op", "copy") && number_of(t, i, "bytes") >= largest / 2) {
            bytes += number_of(t, i, "bytes");
            seconds += seconds_of(t, i);
        }
    return seconds > 0 ? bytes / seconds : 0;
}

double machine_bus_bytes_per_s(const struct machine *machine, enum collective op, double *ranks)
{
    const struct sample_table *t = &machine->table[MACHINE_COLLECTIVE];
    double best = 0;
    *ranks = 0;
    for (size_t i = 0; i < t->rows; i++) {
        double n = number_of(t, i, "ranks"), seconds = seconds_of(t, i);
        bool inside = n == number_of(t, i, "ranks_per_node");
        if (!cell_is(t, i, "op", collective_names[op]) || !inside || seconds <= 0 || n < *ranks)
            continue;
        double bus = collective_volume_bytes(op, number_of(t, i, "bytes"), n) / seconds;
        best = n > *ranks ? bus : fmax(best, bus);
        *ranks = n;
    }
    return best;
}

static enum status load_tables(const char *folder, struct machine *machine, struct error *e)
{
    for (int i = 0; i < MACHINE_TABLES && e->status == STATUS_OK; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/samples/%s.csv", folder, table_files[i]);
        if (file_exists(path) && sample_table_load(path, &machine->table[i], e) == STATUS_OK)
            machine->rows += machine->table[i].rows;
    }
    if (e->status == STATUS_OK && machine->rows == 0) {
        error_set(e, STATUS_INPUT, "expected samples in %s/samples, found none", folder);
        error_set_hint(e, "stepcast-bench -o %s measures them", folder);
    }
    return e->status;
}

/* A note of the first table that has it. */
static bool note_of(const struct machine *machine, const char *key, char *out, size_t size)
{
    for (int i = 0; i < MACHINE_TABLES; i++)
        if (sample_table_note(&machine->table[i], key, out, size))
            return true;
    out[0] = '\0';
    return false;
}

static double note_number(const struct machine *machine, const char *key)
{
    char text[64];
    return note_of(machine, key, text, sizeof text) ? strtod(text, NULL) : 0;
}

/* All tables must come from one machine. */
static enum status check_machine(struct machine *machine, struct error *e)
{
    char about[sizeof machine->about], program[64], library[96], date[32];
    for (int i = 0; i < MACHINE_TABLES; i++) {
        const struct sample_table *t = &machine->table[i];
        if (!t->columns || !sample_table_note(t, "machine", about, sizeof about))
            continue;
        if (machine->about[0] && strcmp(about, machine->about) != 0)
            return error_set(e, STATUS_INPUT, "%s is of \"%s\", other samples of \"%s\"", t->path,
                             about, machine->about);
        memcpy(machine->about, about, sizeof about);
    }
    if (!machine->about[0])
        return error_set(e, STATUS_INPUT, "no sample says what machine it is of (# machine: ...)");
    note_of(machine, "program", program, sizeof program);
    note_of(machine, "library", library, sizeof library);
    note_of(machine, "date", date, sizeof date);
    snprintf(machine->source, sizeof machine->source, "%.40s, %.60s, %.50s", program,
             machine->about, library);
    snprintf(machine->date, sizeof machine->date, "%.10s", date);
    return STATUS_OK;
}

/* "Intel(R) Xeon(R) Processor, 2 threads" as a name: "intel-r-xeon-r-processor-2-threads". */
static void slug(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text && n + 1 < size; text++) {
        if (isalnum((unsigned char)*text))
            out[n++] = (char)tolower((unsigned char)*text);
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && out[n - 1] == '-')
        n--;
    out[n] = '\0';
}

static void set_source(struct machine *machine, const char *key, enum source_kind kind)
{
    for (size_t i = 0; i < gpu_field_count; i++)
        if (strcmp(gpu_fields[i].key, key) == 0) {
            struct source *s = &machine->gpu.source[i];
            s->kind = kind;
            snprintf(s->text, sizeof s->text, "%s",
                     kind == SOURCE_MEASURED ? machine->source : "not measured");
        }
}

static void set_figure(struct machine *machine, const char *key, double *figure, double measured,
                       double assumed)
{
    *figure = measured > 0 ? measured : assumed;
    set_source(machine, key, measured > 0 ? SOURCE_MEASURED : SOURCE_ASSUMED);
}

/* A processor is a gpu of its cores: its peak is the best product, its bandwidth that of large
 * copies, its links are what ranks exchange through memory. */
static enum status describe_processor(struct machine *machine, struct error *e)
{
    struct gpu *gpu = &machine->gpu;
    double ranks = 0, peak = machine_flop_per_s(machine, DTYPE_FP32);
    double memory = machine_memory_bytes_per_s(machine);
    double bus = machine_bus_bytes_per_s(machine, COLLECTIVE_ALL_REDUCE, &ranks);
    if (peak <= 0 || memory <= 0)
        return error_set(e, STATUS_INPUT, "a processor's profile needs the suites gemm and memory");
    slug(machine->about, gpu->name, sizeof gpu->name);
    snprintf(gpu->vendor, sizeof gpu->vendor, "processor");
    snprintf(gpu->architecture, sizeof gpu->architecture, "processor");
    snprintf(gpu->note, sizeof gpu->note, "measured, not a datasheet: %.200s", machine->about);
    snprintf(gpu->scale_up_technology, sizeof gpu->scale_up_technology, "shared-memory");
    set_figure(machine, "peak_fp32", &gpu->peak_flop_per_s[DTYPE_FP32], peak, 0);
    set_figure(machine, "memory_bandwidth", &gpu->memory_bandwidth_bytes_per_s, memory, 0);
    set_figure(machine, "memory", &gpu->memory_bytes, note_number(machine, "memory_bytes"), 1e9);
    set_figure(machine, "l2", &gpu->l2_bytes, note_number(machine, "cache_bytes"), 0);
    set_figure(machine, "sm_count", &gpu->sm_count, note_number(machine, "threads"), 1);
    set_figure(machine, "clock", &gpu->clock_hz, 1e6 * note_number(machine, "clock_mhz"), 1e9);
    set_figure(machine, "scale_up_bandwidth", &gpu->scale_up_bandwidth_bytes_per_s, bus,
               memory / 2);
    set_figure(machine, "scale_up_domain", &gpu->scale_up_domain_gpus, ranks, 1);
    set_figure(machine, "gpus_per_node", &gpu->gpus_per_node, ranks, 1);
    calibration_default(&gpu->calibration, gpu->architecture);
    return STATUS_OK;
}

static enum status find_part(struct machine *machine, const char *gpu_name, const char *catalog,
                             struct error *e)
{
    char driver_name[160];
    note_of(machine, "gpu", driver_name, sizeof driver_name);
    const char *name = gpu_name ? gpu_name : machine_catalog_name(driver_name);
    if (!name) {
        error_set(e, STATUS_INPUT, "no catalog gpu is known for \"%s\"", driver_name);
        error_set_hint(e, "name the nearest with --gpu; stepcast list gpus has them");
        return e->status;
    }
    machine->catalog = true;
    return gpu_find(name, catalog, &machine->gpu, e);
}

enum status machine_load(const char *folder, const char *gpu_name, const char *catalog,
                         struct machine *machine, struct error *e)
{
    char device[32];
    if (load_tables(folder, machine, e) != STATUS_OK || check_machine(machine, e) != STATUS_OK)
        return e->status;
    note_of(machine, "device", device, sizeof device);
    if (strcmp(device, "cpu") == 0)
        return describe_processor(machine, e);
    return find_part(machine, gpu_name, catalog, e);
}

void machine_free(struct machine *machine)
{
    for (int i = 0; i < MACHINE_TABLES; i++)
        sample_table_free(&machine->table[i]);
}
