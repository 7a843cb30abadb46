#ifndef CALIBRATE_BENCH_NVML_H
#define CALIBRATE_BENCH_NVML_H
#include "base/error.h"
#include <pthread.h>
#include <stdbool.h>

/* Clock, power and temperature of one GPU, through the driver's management library. It is loaded at
 * run time: it comes with the driver, not with the toolkit. Where it is missing, readings are 0. */
struct nvml_device; /* the library's */
struct nvml_functions;
struct nvml {
    void *library;
    struct nvml_functions *call;
    struct nvml_device *device;
    char driver[80];
    double power_cap_w, max_clock_hz, max_memory_clock_hz;
};

struct nvml_reading {
    double clock_hz, power_w, temperature_c;
    bool throttled; /* by power or heat */
};

/* Opens the GPU with that PCI bus id. STATUS_NO, with a message, where there is no library. */
enum status nvml_open(struct nvml *nvml, const char *pci_bus_id, struct error *e);
void nvml_close(struct nvml *nvml);

/* STATUS_OK with zeros if the library is not there; an error names the call. */
enum status nvml_read(const struct nvml *nvml, struct nvml_reading *reading, struct error *e);

/* Takes a reading every `period_s` in a thread of its own, until stopped. */
enum { NVML_READINGS_MAX = 4096 };
struct nvml_log {
    const struct nvml *nvml;
    pthread_t thread;
    pthread_mutex_t mutex;
    bool stop, running;
    double period_s, start_s;
    struct nvml_reading reading[NVML_READINGS_MAX];
    double at_s[NVML_READINGS_MAX]; /* since the start */
    int count, failed;
    struct error error; /* of the first reading that failed */
};
enum status nvml_log_start(struct nvml_log *log, const struct nvml *nvml, double period_s,
                           struct error *e);
/* Fails if every reading did; single ones that failed are left out. */
enum status nvml_log_stop(struct nvml_log *log, struct error *e);

/* Mean of the readings from from_s on; throttled: in over a tenth of them. Zeros if there is none.
 */
struct nvml_reading nvml_log_mean(const struct nvml_log *log, double from_s);

#endif
