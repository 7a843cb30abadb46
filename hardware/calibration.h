#ifndef HARDWARE_CALIBRATION_H
#define HARDWARE_CALIBRATION_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"
#include "hardware/collective_constants.h"

/* The fitted constants of one GPU, by op. Each group says where it comes from; the groups that no
 * measurement gave keep the assumed defaults of calibration_default(). The forms: hardware/gemm.c,
 * grouped.c, attention.c, memory_op.c. */

/* Dense GEMM, one set a datatype: the tile form of hardware/gemm.c. */
struct gemm_constants {
    double a0;             /* elements: tile intensity at which the tile's inner loop runs at half its peak */
    double k0;             /* elements of K: prologue and epilogue of a tile */
    double phi;            /* 0 hard waves .. 1 no wave quantisation */
    double p;              /* exponent that joins math and memory roofs */
    double beta;           /* share of the SMs needed to draw full memory bandwidth */
    double bandwidth_frac; /* of the memory bandwidth */
    double t0_s;           /* launch and ramp */
    double quantise_frac;  /* fp8, nvfp4: time of the quantisation pass relative to its bytes / bandwidth; 0 else */
    double peak_frac;      /* sustained share of the datasheet peak (1: not known) */
};

/* Grouped GEMM of experts: the dense form over the union of tiles, with corrections of its own. */
struct grouped_constants {
    double efficiency_frac; /* of the dense form's rate */
    double bandwidth_frac;
    double t0_s;
    double overhead_per_group_s;
};

/* Fused attention, one set a pass {forward, backward, decode} and datatype class {16 bit, fp8}. */
struct attention_constants {
    double math_frac;      /* e_a: of the tensor-core peak */
    double exp_frac;       /* e_x: of the exponential unit's peak */
    double bandwidth_frac; /* of the memory bandwidth (decode, short sequences) */
    double s0;             /* elements: sequence length at which the rate halves */
    double p;              /* exponent that joins the roofs */
    double t0_s;
};
enum attention_pass { ATTENTION_FORWARD, ATTENTION_BACKWARD, ATTENTION_DECODE, ATTENTION_PASSES };

struct memory_constants {
    double bandwidth_frac;
    double t0_s;
};

enum calibration_kind { CALIBRATION_ASSUMED, CALIBRATION_MEASURED, CALIBRATION_TRANSFERRED };
extern const char *const calibration_kind_names[];

/* Where a group of constants comes from and how good it is. An empty source: the built-in default. */
enum { CALIBRATION_CONSTANTS_MAX = 16, CALIBRATION_DIMS = 4 };
struct calibration_group {
    enum calibration_kind kind;
    char source[192];
    char date[16];     /* ISO, of the fit */
    double samples;    /* rows fitted; 0: none */
    double error_frac; /* mean absolute error, cross-validated by blocks of shapes; 0: not known */
    double standard_error[CALIBRATION_CONSTANTS_MAX]; /* of each constant, in its unit; 0: not known */
    double low[CALIBRATION_DIMS], high[CALIBRATION_DIMS]; /* range covered; high 0: not known */
};

struct calibration {
    struct gemm_constants gemm[DTYPES];
    struct grouped_constants grouped[DTYPES];
    struct attention_constants attention[ATTENTION_PASSES][2]; /* [pass][0: 16 bit, 1: fp8] */
    struct memory_constants memory[MEMORY_CLASSES];
    struct calibration_group gemm_group[DTYPES], grouped_group[DTYPES];
    struct calibration_group attention_group[ATTENTION_PASSES][2], memory_group[MEMORY_CLASSES];
    struct collective_calibration collective; /* of the scale-up domain */
};

/* One group of the struct above as data: what reads, writes, shows and fits it. */
struct calibration_slot {
    const char *op, *name; /* "gemm", "bf16" */
    const struct field *constants;
    size_t count;
    size_t offset;       /* of the constants in struct calibration */
    size_t group_offset; /* of their struct calibration_group */
    const char *const *dims; /* names of the range's dimensions, NULL-ended */
};

/* Slot i; false past the end. */
bool calibration_slot(size_t i, struct calibration_slot *slot);
struct calibration_group *calibration_group_of(struct calibration *c, const struct calibration_slot *slot);
double *calibration_constant(struct calibration *c, const struct calibration_slot *slot, size_t row);

/* MODELLING's constants (A100's for Ampere and older, H100's for the rest), every group marked assumed. */
void calibration_default(struct calibration *c, const char *architecture);

/* Reads the object "calibration" of a gpu file over what `c` holds; a group that is given must hold
 * every constant, its kind and its source. */
enum status calibration_read(const struct json *json, const struct json_value *object,
                             struct calibration *c, struct error *e);

/* Writes the groups that are not built-in defaults as member `key`; read back, they are the same bits. */
void calibration_write(struct json_writer *w, const char *key, const struct calibration *c);

/* Marks every measured group as transferred from GPU `from` (its constants stay). */
void calibration_transfer(struct calibration *c, const char *from);

#endif
