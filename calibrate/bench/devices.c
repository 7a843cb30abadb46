#include "calibrate/bench/device.h"
#include <string.h>

static const struct device *const devices[] = {&cpu_device, &cuda_device};
enum { DEVICES = sizeof devices / sizeof devices[0] };

enum status device_find(const char *name, const struct device **device, struct error *e)
{
    const char *names[DEVICES];
    for (size_t i = 0; i < DEVICES; i++) {
        names[i] = devices[i]->name;
        if (strcmp(name, names[i]) == 0) {
            *device = devices[i];
            return STATUS_OK;
        }
    }
    error_set(e, STATUS_USAGE, "--device: expected cpu or cuda, got \"%s\"", name);
    const char *near = nearest_name(name, names, DEVICES);
    if (near)
        error_set_hint(e, "did you mean %s?", near);
    return e->status;
}
