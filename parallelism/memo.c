#include "parallelism/memo.h"
#include "parallelism/placement.h"
#include "parallelism/step.h"
#include <string.h>

void memo_init(struct memo *memo)
{
    for (int i = 0; i < MEMO_ENTRIES; i++)
        memo->entry[i].seconds = -1;
}

/* Multiplies and folds; the constant is 2^64 over the golden ratio. [Knuth98, 6.4] */
static struct memo_entry *place_of(struct memo *memo, const struct memo_key *key)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t h = 0;
    for (int i = 0; i < MEMO_WORDS; i++) {
        h = (h ^ key->word[i]) * odd;
        h ^= h >> 29;
    }
    return &memo->entry[(h >> 32) % MEMO_ENTRIES];
}

static bool holds(const struct memo_entry *e, const struct memo_key *key)
{
    return e->seconds >= 0 && memcmp(&e->key, key, sizeof *key) == 0;
}

/* Keys of different kinds differ in the first word. */
enum tag { TAG_OP, TAG_COMM, TAG_COLLECTIVE };

static uint64_t first_word(enum tag tag, unsigned a, unsigned b, unsigned c)
{
    return (uint64_t)tag | (uint64_t)a << 8 | (uint64_t)b << 16 | (uint64_t)c << 24;
}

static void add_numbers(struct memo_key *key, const double *x, size_t n)
{
    memcpy(&key->word[1], x, n * sizeof *x);
}

/* A weight gradient of experts has its rows in another place (grouped_product_s): of the same sizes
 * it is not the product that another pass has. */
static void gemm_key(const struct op *op, struct memo_key *key)
{
    const struct gemm *g = &op->gemm;
    unsigned weight = op->kind == OP_GROUPED_GEMM && op->phase == PHASE_BACKWARD_WEIGHT;
    double x[] = {g->m, g->n, g->k, g->batch, g->output_bytes, g->skew};
    key->word[0] = first_word(TAG_OP, op->kind, op->dtype, g->accumulate | weight << 1);
    add_numbers(key, x, sizeof x / sizeof *x);
}

static void attention_key(const struct op *op, struct memo_key *key)
{
    const struct attention *a = &op->attention;
    double x[] = {a->batch,  a->heads,       a->kv_heads,   a->seq_q,
                  a->seq_kv, a->head_dim_qk, a->head_dim_v, a->visible_frac};
    key->word[0] = first_word(TAG_OP, op->kind, op->dtype, op->phase);
    add_numbers(key, x, sizeof x / sizeof *x);
}

static void group_key(const struct group *g, double bytes, struct memo_key *key)
{
    double x[] = {bytes, g->ranks, g->per_domain, g->per_node, g->sharing};
    add_numbers(key, x, sizeof x / sizeof *x);
}

static void comm_key(const struct scenario *scenario, const struct strategy *s, const struct op *op,
                     struct memo_key *key)
{
    struct group g = placement_comm(&scenario->system, s, op->comm);
    key->word[0] = first_word(TAG_COMM, op->collective, op->comm, s->dispatcher);
    group_key(&g, op->bytes, key);
}

double memo_op_s(struct memo *memo, const struct scenario *scenario, const struct strategy *s,
                 const struct op *op)
{
    struct memo_key key = {.word = {0}};
    if (!memo || op->kind == OP_MEMORY || op->kind == OP_SCAN)
        return op_cost_s(scenario, s, op);
    if (op->kind == OP_COLLECTIVE)
        comm_key(scenario, s, op, &key);
    else if (op->kind == OP_ATTENTION)
        attention_key(op, &key);
    else
        gemm_key(op, &key);
    struct memo_entry *e = place_of(memo, &key);
    if (!holds(e, &key))
        *e = (struct memo_entry){key, op_cost_s(scenario, s, op)};
    return e->seconds;
}

double memo_collective_s(struct memo *memo, const struct scenario *scenario, enum collective op,
                         double bytes, const struct group *g)
{
    struct memo_key key = {.word = {first_word(TAG_COLLECTIVE, op, 0, 0)}};
    if (!memo)
        return stack_collective_s(scenario, op, bytes, g);
    group_key(g, bytes, &key);
    struct memo_entry *e = place_of(memo, &key);
    if (!holds(e, &key))
        *e = (struct memo_entry){key, stack_collective_s(scenario, op, bytes, g)};
    return e->seconds;
}
