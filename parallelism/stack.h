#ifndef PARALLELISM_STACK_H
#define PARALLELISM_STACK_H
#include "base/fields.h"
#include "model/shard.h"
#include "parallelism/strategy.h"

/* A fitted constant of a stack. */
struct stack_constant {
    double value;
    double standard_error; /* of ln value; 0: not fitted */
};
enum {
    STACK_COMPUTE, /* GEMM and attention time over the benchmarked kernels' (sustained clocks) */
    STACK_MEMORY,  /* memory-bound time over the op list's (kernels that are not fused) */
    STACK_HOST,    /* host seconds a kernel launch */
    STACK_NETWORK, /* time of traffic that leaves the scale-up domain over the collectives' model */
    STACK_SCALE_UP,  /* the same for traffic inside the scale-up domain: how it is launched and hidden */
    STACK_EXPERTS, /* time of the kernels of expert layers (permutation, activation, grouped GEMM of
                      narrow experts: see expert_half_width) over the model's */
    STACK_STEP,    /* host seconds of a step that the GPU waits for */
    STACK_CONSTANTS
};
extern const char *const stack_constant_names[STACK_CONSTANTS + 1];

enum { STACK_NAME_SIZE = 256 }; /* of a stack as it is asked for: a catalog name or a path */

/* A training software: which kernels it has, what it overlaps, what it can express. */
struct stack {
    char name[64];
    char parent[64]; /* whose constants it shrinks towards; "": none */
    char description[160];
    struct kernels kernels;
    enum attention_impl attention;
    unsigned overlaps;    /* those it has; the default of a strategy */
    unsigned overlaps_on_request; /* those it has besides, where a strategy asks; a search asks */
    unsigned schedules;   /* bits of enum schedule it can express */
    unsigned zero_stages; /* bits 0..3 */
    unsigned recomputes;  /* bits of enum recompute */
    unsigned dispatchers, cp_comms;
    bool sequence_parallel, expert_parallel, context_parallel, pipeline_parallel, tensor_parallel;
    bool uneven_stages;        /* layers need not divide by pp */
    bool offloads_optimizer;   /* can keep the optimizer's state in host memory */
    bool head_counts_as_layer; /* embedding and head are accounted for in the split */
    bool p2p_synchronous;
    bool hides_ring; /* context ranks send the next keys and values beside the attention of the last;
                        else they wait for each transfer */
    double ramp_micro_batches; /* micro-batches' time that a pipelined step loses besides the
                                  schedule's bubble, whatever their number and the stages' */
    bool steps_overlap; /* ranks begin the next step without waiting for the others (zero bubble) */
    bool hides_expert_exchange; /* beside another micro-batch's compute, asked or not */
    bool hides_expert_exchange_across; /* the same by DeepEP beyond the domain */
    bool generation; /* differs from its parent as one software from another, not as releases do */
    double tp_hidden_frac; /* of tensor-parallel communication, what the product beside it could hide
                              and does, when it overlaps "tp"; the next two always */
    double wgrad_gather_hidden_frac; /* sequence parallelism's re-gather for the weight gradient */
    double wgrad_scatter_hidden_frac; /* its scatter of the input's gradient, beside that product */
    double ep_hidden_frac;           /* share of expert all-to-all hidden when it overlaps "ep" */
    double dp_bucket_parameters;     /* parameters of one bucket of overlapped gradient reduction */
    double
        param_gather_bytes; /* bytes a parameter in the gather of updated or sharded parameters */
    double gradient_reduce_bytes; /* bytes a parameter in the reduction of gradients */
    bool gradient_all_reduce;     /* ZeRO 1 still all-reduces whole gradients (early ZeRO
                                     implementations) */
    bool broadcasts_parameters;   /* ZeRO 1, 2: owners broadcast updated parameters one after the other
                                     instead of a gather */
    bool copies_parameters; /* ZeRO 3 copies parameters out of the gather's buffer and gradients into
                               the reduction's */
    bool flattens_parameters; /* ZeRO 3 keeps a layer's parameters as views of one flat tensor, whose
                                 gradient it joins, casts and divides */
    bool accumulates_whole; /* ZeRO 3: of a step's micro-batches the last alone reduces gradients, the
                               others add to whole ones */
    bool pipelines_accumulate_whole; /* the same in pipelines, whose reduction starts when the last
                                        backward pass has ended */
    bool gathers_each_matrix; /* ZeRO 3 gathers a matrix for its product and reduces its gradient
                                 behind its own, not a layer's together */
    bool lists_partitions; /* ZeRO 3 gathers and reduces each matrix through lists of the ranks' parts */
    double reuse_parameters; /* of a layer, above which ZeRO 3 releases what it gathered for full
                                recompute and gathers it again for the backward pass; 0: never */
    double contention_frac;       /* slow-down of compute while a collective runs beside it */
    bool fp8_weights; /* fp8 training keeps and gathers its weights in 8 bit alone */
    double weight_bytes, gradient_bytes, optimizer_bytes; /* memory a parameter; MODELLING 6.1 */
    bool offloads_shards; /* and with it ZeRO 3's shards of parameters and gradients (FSDP2's
                             CPUOffloadPolicy), whose way to the GPU hides behind the layers */
    double host_cores; /* of the host, a rank's: an offloaded optimizer updates on them; 0: all */
    double optimizer_traffic_bytes; /* HBM bytes an owned parameter in the update */
    double straggler_share;       /* of all GPUs that are slow, 0 .. 0.5 */
    double straggler_spread_frac; /* what a slow GPU takes more of a step */
    double expert_half_width; /* STACK_EXPERTS adds 1 / (1 + n k / (n + k) / this) of its excess to the
                                 product of an expert's [rows x k][k x n]; 0: nothing */
    double collective_wait_s; /* what a collective between kernels takes more than in a benchmark,
                                 which calls it back to back: it waits for the compute stream and for
                                 the last of its ranks */
    /* memory outside the model's tensors */
    double context_bytes;      /* runtime, kernels, workspaces */
    double communicator_bytes; /* buffers of one active communicator */
    double allocator_frac;     /* fragmentation, of activations and logits */
    double reserve_bytes;      /* of the device's memory that must stay free */
    double logits_bytes;       /* a logit at the peak of the last stage; MODELLING 6.4 */
    double eager_logits_bytes; /* the same where the loss is not compiled; 0: as many */
    double loss_tiles;         /* of a loss in tiles; 0: tiles as wide as the model */
    struct stack_constant constant[STACK_CONSTANTS];
    bool saves_alternate_products; /* selective recompute saves attention and every second matrix
                                      product of a layer, in nvfp4 none, and repeats the rest,
                                      instead of modules */
    bool saves_products_alone; /* attention that selective recompute repeats does not keep its output
                                  either */
    bool prunes_recompute; /* full recompute leaves out what no gradient reads: a dense layer's last
                              product */
    bool keeps_gathered_on_request; /* ZeRO 3 can keep what it gathered until the backward pass: a
                                       search tries both values of reshard_after_forward */
    bool shards_over_context; /* context ranks share the parameters like data ranks (FSDP over both)
                               */
    bool plans_memory; /* a compiler lays out the whole step: what is never alive at once shares its
                          place, gradients and the logits before them too */
    double gradient_bytes_bf16; /* memory of gradients in bf16 training where it differs; 0:
                                   gradient_bytes */
    double eager_memory_frac; /* time of memory-bound kernels where layers are not compiled over
                                 compiled ones, which its constants are of; 0: it compiles none */
    int flash_generation; /* of its fused attention: 1, 2 or 3 (FlashAttention, cuDNN of that time)
                           */
    enum dispatcher dispatcher, dispatcher_across; /* the defaults of a strategy */
    unsigned fit;               /* bits of the constants that its runs may set, at most four */
    unsigned stated;            /* bits of the constants that its own file states */
    double residual_frac;       /* spread (1 sigma, of ln) of runs around its forecasts; 0: not known */
    double site_spread_frac;    /* besides (likewise), of clusters whose runs told nothing of it */
    struct source source[8];
};

extern const struct field stack_fields[];
extern const size_t stack_field_count;

/* By catalog name or path; "" or NULL gives "default". A parent's values are read first. */
enum status stack_find(const char *name, const char *catalog, struct stack *stack, struct error *e);
const char *stack_catalog_name(size_t i);

#endif
