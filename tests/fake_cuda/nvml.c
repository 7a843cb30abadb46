#include "tests/fake_cuda/fake.h"
#include <stdio.h>

/* NVML by its documented signatures: this library's name is that of the real one, so that a program
 * that loads it finds this. Power is the energy of the work since the last reading. */

static const double IDLE_W = 76;
static int device;

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int code);
int nvmlSystemGetDriverVersion(char *version, unsigned size);
int nvmlDeviceGetHandleByPciBusId_v2(const char *id, int **found);
int nvmlDeviceGetClockInfo(const int *gpu, int kind, unsigned *mhz);
int nvmlDeviceGetMaxClockInfo(const int *gpu, int kind, unsigned *mhz);
int nvmlDeviceGetPowerUsage(const int *gpu, unsigned *milliwatts);
int nvmlDeviceGetEnforcedPowerLimit(const int *gpu, unsigned *milliwatts);
int nvmlDeviceGetTemperature(const int *gpu, int sensor, unsigned *celsius);
int nvmlDeviceGetCurrentClocksEventReasons(const int *gpu, unsigned long long *reasons);

enum { NOT_FOUND = 6, UNKNOWN = 999 };

static int counted(const char *function, double seconds)
{
    fake_host_s(seconds);
    return fake_fails(function) ? UNKNOWN : 0;
}

int nvmlInit_v2(void)
{
    int code = counted(__func__, 10e-3);
    fake_alive("nvml", code == 0);
    return code;
}

int nvmlShutdown(void)
{
    fake_alive("nvml", -1);
    return counted(__func__, 1e-3);
}

const char *nvmlErrorString(int code)
{
    return code == NOT_FOUND ? "Not Found" : "Unknown Error";
}

int nvmlSystemGetDriverVersion(char *version, unsigned size)
{
    snprintf(version, size, "580.0-fake");
    return counted(__func__, 1e-6);
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *id, int **found)
{
    unsigned domain, bus, slot, function;
    if (sscanf(id, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
        return NOT_FOUND;
    *found = &device;
    return counted(__func__, 1e-3);
}

int nvmlDeviceGetClockInfo(const int *gpu, int kind, unsigned *mhz)
{
    (void)gpu, (void)kind;
    *mhz = FAKE_CLOCK_MHZ;
    return counted(__func__, 50e-6);
}

int nvmlDeviceGetMaxClockInfo(const int *gpu, int kind, unsigned *mhz)
{
    (void)gpu;
    *mhz = kind == 2 ? 3201 : FAKE_CLOCK_MHZ;
    return counted(__func__, 50e-6);
}

int nvmlDeviceGetPowerUsage(const int *gpu, unsigned *milliwatts)
{
    static double last_s, last_j;
    double now_s = fake_now_s(), now_j = fake_joules();
    (void)gpu;
    *milliwatts = (unsigned)(1e3 * IDLE_W);
    if (now_s > last_s && last_s > 0)
        *milliwatts += (unsigned)(1e3 * (now_j - last_j) / (now_s - last_s));
    last_s = now_s;
    last_j = now_j;
    return counted(__func__, 50e-6);
}

int nvmlDeviceGetEnforcedPowerLimit(const int *gpu, unsigned *milliwatts)
{
    (void)gpu;
    *milliwatts = 700000;
    return counted(__func__, 50e-6);
}

int nvmlDeviceGetTemperature(const int *gpu, int sensor, unsigned *celsius)
{
    (void)gpu, (void)sensor;
    *celsius = 55;
    return counted(__func__, 50e-6);
}

int nvmlDeviceGetCurrentClocksEventReasons(const int *gpu, unsigned long long *reasons)
{
    (void)gpu;
    *reasons = 0;
    return counted(__func__, 50e-6);
}
