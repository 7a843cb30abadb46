#include "calibrate/fit/kernel_parameters.h"
#include <math.h>
#include <string.h>

/* Bounds of the search: a decade or so around what GPUs from Ampere to Blackwell showed, never the
 * edge of what a file may hold. beta and t0 of attention's training kernel are not here: the sweeps
 * do not tell them from other constants (any beta from 0.05 to 0.6 fits alike). */
static const struct kernel_parameter gemm_parameters[] = {
    {"peak_frac",      1,    0.3,    1.5 },
    {"a0",             10,   0.1,    300 },
    {"tile_area",      3000, 1,      2e5 },
    {"k0",             150,  1,      3000},
    {"persistence",    0.5,  0.01,   1   },
    {"phi",            0.5,  0.01,   1   },
    {"doubt",          0.4,  0.0025, 0.95},
    {"edge",           0.3,  0.01,   1   },
    {"p",              3,    1,      15  },
    {"bandwidth_frac", 0.8,  0.1,    1.1 },
    {"l2_ratio",       1.6,  0.8,    20  },
    {"l2_frac",        0.75, 0.3,    1.3 },
    {"write_weight",   1.5,  0.5,    4   },
    {"t0_s",           3e-6, 1e-7,   5e-5},
    {"split_s",        2e-6, 1e-8,   3e-5},
    {"droop",          0.03, 0.001,  0.5 },
    {"quantise_frac",  1,    0.05,   10  },
    {"quantise_t0_s",  2e-6, 5e-8,   2e-5},
    {NULL,             0,    0,      0   },
};
static const struct kernel_parameter grouped_parameters[] = {
    {"peak_frac",              0.8,    0.1,   1.5 },
    {"a0",                     10,     0.1,   300 },
    {"tile_area",              3000,   1,     2e5 },
    {"k0",                     150,    1,     3000},
    {"phi",                    0.5,    0.01,  1   },
    {"p",                      2,      1,     15  },
    {"bandwidth_frac",         0.7,    0.1,   1.2 },
    {"l2_ratio",               1.5,    1,     10  },
    {"per_group_s",            5e-8,   5e-10, 2e-6},
    {"routing_s",              1.5e-5, 1e-6,  8e-5},
    {"routing_token_s",        1e-12,  1e-14, 1e-9},
    {"routing_bandwidth_frac", 0.5,    0.02,  5   },
    {NULL,                     0,      0,     0   },
};
static const struct kernel_parameter attention_parameters[] = {
    {"math_frac",            0.6,  0.05, 1.5 },
    {"exp_frac",             0.6,  0.05, 3   },
    {"cta_s",                1e-6, 5e-8, 2e-5},
    {"tail",                 1.3,  1,    10  },
    {"head_64",              1,    0.1,  4   },
    {"head_192",             1,    0.1,  4   },
    {"head_256",             1,    0.1,  4   },
    {"head_512",             1,    0.1,  4   },
    {"t0_s",                 4e-6, 1e-7, 4e-5},
    {"cache_t0_s",           8e-6, 1e-7, 4e-5},
    {"cache_bandwidth_frac", 0.5,  0.05, 2   },
    {"cache_kv_weight",      0.5,  0.05, 3   },
    {"cache_l2_ratio",       1.5,  1,    20  },
    {NULL,                   0,    0,    0   },
};
static const struct kernel_parameter decode_parameters[] = {
    {"group_bandwidth_frac", 0.8,    0.05,   3   },
    {"group_t0_s",           8e-6,   1e-6,   4e-5},
    {"group_splits",         4,      0.001,  16  },
    {"group_cta_s",          2e-6,   1e-8,   2e-5},
    {"group_key_s",          5e-9,   1e-11,  1e-7},
    {"group_part_s",         2e-8,   5e-10,  2e-6},
    {"group_math_frac",      0.2,    0.005,  1.5 },
    {"group_head_s",         5e-8,   1e-9,   5e-6},
    {"group_size_power",     0.5,    0.01,   3   },
    {"group_phi",            0.5,    0.01,   1   },
    {"group_64_s",           1e-7,   1e-9,   2e-5},
    {"head_bandwidth_frac",  0.8,    0.05,   3   },
    {"head_t0_s",            8e-6,   1e-6,   4e-5},
    {"head_splits",          1,      0.1,    16  },
    {"head_cta_s",           1.5e-6, 1e-7,   4e-5},
    {"head_key_s",           1e-8,   1e-11,  1e-7},
    {"head_part_s",          2e-8,   5e-10,  2e-6},
    {"head_math_frac",       0.01,   0.0005, 1   },
    {"head_256",             1,      0.1,    4   },
    {"l2_ratio",             2,      1,      20  },
    {"l2_frac",              0.7,    0.05,   2   },
    {"p",                    1.5,    1,      10  },
    {NULL,                   0,      0,      0   },
};
static const struct kernel_parameter memory_parameters[] = {
    {"bandwidth_frac", 0.8,  0.02, 2   },
    {"t0_s",           3e-6, 1e-7, 1e-4},
    {NULL,             0,    0,    0   },
};

