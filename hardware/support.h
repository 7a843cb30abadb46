#ifndef HARDWARE_SUPPORT_H
#define HARDWARE_SUPPORT_H
#include "hardware/system.h"

/* What the constants of a machine rest on at one datatype: is there calibrated data for it? */
enum support_part {
    SUPPORT_GEMM,
    SUPPORT_GROUPED, /* expert layers */
    SUPPORT_ATTENTION_FORWARD,
    SUPPORT_ATTENTION_BACKWARD,
    SUPPORT_MEMORY,
    SUPPORT_SCALE_UP,  /* collectives inside the scale-up domain */
    SUPPORT_SCALE_OUT, /* and across domains */
    SUPPORT_PARTS
};
extern const char *const support_part_names[SUPPORT_PARTS + 1];

struct support {
    char kind[16]; /* measured, transferred, assumed; "": the machine has no such part */
    char source[192];
    char date[16];     /* ISO, of the fit; "": not known */
    double samples;    /* rows fitted; 0: not known */
    double error_frac; /* cross-validated; 0: not known */
};

enum support_answer { SUPPORT_NO, SUPPORT_PARTLY, SUPPORT_YES };
extern const char *const support_answer_names[SUPPORT_YES + 2];

/* False where the gpu lacks the datatype. Of several groups in a part, the one that rests on least.
 */
bool support_find(const struct system *system, enum dtype dtype,
                  struct support parts[SUPPORT_PARTS]);

/* Yes: the linear layers, most of a step, are measured on this very gpu at this datatype. Partly:
 * only something else is. No: nothing is. */
enum support_answer support_answer(const struct support parts[SUPPORT_PARTS]);

/* What prices a collective on a tier of a system. */
void support_collective(const struct system *system, int tier, enum collective op,
                        struct support *support);

#endif
