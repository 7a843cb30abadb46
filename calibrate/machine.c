#include "calibrate/machine.h"
#include "base/file.h"
#include "hardware/collective.h"
#include "hardware/roofline.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 512 };

static const char *const table_files[MACHINE_TABLES] = {
    [MACHINE_HOST] = "host", [MACHINE_FLEET] = "fleet", [MACHINE_SUSTAINED] = "sustained"};
static const char *const sample_files[] = {"gemm",      "memory",        "collective",  "grouped",
                                           "attention", "gemm_backward", "memory_torch"};

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

double machine_flop_per_s(const struct machine *machine, enum dtype dtype)
{
    double best = 0;
    for (size_t i = 0; i < machine->samples.count; i++) {
        const struct sample *s = &machine->samples.items[i];
        if (s->kind == SAMPLE_GEMM && s->dtype == dtype && s->phase == PHASE_FORWARD)
            best = fmax(best, gemm_flop(&s->gemm) / s->time_s);
    }
    return best;
}

static bool is_copy(const struct sample *s)
{
    return s->kind == SAMPLE_MEMORY && s->memory.class_ == MEMORY_ELEMENTWISE;
}

/* The mean of those that are at least half as large as the largest. */
double machine_memory_bytes_per_s(const struct machine *machine)
{
    double largest = 0, bytes = 0, seconds = 0;
    for (size_t i = 0; i < machine->samples.count; i++)
        if (is_copy(&machine->samples.items[i]))
            largest = fmax(largest, machine->samples.items[i].memory.bytes);
    for (size_t i = 0; i < machine->samples.count; i++) {
        const struct sample *s = &machine->samples.items[i];
        if (!is_copy(s) || s->memory.bytes < largest / 2)
            continue;
        bytes += s->memory.bytes;
        seconds += s->time_s;
    }
    return seconds > 0 ? bytes / seconds : 0;
}

double machine_bus_bytes_per_s(const struct machine *machine, enum collective op, double *ranks)
{
    double best = 0;
    *ranks = 0;
    for (size_t i = 0; i < machine->samples.count; i++) {
        const struct sample *s = &machine->samples.items[i];
        const struct collective_shape *c = &s->collective;
        if (s->kind != SAMPLE_COLLECTIVE || c->op != op || c->ranks < *ranks ||
            c->ranks != c->ranks_per_node)
            continue;
        double bus = collective_volume_bytes(op, c->bytes, c->ranks) / s->time_s;
        best = c->ranks > *ranks ? bus : fmax(best, bus);
        *ranks = c->ranks;
    }
    return best;
}

static bool path_of(const char *folder, const char *name, char path[PATH_SIZE])
{
    return snprintf(path, PATH_SIZE, "%s/samples/%s.csv", folder, name) < PATH_SIZE &&
           file_exists(path);
}

/* All files must come from one machine. */
static enum status check_about(struct machine *machine, const struct sample_table *t,
                               struct error *e)
{
    char about[sizeof machine->about];
    if (!sample_table_note(t, "machine", about, sizeof about)) {
        error_set(e, STATUS_INPUT, "expected a line \"# machine: ...\", found none");
        error_set_file(e, t->path, 1, 0);
        return e->status;
    }
    if (machine->about[0] && strcmp(about, machine->about) != 0)
        return error_set(e, STATUS_INPUT, "%s is of \"%s\", other samples of \"%s\"", t->path,
                         about, machine->about);
    memcpy(machine->about, about, sizeof about);
    machine->rows += t->rows;
    return STATUS_OK;
}

/* Experts called one after the other are what a library without a grouped kernel comes to: no
 * sample of that kernel. `first`: of the file's rows among the samples. */
static void drop_loops(struct machine *machine, const struct sample_table *t, size_t first)
{
    struct samples *s = &machine->samples;
    int method = sample_table_column(t, "method");
    size_t n = first;
    if (method < 0)
        return;
    for (size_t i = first; i < s->count; i++)
        if (strcmp(sample_table_cell(t, s->items[i].row - 1, method), "loop") != 0)
            s->items[n++] = s->items[i];
    s->files[s->file_count - 1].count = n - first;
    machine->loops += s->count - n;
    s->count = n;
}

/* A file that a run was killed in before its first row has none. */
static enum status load_samples(const char *path, struct machine *machine, struct error *e)
{
    struct sample_table t = {0};
    if (sample_table_load(path, &t, e) != STATUS_OK)
        return e->status;
    size_t first = machine->samples.count;
    enum status status = check_about(machine, &t, e);
    if (status == STATUS_OK && t.rows > 0)
        status = samples_load(path, &machine->samples, e);
    if (status == STATUS_OK && t.rows > 0)
        drop_loops(machine, &t, first);
    if (status == STATUS_OK && !machine->head.columns)
        machine->head = t;
    else
        sample_table_free(&t);
    return status;
}

static enum status load_files(const char *folder, struct machine *machine, struct error *e)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof sample_files / sizeof sample_files[0]; i++)
        if (path_of(folder, sample_files[i], path) && load_samples(path, machine, e) != STATUS_OK)
            return e->status;
    for (int i = 0; i < MACHINE_TABLES; i++)
        if (path_of(folder, table_files[i], path) &&
            (sample_table_load(path, &machine->table[i], e) != STATUS_OK ||
             check_about(machine, &machine->table[i], e) != STATUS_OK))
            return e->status;
    if (machine->rows == 0) {
        error_set(e, STATUS_INPUT, "expected samples in %s/samples, found none", folder);
        error_set_hint(e, "stepcast-bench -o %s measures them", folder);
    }
    return e->status;
}

/* What the header of the first file notes. */
static bool note_of(const struct machine *machine, const char *key, char *out, size_t size)
{
    if (sample_table_note(&machine->head, key, out, size))
        return true;
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

static void name_source(struct machine *machine)
{
    char program[64], library[96], date[32];
    note_of(machine, "program", program, sizeof program);
    note_of(machine, "library", library, sizeof library);
    note_of(machine, "date", date, sizeof date);
    snprintf(machine->source, sizeof machine->source, "%.40s, %.60s, %.50s", program,
             machine->about, library);
    snprintf(machine->date, sizeof machine->date, "%.10s", date);
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
    if (load_files(folder, machine, e) != STATUS_OK)
        return e->status;
    name_source(machine);
    note_of(machine, "device", device, sizeof device);
    if (strcmp(device, "cpu") == 0)
        return describe_processor(machine, e);
    return find_part(machine, gpu_name, catalog, e);
}

void machine_free(struct machine *machine)
{
    samples_free(&machine->samples);
    sample_table_free(&machine->head);
    for (int i = 0; i < MACHINE_TABLES; i++)
        sample_table_free(&machine->table[i]);
}