static const struct kernel_parameter *table_of(const struct calibration_slot *slot)
{
    static const struct {
        const char *op, *name; /* name NULL: any */
        const struct kernel_parameter *table;
    } tables[] = {
        {"gemm",         NULL,             gemm_parameters     },
        {"grouped_gemm", NULL,             grouped_parameters  },
        {"attention",    "forward-16bit",  attention_parameters},
        {"attention",    "forward-fp8",    attention_parameters},
        {"attention",    "backward-16bit", attention_parameters},
        {"attention",    "backward-fp8",   attention_parameters},
        {"attention",    "prefill-16bit",  attention_parameters},
        {"attention",    "prefill-fp8",    attention_parameters},
        {"attention",    "decode-16bit",   decode_parameters   },
        {"attention",    "decode-fp8",     decode_parameters   },
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].op, slot->op) == 0 &&
            (!tables[i].name || strcmp(tables[i].name, slot->name) == 0))
            return tables[i].table;
    return memory_parameters;
}

static bool is_among(const char *key, const char *const *names)
{
    for (; names && *names; names++)
        if (strcmp(*names, key) == 0)
            return true;
    return false;
}

void kernel_parameters_of(const struct calibration_slot *slot, const char *const *held,
                          struct kernel_parameters *out)
{
    out->count = 0;
    for (const struct kernel_parameter *p = table_of(slot); p->key; p++) {
        if (is_among(p->key, held))
            continue;
        size_t row = 0;
        while (row < slot->count && strcmp(slot->constants[row].key, p->key) != 0)
            row++;
        out->parameter[out->count] = *p;
        out->row[out->count++] = row;
    }
}

double kernel_parameter_start(const struct kernel_parameter *p,
                              const struct calibration_group *group, double value)
{
    return group->kind == CALIBRATION_ASSUMED ? p->start : value;
}

double kernel_parameter_to_solver(const struct kernel_parameter *p, double value)
{
    const double edge = 0.02; /* keeps a start at a bound free to move */
    double share = log(value / p->low) / log(p->high / p->low);
    share = fmin(fmax(share, edge), 1 - edge);
    return log(share / (1 - share));
}

double kernel_parameter_from_solver(const struct kernel_parameter *p, double x)
{
    return p->low * pow(p->high / p->low, 1 / (1 + exp(-x)));
}

double kernel_parameter_slope(const struct kernel_parameter *p, double x)
{
    double share = 1 / (1 + exp(-x));
    return log(p->high / p->low) * share * (1 - share);
}

/* Rules that libraries follow or not, and valleys that the solver does not cross: where the search
 * starts besides. */
static const struct kernel_choice {
    const char *op, *part; /* of a slot: its op, and how its name starts */
    const char *key;
    double value[2];
} choices[] = {
    {"gemm",      "",       "doubt",        {0.4, 0.02}},
    {"attention", "decode", "group_fill",   {0.25, 0}  },
    {"attention", "decode", "group_splits", {4, 0.002} },
};
enum { CHOICES = sizeof choices / sizeof *choices };

static bool concerns(const struct kernel_choice *choice, const struct calibration_slot *slot)
{
    return strcmp(choice->op, slot->op) == 0 &&
           strncmp(choice->part, slot->name, strlen(choice->part)) == 0;
}

int kernel_choice_count(const struct calibration_slot *slot)
{
    int count = 1;
    for (int i = 0; i < CHOICES; i++)
        count *= concerns(&choices[i], slot) ? 2 : 1;
    return count;
}

void kernel_choose(const struct calibration_slot *slot, const struct kernel_parameters *parameters,
                   int which, struct calibration *c, double *x)
{
    for (int i = 0; i < CHOICES; i++) {
        if (!concerns(&choices[i], slot))
            continue;
        double value = choices[i].value[which % 2];
        which /= 2;
        for (size_t row = 0; row < slot->count; row++)
            if (strcmp(slot->constants[row].key, choices[i].key) == 0)
                *calibration_constant(c, slot, row) = value;
        for (size_t j = 0; j < parameters->count; j++)
            if (strcmp(parameters->parameter[j].key, choices[i].key) == 0)
                x[j] = kernel_parameter_to_solver(&parameters->parameter[j], value);
    }
}
