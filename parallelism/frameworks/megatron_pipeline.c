/* Megatron's pipeline: virtual stages, uneven splits, schedules. megatron/training/arguments.py,
 * megatron/core/pipeline_parallel/schedules.py */
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/megatron_hybrid.h"
#include "parallelism/pipeline_layout.h"
#include "parallelism/split.h"
#include <string.h>

/* Virtual stages of a rank: given, or from the layers of one. */
static int read_vpp(struct framework_reader *r)
{
    int direct = reading_number(r, "num_virtual_stages_per_pipeline_rank");
    int yaml = reading_number(r, "virtual_pipeline_model_parallel_size");
    int layers_each = reading_number(r, "num_layers_per_virtual_pipeline_stage");
    const struct model *m = &r->run->scenario.model;
    int counted = m->layers + reading_switch(r, "account_for_embedding_in_pipeline_split") +
                  reading_switch(r, "account_for_loss_in_pipeline_split");
    if (direct > 0 || yaml > 0)
        return direct > 0 ? direct : yaml;
    if (layers_each == 0)
        return 1;
    if (m->layers == 0) {
        text_add(r->notes, "num_layers_per_virtual_pipeline_stage needs the number of layers\n");
        return 1;
    }
    int per_rank = counted / r->run->strategy.pp;
    if (counted % r->run->strategy.pp != 0 || per_rank % layers_each != 0)
        reading_error(r, "num_layers_per_virtual_pipeline_stage",
                      "%d layers on %d stages do not divide into chunks of %d", counted,
                      r->run->strategy.pp, layers_each);
    return per_rank / layers_each;
}

static void read_split(struct framework_reader *r, struct strategy *s)
{
    bool embedding = reading_switch(r, "account_for_embedding_in_pipeline_split");
    bool loss = reading_switch(r, "account_for_loss_in_pipeline_split");
    int first = reading_number(r, r->framework->sections ? "num_layers_in_first_pipeline_stage"
                                                         : "decoder_first_pipeline_num_layers");
    int last = reading_number(r, r->framework->sections ? "num_layers_in_last_pipeline_stage"
                                                        : "decoder_last_pipeline_num_layers");
    int stages = s->pp * s->vpp, layers = r->run->scenario.model.layers;
    s->first_stage_layers = first;
    s->last_stage_layers = last;
    if (embedding && loss)
        s->first_last_stage_fewer_layers = 1;
    else if (embedding && stages > 1)
        s->first_stage_layers = (layers + 1) / stages - 1;
    else if (loss && stages > 1)
        s->last_stage_layers = (layers + 1) / stages - 1;
}

static enum status take_layout(struct framework_reader *r, const char *key, const char *layout)
{
    struct strategy *s = &r->run->strategy;
    struct pipeline_layout read;
    if (field_set(framework_field(OBJECT_STRATEGY, "pp_layout"), layout, s, r->e) != STATUS_OK)
        return r->e->status;
    if (!pipeline_layout_read(layout, &read) || read.stages % s->pp != 0)
        return reading_error(r, key, "\"%.80s\" is no layout of %d ranks", layout, s->pp);
    s->vpp = read.stages / s->pp;
    return STATUS_OK;
}

/* The stages that a hybrid's pattern divides itself into. */
static enum status take_hybrid_layout(struct framework_reader *r)
{
    struct text layout = {0};
    megatron_hybrid_layout(r, &layout);
    bool divided = layout.length > 0;
    enum status status =
        divided ? take_layout(r, "hybrid_layer_pattern", text_string(&layout)) : STATUS_OK;
    text_free(&layout);
    return status;
}

enum status megatron_read_pipeline(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *layout = reading_value(r, "pipeline_model_parallel_layout");
    bool overlap = !reading_switch(r, "no_overlap_p2p_communication");
    const char *p2p = reading_value(r, "overlap_p2p_comm");
    if (p2p)
        overlap = reading_switch(r, "overlap_p2p_comm");
    s->vpp = read_vpp(r);
    if (r->e->status != STATUS_OK)
        return r->e->status;
    if (layout && !value_is_unresolved(layout)) {
        if (take_layout(r, "pipeline_model_parallel_layout", layout) != STATUS_OK)
            return r->e->status;
    } else if (take_hybrid_layout(r) != STATUS_OK) {
        return r->e->status;
    }
    read_split(r, s);
    s->schedule = s->pp == 1 ? SCHEDULE_NONE : s->vpp > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
    if (s->pp == 1)
        s->vpp = 1;
    s->overlaps &= ~(1u << OVERLAP_PP);
    if (s->schedule == SCHEDULE_INTERLEAVED && overlap)
        s->overlaps |= 1u << OVERLAP_PP;
    return STATUS_OK;
}

/* How a stack splits the layers, in Megatron's words. */
enum split_form { SPLIT_EVEN, SPLIT_ACCOUNTED, SPLIT_ENDS, SPLIT_LAYOUT, SPLIT_NONE };

struct stage_counts {
    int n, layers[STAGES_MAX];
};

