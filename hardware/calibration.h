#ifndef HARDWARE_CALIBRATION_H
#define HARDWARE_CALIBRATION_H
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"

/* The fitted constants of one GPU, by op. Each group says where it comes from; the numbers that no
 * measurement gave keep the physical defaults of calibration_default(). The forms: hardware/roofline.h
 * and hardware/collective.h. */

/* Dense GEMM, one set a datatype: the tile form of hardware/gemm.c. */
struct gemm_constants {
    double a0;       /* elements: tile intensity at which the tile's inner loop runs at half its peak */
    double k0;       /* elements of K: prologue and epilogue of a tile */
    double phi;      /* 0 hard waves .. 1 no wave quantisation */
    double p;        /* exponent that joins math and memory roofs */
    double beta;     /* share of the SMs needed to draw full memory bandwidth */
    double bandwidth_frac;
    double t0_s;
    double quantise_frac; /* fp8, nvfp4: bytes of the quantisation pass relative to its minimum; 0 else */
    double peak_frac;     /* sustained share of the datasheet peak (1: not known) */
};

/* Grouped GEMM of experts: the dense form with constants of its own for the union of tiles. */
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

struct calibration {
    struct gemm_constants gemm[DTYPES];
    struct grouped_constants grouped[DTYPES];
    struct attention_constants attention[ATTENTION_PASSES][2]; /* [pass][0: 16 bit, 1: fp8] */
    struct memory_constants memory[MEMORY_CLASSES];
    enum calibration_kind gemm_kind[DTYPES], grouped_kind, attention_kind, memory_kind;
};

/* Physical defaults: MODELLING's constants where a GPU has no measurement of its own. */
void calibration_default(struct calibration *c);

#endif
