#ifndef HARDWARE_CALIBRATION_H
#define HARDWARE_CALIBRATION_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/op.h"
#include "hardware/collective_constants.h"
#include "hardware/correction.h"

/* The fitted constants of one GPU, by op. Each group says where it comes from; the groups that no
 * measurement gave keep the assumed defaults of calibration_default(). The forms: hardware/gemm.c,
 * grouped.c, attention.c, decode.c, memory_op.c. */

/* Dense GEMM, one set a datatype: the tile form of hardware/tiles.c. */
struct gemm_constants {
    double peak_frac; /* of the datasheet peak, inside a large tile */
    double a0; /* elements: operand traffic of a tile, as the intensity that halves its rate */
    double tile_area;   /* elements of output: fixed cost of a tile at each step of K */
    double k0;          /* elements of K: prologue and epilogue of a CTA */
    double persistence; /* share of k0 that each further wave pays: 1 all, 0 hidden behind the next
                           tile */
    double phi;         /* 0 hard waves .. 1 no wave quantisation */
    double doubt;       /* chance that the library misses the fastest tile, then the next one ... */
    double edge; /* of tiles at the matrix's edge: 0 they cost whole ones .. 1 their rows alone */
    double p;    /* how math, cache and memory roofs join: 1 their sum, large their maximum */
    double beta; /* share of the SMs needed to draw full memory bandwidth */
    double bandwidth_frac; /* of the memory bandwidth */
    double l2_ratio;       /* bandwidth of the last cache over that of memory */
    double l2_frac;        /* share of the cache that repeated operands can use */
    double write_weight;   /* cost of a byte written over one read, in the cache (2-byte outputs) */
    double t0_s;           /* launch and ramp */
    double split_s;        /* of the reduction after a split of K */
    double droop;         /* slow-down of long kernels under the power cap, each e-fold of 100 us */
    double quantise_frac; /* fp8, nvfp4: time of the quantisation pass over its bytes / bandwidth; 0
                             else */
    double quantise_t0_s;
};

/* Grouped GEMM of experts: the tile form over the union of the groups' tiles, and what an expert
 * layer costs around its two GEMMs. */
struct grouped_constants {
    double peak_frac, a0, tile_area, k0, phi, p, bandwidth_frac, l2_ratio; /* as gemm_constants */
    double t0_s;            /* launch of one grouped GEMM */
    double per_group_s;     /* each group of an expert layer */
    double routing_s;       /* of an expert layer: router's kernels, permutation, weighted sum */
    double routing_token_s; /* each token and expert to score */
    double routing_bandwidth_frac; /* of the permutation, the activation and the weighted sum */
};

/* Fused attention, one set a kernel and datatype class {16 bit, fp8}: training's forward and
 * backward passes, and the prefill of serving, whose kernels are others (A100: 140 TFLOP/s where
 * FlashAttention-2 reaches 200). */
struct attention_constants {
    double math_frac;  /* e_a: of the tensor-core peak */
    double exp_frac;   /* e_x: of the exponential unit's peak */
    double p;          /* exponent that joins these two */
    double tile_rows;  /* rows of queries that a CTA owns */
    double least_keys; /* keys that it computes at least */
    double cta_s;      /* fixed time of a CTA on its SM */
    double tail;       /* exponent that joins the work of all CTAs with the longest one */
    double head_64, head_192, head_256, head_512; /* rate at that head size over that at 128 */
    double bandwidth_frac;                        /* of the memory bandwidth */
    double t0_s;                                  /* launch */
    /* Serving's kernel before it, that rotates, stores and quantises queries, keys and values: */
    double cache_t0_s;
    double cache_bandwidth_frac;
    double cache_kv_weight; /* cost of a byte of keys and values over one of queries */
    double cache_l2_ratio;  /* bandwidth of the last cache over that of memory */
};
enum attention_pass { ATTENTION_FORWARD, ATTENTION_BACKWARD, ATTENTION_DECODE, ATTENTION_PASSES };
/* Kernels of struct attention_constants: those of the first two passes have their numbers. */
enum { ATTENTION_PREFILL = ATTENTION_BACKWARD + 1, ATTENTION_KERNELS };

/* Decode, one set a datatype of the cache: a kernel that shares keys among the heads of a group, a
 * CTA a key-value head, and one with a CTA a query head. */
struct decode_kernel {
    double bandwidth_frac; /* of the memory bandwidth */
    double t0_s;           /* launch, ramp and the first wave's fixed time */
    double splits;         /* CTAs an SM up to which long sequences are split */
    double cta_s;          /* fixed time of a CTA of further waves, at head size 128 */
    double key_s;          /* one key in the longest CTA, at head size 128 */
    double part_s;         /* each part of a split sequence, in the reduction */
    double math_frac;      /* of the 16 bit peak */
};
struct decode_constants {
    struct decode_kernel group, head;
    double group_least, group_most; /* heads that share keys, for which it is written */
    double group_fill;              /* share of the SMs that its CTAs must fill to be chosen */
    double group_head_s;            /* fixed time of each query head of a CTA */
    double group_size_power;        /* of the head size in a CTA's fixed time */
    double group_phi;               /* waves: as gemm_constants */
    double group_64_s;              /* further time of a kernel for head sizes of 64 */
    double head_256;                /* rate a key at head sizes of 256 over its share of 128's */
    double l2_ratio, l2_frac;       /* as gemm_constants */
    double p;                       /* exponent that joins the roofs */
};