static bool count_stages(const struct framework_run *run, struct stage_counts *out)
{
    const struct strategy *s = &run->strategy;
    out->n = schedule_stages(s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp));
    return split_layers(&run->scenario, s, out->n, out->layers);
}

static enum split_form find_split(const struct framework_run *run, struct stage_counts *c)
{
    if (run->strategy.pp_layout[0] != '\0')
        return SPLIT_LAYOUT;
    if (!count_stages(run, c))
        return SPLIT_NONE;
    int first = c->layers[0], last = c->layers[c->n - 1], middle = c->layers[c->n > 2 ? 1 : 0];
    bool even = true;
    for (int i = 1; i + 1 < c->n; i++)
        even = even && c->layers[i] == middle;
    if (even && first == middle && last == middle)
        return SPLIT_EVEN;
    if (even && c->n > 2 && first == middle - 1 && last == middle - 1)
        return SPLIT_ACCOUNTED;
    return even && run->strategy.vpp == 1 && first > 0 && last > 0 ? SPLIT_ENDS : SPLIT_LAYOUT;
}

static void add_layers(int n, struct text *out)
{
    if (n > 0)
        text_addf(out, "t*%d", n);
}

/* "Et*3|(t*4|)*2t*3L" of the counts; multi-token-prediction layers stand before the loss. */
static void make_layout(const struct framework_run *run, const struct stage_counts *c,
                        struct text *out)
{
    text_add(out, "E");
    add_layers(c->layers[0], out);
    text_add(out, "|");
    for (int i = 1; i + 1 < c->n;) {
        int end = i;
        while (end + 1 < c->n && c->layers[end] == c->layers[i])
            end++;
        text_add(out, "(");
        add_layers(c->layers[i], out);
        text_addf(out, "|)*%d", end - i);
        i = end;
    }
    add_layers(c->layers[c->n - 1], out);
    for (int i = 0; i < run->scenario.model.mtp_layers; i++)
        text_add(out, "m");
    text_add(out, "L");
}

static enum status write_split(struct framework_writer *w)
{
    struct stage_counts counts = {.n = 0};
    struct text layout = {0};
    bool sections = w->framework->sections != NULL;
    switch (find_split(w->run, &counts)) {
    case SPLIT_EVEN:
        break;
    case SPLIT_ACCOUNTED:
        writer_put(w, "account_for_embedding_in_pipeline_split", "true");
        writer_put(w, "account_for_loss_in_pipeline_split", "true");
        break;
    case SPLIT_ENDS:
        writer_putf(w,
                    sections ? "num_layers_in_first_pipeline_stage"
                             : "decoder_first_pipeline_num_layers",
                    "%d", counts.layers[0]);
        writer_putf(
            w, sections ? "num_layers_in_last_pipeline_stage" : "decoder_last_pipeline_num_layers",
            "%d", counts.layers[counts.n - 1]);
        break;
    case SPLIT_LAYOUT:
        if (counts.n > 0)
            make_layout(w->run, &counts, &layout);
        else
            text_add(&layout, w->run->strategy.pp_layout);
        writer_put(w, "pipeline_model_parallel_layout", text_string(&layout));
        break;
    case SPLIT_NONE:
        return writer_refuse(w, "the layers do not fit the stages");
    }
    text_free(&layout);
    return STATUS_OK;
}

/* What a recipe may set and the strategy does not. */
static void unset(struct framework_writer *w)
{
    static const char *const keys[] = {"virtual_pipeline_model_parallel_size",
                                       "pipeline_model_parallel_layout"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys && w->framework->sections; i++) {
        struct text full = {0};
        text_addf(&full, "model.%s", keys[i]);
        if (full.data && !settings_find(w->settings, full.data))
            writer_put(w, keys[i], "null");
        text_free(&full);
    }
}

enum status megatron_write_pipeline(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    if (s->pp == 1) {
        unset(w);
        return STATUS_OK;
    }
    if (s->schedule != SCHEDULE_1F1B && s->schedule != SCHEDULE_INTERLEAVED)
        return writer_refuse(w, "the schedule %s", schedule_names[s->schedule]);
    if (write_split(w) != STATUS_OK)
        return w->e->status;
    bool layout = settings_find(w->settings, w->framework->sections
                                                 ? "model.pipeline_model_parallel_layout"
                                                 : "pipeline_model_parallel_layout") != NULL;
    if (s->vpp > 1 && (w->framework->sections || !layout))
        writer_putf(w,
                    w->framework->sections ? "virtual_pipeline_model_parallel_size"
                                           : "num_virtual_stages_per_pipeline_rank",
                    "%d", s->vpp);
    if (s->schedule == SCHEDULE_INTERLEAVED && !(s->overlaps >> OVERLAP_PP & 1)) {
        if (w->framework->sections)
            writer_put(w, "overlap_p2p_comm", "false");
        else
            writer_put(w, "no_overlap_p2p_communication", "true");
    }
    unset(w);
    return STATUS_OK;
}
