#ifndef CALIBRATE_SAMPLES_H
#define CALIBRATE_SAMPLES_H
#include "base/error.h"
#include "base/op.h"
#include "base/text.h"
#include "hardware/roofline.h"

/* Measured kernels and collectives as CSV, one op a row. The header tells what a file holds; '#'
 * lines carry provenance. */
enum sample_kind {
    SAMPLE_GEMM,       /* dtype,m,n,k */
    SAMPLE_GROUPED,    /* pass,dtype,groups,m,n,k,skew */
    SAMPLE_ATTENTION,  /* phase,dtype,kv_dtype,batch,seq_q,seq_kv,heads,kv_heads,head_dim
                          (head_dim_v: else head_dim; mask: causal or none) */
    SAMPLE_MOE,        /* dtype,tokens,hidden,expert_ffn,top_k,experts,tp,ep,distribution */
    SAMPLE_COLLECTIVE, /* op,dtype,ranks,bytes (ranks_per_node) */
    SAMPLE_MEMORY,     /* op,dtype,bytes */
    SAMPLE_KINDS
};
extern const char *const sample_kind_names[SAMPLE_KINDS + 1];

struct collective_shape {
    enum collective op;
    double ranks, ranks_per_node, bytes; /* ranks_per_node 0: not told */
};

/* How products were timed; of other kinds, only whether clocks had settled. */
enum sample_timing {
    SAMPLE_TIMING_LAYER, /* a linear layer in a short burst: the quantisation of narrow activations
                            with it, weights in turn */
    SAMPLE_TIMING_COLD,  /* quantised before, weights in memory, full clock: stepcast-bench */
    SAMPLE_TIMING_ALONE, /* quantised before, a short loop of the same operands */
    SAMPLE_TIMING_SUSTAINED, /* that loop for seconds: the clock of the power cap */
};

enum sample_mask { SAMPLE_MASK_CAUSAL, SAMPLE_MASK_NONE };

/* One row; of the shapes the one of its kind. */
struct sample {
    enum sample_kind kind;
    enum sample_timing timing; /* its file's */
    size_t file, row, line;    /* row: 1 is the first row of data */
    double time_s;
    enum dtype dtype, kv_dtype;
    enum phase phase; /* of a gemm */
    enum attention_pass pass;
    enum sample_mask mask; /* of attention's visible_frac */
    bool prefill;          /* attention of serving: fills the cache of keys and values too */
    struct gemm gemm;
    struct attention attention;
    struct expert_layer moe;
    char distribution[32]; /* of the tokens over the experts */
    struct collective_shape collective;
    struct memory_op memory;
};

struct sample_file {
    char path[512];
    enum sample_kind kind;
    char source[192];          /* of the line "# source: ..." or the first comment */
    enum sample_timing timing; /* of the line "# timing: ..." */
    size_t first, count;       /* of its rows */
};

/* Zero-initialise; samples_free when done. */
struct samples {
    struct sample *items;
    size_t count, capacity;
    struct sample_file *files;
    size_t file_count;
    struct text notes; /* a line each: duplicates, columns that never change */
};
void samples_free(struct samples *samples);

/* Adds the rows of a file. Refused with file and line: a header that is no kind's, a row with
 * another number of columns, sizes that are not whole or not positive, times that are not positive
 * and finite, unknown datatypes, a file without rows. Then the samples are as before. */
enum status samples_load(const char *path, struct samples *samples, struct error *e);
enum status samples_parse(const char *text, size_t n, const char *file, struct samples *samples,
                          struct error *e);

#endif