struct memory_constants {
    double bandwidth_frac;
    double t0_s;
};

enum calibration_kind { CALIBRATION_ASSUMED, CALIBRATION_MEASURED, CALIBRATION_TRANSFERRED };
extern const char *const calibration_kind_names[];

/* Where a group of constants comes from and how good it is. An empty source: the built-in default.
 */
enum { CALIBRATION_CONSTANTS_MAX = 28, CALIBRATION_DIMS = 4 };
struct calibration_group {
    enum calibration_kind kind;
    char source[192];
    char date[16];     /* ISO, of the fit */
    double samples;    /* rows fitted; 0: none */
    double error_frac; /* mean absolute error, cross-validated by blocks of shapes; 0: not known */
    double
        standard_error[CALIBRATION_CONSTANTS_MAX]; /* of each constant, in its unit; 0: not known */
    double low[CALIBRATION_DIMS], high[CALIBRATION_DIMS]; /* range covered; high 0: not known */
};

struct calibration {
    struct gemm_constants gemm[DTYPES];
    struct grouped_constants grouped[DTYPES];
    struct attention_constants attention[ATTENTION_KERNELS][2]; /* [][0: 16 bit, 1: fp8] */
    struct decode_constants decode[2];
    struct memory_constants memory[MEMORY_CLASSES];
    struct calibration_group gemm_group[DTYPES], grouped_group[DTYPES];
    struct calibration_group attention_group[ATTENTION_KERNELS][2], decode_group[2],
        memory_group[MEMORY_CLASSES];
    struct correction gemm_correction[DTYPES], grouped_correction[DTYPES];
    struct correction attention_correction[ATTENTION_KERNELS][2], decode_correction[2];
    struct collective_calibration collective; /* of the scale-up domain */
};

/* Where a group's constants come from, in words: its source, or what an architecture's own rest on.
 */
const char *calibration_group_source(const struct calibration *c,
                                     const struct calibration_group *group);

/* One group of the struct above as data: what reads, writes, shows and fits it. */
struct calibration_slot {
    const char *op, *name; /* "gemm", "bf16" */
    const struct field *constants;
    size_t count;
    size_t offset;            /* of the constants in struct calibration */
    size_t group_offset;      /* of their struct calibration_group */
    size_t correction_offset; /* of their struct correction; 0: none */
    const char *const *dims;  /* names of the range's dimensions, NULL-ended */
};

/* Slot i; false past the end. */
bool calibration_slot(size_t i, struct calibration_slot *slot);
struct calibration_group *calibration_group_of(struct calibration *c,
                                               const struct calibration_slot *slot);
double *calibration_constant(struct calibration *c, const struct calibration_slot *slot,
                             size_t row);
struct correction *calibration_correction(struct calibration *c,
                                          const struct calibration_slot *slot);
/* The slot of that op and name; false where there is none. */
bool calibration_find(const char *op, const char *name, struct calibration_slot *slot);

/* Blackwell or Blackwell Ultra. */
bool architecture_is_blackwell(const char *architecture);

/* Constants by architecture (A100's for Ampere and older, H100's for the rest), all marked assumed.
 */
void calibration_default(struct calibration *c, const char *architecture);

/* Makes all kernels of an op s times as fast, whatever their shape: the forms are homogeneous, so
 * that all rates times s and all times over s do it. */
void calibration_speed_up(struct calibration *c, const char *op, double s);

/* Backward attention (fp8: 1, else 16 bit) from forward's constants, as its architecture's kernels
 * have been timed. */
void calibration_backward(struct calibration *c, const char *architecture, int fp8);

/* Member "format" of the object "calibration": one more whenever a constant changes its meaning,
 * for constants that were fitted for other forms would be misread. 2: `doubt` weighs the tiles by
 * their rank. */
enum { CALIBRATION_FORMAT = 2 };

/* Reads the object "calibration" of a gpu file over what `c` holds; constants of another format are
 * refused, a group that is given must hold every constant, its kind and its source. */
enum status calibration_read(const struct json *json, const struct json_value *object,
                             struct calibration *c, struct error *e);

/* Writes the groups that are not built-in defaults as member `key`; read back, they are the same
 * bits. */
void calibration_write(struct json_writer *w, const char *key, const struct calibration *c);

/* Marks every measured group as transferred from GPU `from`: its constants stay, its error goes.
 * Its corrections near measured points stay within an architecture, whose libraries choose the same
 * kernels for the same shapes, and go across (calibrate/KERNELS.md, "GPUs left out"). */
void calibration_transfer(struct calibration *c, const char *from, bool same_architecture);

#endif
