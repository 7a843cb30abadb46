/* axolotl docs/nd_parallelism.qmd, src/axolotl/integrations/expert_parallel,
 * src/axolotl/utils/schemas; LLaMA-Factory src/llamafactory/hparams,
 * src/llamafactory/model/model_utils/checkpointing.py */
#include "parallelism/frameworks/trainers.h"
#include <string.h>

/* Ranks that share a sequence, by axolotl's newer name and its older one. */
static int context_ranks(struct framework_reader *r)
{
    int newer = reading_degree(r, "context_parallel_size"),
        older = reading_degree(r, "sequence_parallel_degree");
    return newer > older ? newer : older;
}

void trainers_launch(struct framework_reader *r, struct launch *launch)
{
    if (reading_number(r, "dp_shard_size") == 0)
        return;
    launch->processes = (double)reading_degree(r, "dp_replicate_size") *
                        reading_degree(r, "dp_shard_size") * context_ranks(r) *
                        reading_degree(r, "tensor_parallel_size") *
                        reading_degree(r, "expert_parallel_size");
}

enum status trainers_read_context(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    int context = context_ranks(r);
    if (context > 1)
        s->cp = context;
    /* by parts, in LLaMA-Factory's forks; sequence_parallel_size is all of them */
    int alst = reading_degree(r, "alst_ulysses_degree");
    double parts = (double)reading_degree(r, "sequence_parallel_ulysses_degree") *
                   reading_degree(r, "sequence_parallel_ring_degree");
    if (parts > SYSTEM_GPUS_MOST)
        return reading_error(r, "sequence_parallel_ring_degree", "%g ranks", parts);
    if (s->cp == 1)
        s->cp = alst > 1 ? alst : (int)parts;
    return r->e->status;
}

/* How ranks that share a sequence exchange it, in the words of LLaMA-Factory's forks. */
static void read_exchange(struct framework_reader *r)
{
    static const struct {
        const char *word;
        enum cp_comm comm;
    } modes[] = {
        {"zigzag-ring",    CP_COMM_P2P      },
        {"ring",           CP_COMM_P2P      },
        {"llama3",         CP_COMM_ALLGATHER},
        {"ulysses",        CP_COMM_A2A      },
        {"deepspeed-alst", CP_COMM_A2A      },
        {"usp",            CP_COMM_A2A_P2P  },
    };
    struct strategy *s = &r->run->strategy;
    const char *mode = reading_value(r, "sequence_parallel_mode");
    for (size_t i = 0; mode && s->cp > 1 && i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(modes[i].word, mode) == 0) {
            s->cp_comm = modes[i].comm;
            r->run->scenario.stack.cp_comms |= 1u << s->cp_comm;
        }
    }
}

/* Keys and values travel round a ring, or, of packed sequences, are gathered [ring-flash-attention,
 * llama3_flash_attn_varlen]. A copy of the parameters lies over the sharded and the context ranks;
 * experts lie over ranks of their own, beside which nothing else is sharded. */
enum status trainers_read_mesh(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    int sharded = reading_number(r, "dp_shard_size"),
        experts = reading_degree(r, "expert_parallel_size");
    double ranks = r->run->scenario.system.gpus / ((double)s->tp * s->pp);
    if (context_ranks(r) > 1) {
        bool packs = strcmp(settings_value(r->settings, "sample_packing"), "true") == 0;
        s->cp_comm = packs ? CP_COMM_ALLGATHER : CP_COMM_P2P;
        r->run->scenario.stack.cp_comms |= 1u << s->cp_comm;
    }
    read_exchange(r);
    if (experts > 1) {
        s->ep = experts;
        s->dispatcher = DISPATCHER_DEEPEP;
    }
    if (sharded > 0 && s->zero == 3 && (double)sharded * s->cp < ranks)
        s->fsdp_shard = sharded * s->cp;
    return r->e->status;
}

/* LLaMA-Factory recomputes unless it is told not to. */
static bool recomputes(struct framework_reader *r)
{
    bool off = reading_switch(r, "disable_gradient_checkpointing");
    bool llama_factory = settings_value(r->settings, "finetuning_type")[0] ||
                         settings_value(r->settings, "cutoff_len")[0];
    return llama_factory && !off;
}

/* Cut cross-entropy makes no logits of more than a tile. */
static bool cuts_loss(struct framework_reader *r)
{
    const char *given = reading_value(r, "cut_cross_entropy");
    bool on = reading_switch(r, "cut_cross_entropy");
    bool plugged = strstr(settings_value(r->settings, "plugins"), "CutCrossEntropy") &&
                   reading_value(r, "plugins");
    return given ? on : plugged;
}

enum status trainers_read_rest(struct framework_reader *r)
{
    struct framework_run *run = r->run;
    bool named = strcmp(settings_value(r->settings, "optimizer"), "muon") == 0;
    bool muon = reading_switch(r, "use_muon") || (named && reading_value(r, "optimizer"));
    if (recomputes(r)) {
        run->strategy.recompute = RECOMPUTE_FULL;
        if (!reading_switch(r, "gradient_checkpointing"))
            text_add(r->notes, "LLaMA-Factory recomputes every layer unless "
                               "disable_gradient_checkpointing is set\n");
    }
    if (cuts_loss(r))
        run->strategy.tiles |= 1u << TILE_LOSS;
    if (muon)
        run->scenario.job.optimizer = OPTIMIZER_MUON;
    return r->e->status;
}
