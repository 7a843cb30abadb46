#include "calibrate/bench/nvml.h"
#include "base/wall_clock.h"
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The part of the library's interface that is used, by its documentation; codes are 0 for success.
 */
enum { NOT_SUPPORTED = 3, CLOCK_SM = 1, CLOCK_MEMORY = 2, TEMPERATURE_GPU = 0 };
/* Reasons for a lower clock: power cap (4), hardware slow-down (8), heat (0x20, 0x40), power brake
 * (0x80).
 */
enum { THROTTLE_REASONS = 0x4 | 0x8 | 0x20 | 0x40 | 0x80 };

struct nvml_functions {
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error_string)(int code);
    int (*driver_version)(char *version, unsigned length);
    int (*by_bus_id)(const char *bus_id, struct nvml_device **device);
    int (*clock_mhz)(struct nvml_device *device, int kind, unsigned *mhz);
    int (*max_clock_mhz)(struct nvml_device *device, int kind, unsigned *mhz);
    int (*power_mw)(struct nvml_device *device, unsigned *milliwatts);
    int (*power_cap_mw)(struct nvml_device *device, unsigned *milliwatts);
    int (*temperature_c)(struct nvml_device *device, int sensor, unsigned *celsius);
    int (*throttle_reasons)(struct nvml_device *device, unsigned long long *reasons);
};

/* old: what libraries before or after that name call it; NULL: it never had another. */
static const struct {
    const char *name;
    size_t offset;
    const char *old;
} symbols[] = {
    {"nvmlInit_v2",                            offsetof(struct nvml_functions, init),             NULL},
    {"nvmlShutdown",                           offsetof(struct nvml_functions, shutdown),         NULL},
    {"nvmlErrorString",                        offsetof(struct nvml_functions, error_string),     NULL},
    {"nvmlSystemGetDriverVersion",             offsetof(struct nvml_functions, driver_version),   NULL},
    {"nvmlDeviceGetHandleByPciBusId_v2",       offsetof(struct nvml_functions, by_bus_id),        NULL},
    {"nvmlDeviceGetClockInfo",                 offsetof(struct nvml_functions, clock_mhz),        NULL},
    {"nvmlDeviceGetMaxClockInfo",              offsetof(struct nvml_functions, max_clock_mhz),    NULL},
    {"nvmlDeviceGetPowerUsage",                offsetof(struct nvml_functions, power_mw),         NULL},
    {"nvmlDeviceGetEnforcedPowerLimit",        offsetof(struct nvml_functions, power_cap_mw),     NULL},
    {"nvmlDeviceGetTemperature",               offsetof(struct nvml_functions, temperature_c),    NULL},
    {"nvmlDeviceGetCurrentClocksEventReasons", offsetof(struct nvml_functions, throttle_reasons),
     "nvmlDeviceGetCurrentClocksThrottleReasons"                                                      },
};

/* ISO C has no cast from an object to a function pointer; POSIX gives both one representation. */
static enum status load_symbols(struct nvml *nvml, struct error *e)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *symbol = dlsym(nvml->library, symbols[i].name);
        if (!symbol && symbols[i].old)
            symbol = dlsym(nvml->library, symbols[i].old);
        if (!symbol)
            return error_set(e, STATUS_NO, "NVML has no %s", symbols[i].name);
        memcpy((char *)nvml->call + symbols[i].offset, &symbol, sizeof symbol);
    }
    return STATUS_OK;
}

/* What a GPU (a virtual one, a part of one) does not tell stays 0. */
static enum status nvml_try(const struct nvml *nvml, int code, const char *call, struct error *e)
{
    if (code == 0 || code == NOT_SUPPORTED)
        return STATUS_OK;
    return error_set(e, STATUS_NO, "%s: %s", call, nvml->call->error_string(code));
}

static enum status open_device(struct nvml *nvml, const char *pci_bus_id, struct error *e)
{
    unsigned cap_mw = 0, sm_mhz = 0, memory_mhz = 0;
    const struct nvml_functions *call = nvml->call;
    if (nvml_try(nvml, call->init(), "nvmlInit", e) != STATUS_OK ||
        nvml_try(nvml, call->driver_version(nvml->driver, sizeof nvml->driver),
                 "nvmlSystemGetDriverVersion", e) != STATUS_OK ||
        nvml_try(nvml, call->by_bus_id(pci_bus_id, &nvml->device), "nvmlDeviceGetHandleByPciBusId",
                 e) != STATUS_OK ||
        nvml_try(nvml, call->power_cap_mw(nvml->device, &cap_mw), "nvmlDeviceGetEnforcedPowerLimit",
                 e) != STATUS_OK ||
        nvml_try(nvml, call->max_clock_mhz(nvml->device, CLOCK_SM, &sm_mhz),
                 "nvmlDeviceGetMaxClockInfo", e) != STATUS_OK ||
        nvml_try(nvml, call->max_clock_mhz(nvml->device, CLOCK_MEMORY, &memory_mhz),
                 "nvmlDeviceGetMaxClockInfo", e) != STATUS_OK)
        return e->status;
    nvml->power_cap_w = 1e-3 * cap_mw;
    nvml->max_clock_hz = 1e6 * sm_mhz;
    nvml->max_memory_clock_hz = 1e6 * memory_mhz;
    return STATUS_OK;
}

enum status nvml_open(struct nvml *nvml, const char *pci_bus_id, struct error *e)
{
    *nvml = (struct nvml){.call = calloc(1, sizeof *nvml->call)};
    nvml->library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!nvml->call || !nvml->library)
        error_set(e, STATUS_NO, "libnvidia-ml.so.1 cannot be loaded: no clock, power, temperature");
    else if (load_symbols(nvml, e) == STATUS_OK)
        open_device(nvml, pci_bus_id, e);
    if (e->status != STATUS_OK)
        nvml_close(nvml);
    return e->status;
}

void nvml_close(struct nvml *nvml)
{
    if (nvml->device && nvml->call)
        nvml->call->shutdown();
    if (nvml->library)
        dlclose(nvml->library);
    free(nvml->call);
    *nvml = (struct nvml){0};
}

enum status nvml_read(const struct nvml *nvml, struct nvml_reading *reading, struct error *e)
{
    unsigned mhz = 0, milliwatts = 0, celsius = 0;
    unsigned long long reasons = 0;
    *reading = (struct nvml_reading){0};
    if (!nvml->device)
        return STATUS_OK;
    const struct nvml_functions *call = nvml->call;
    if (nvml_try(nvml, call->clock_mhz(nvml->device, CLOCK_SM, &mhz), "nvmlDeviceGetClockInfo",
                 e) != STATUS_OK ||
        nvml_try(nvml, call->power_mw(nvml->device, &milliwatts), "nvmlDeviceGetPowerUsage", e) !=
            STATUS_OK ||
        nvml_try(nvml, call->temperature_c(nvml->device, TEMPERATURE_GPU, &celsius),
                 "nvmlDeviceGetTemperature", e) != STATUS_OK ||
        nvml_try(nvml, call->throttle_reasons(nvml->device, &reasons),
                 "nvmlDeviceGetCurrentClocksEventReasons", e) != STATUS_OK)
        return e->status;
    *reading = (struct nvml_reading){1e6 * mhz, 1e-3 * milliwatts, celsius,
                                     (reasons & THROTTLE_REASONS) != 0};
    return STATUS_OK;
}

static void *keep_log(void *context)
{
    struct nvml_log *log = context;
    pthread_mutex_lock(&log->mutex);
    for (int tick = 1; !log->stop && log->count < NVML_READINGS_MAX; tick++) {
        struct error own;
        error_init(&own);
        log->at_s[log->count] = wall_clock_s() - log->start_s;
        if (nvml_read(log->nvml, &log->reading[log->count], &own) == STATUS_OK)
            log->count++;
        else if (log->failed++ == 0)
            log->error = own;
        pthread_mutex_unlock(&log->mutex);
        wall_clock_sleep(log->start_s + tick * log->period_s - wall_clock_s());
        pthread_mutex_lock(&log->mutex);
    }
    pthread_mutex_unlock(&log->mutex);
    return NULL;
}

enum status nvml_log_start(struct nvml_log *log, const struct nvml *nvml, double period_s,
                           struct error *e)
{
    log->nvml = nvml;
    log->period_s = period_s;
    log->start_s = wall_clock_s();
    log->count = log->failed = 0;
    log->stop = log->running = false;
    error_init(&log->error);
    if (!nvml->device)
        return STATUS_OK;
    pthread_mutex_init(&log->mutex, NULL);
    int failed = pthread_create(&log->thread, NULL, keep_log, log);
    if (failed)
        return error_set(e, STATUS_IO, "cannot start a thread: %s", strerror(failed));
    log->running = true;
    return STATUS_OK;
}

enum status nvml_log_stop(struct nvml_log *log, struct error *e)
{
    if (!log->running)
        return STATUS_OK;
    pthread_mutex_lock(&log->mutex);
    log->stop = true;
    pthread_mutex_unlock(&log->mutex);
    pthread_join(log->thread, NULL);
    pthread_mutex_destroy(&log->mutex);
    log->running = false;
    if (log->failed > 0 && log->count == 0 && e->status == STATUS_OK)
        *e = log->error;
    return e->status;
}

struct nvml_reading nvml_log_mean(const struct nvml_log *log, double from_s)
{
    struct nvml_reading mean = {0};
    int n = 0, throttled = 0;
    for (int i = 0; i < log->count; i++) {
        if (log->at_s[i] < from_s)
            continue;
        n++;
        mean.clock_hz += log->reading[i].clock_hz;
        mean.power_w += log->reading[i].power_w;
        mean.temperature_c += log->reading[i].temperature_c;
        throttled += log->reading[i].throttled;
    }
    if (n == 0)
        return mean;
    return (struct nvml_reading){mean.clock_hz / n, mean.power_w / n, mean.temperature_c / n,
                                 10 * throttled > n};
}
