#include "reports/result.h"
#include "reports/search_answers.h"
#include <math.h>
#include <stdio.h>

/* The answers of a search as JSON. */

/* A strategy and what it comes to, on one line each. */
static void put_ranked(struct json_writer *w, const struct ranked *r)
{
    json_put_bool(w, "fits", r->cost.legal && r->cost.fits);
    json_put_number(w, "step_time_s", r->cost.step_s);
    json_put_number(w, "memory_bytes", r->cost.memory_total_bytes);
    json_open_object_compact(w, "strategy");
    fields_write(w, strategy_fields, strategy_field_count, &r->strategy, NULL);
    json_close_object(w);
}

static void put_maximum(struct json_writer *w, const struct maximum *m)
{
    const struct largest *largest = m->largest;
    json_open_object(w, "maximum");
    json_put_string(w, "quantity", largest_quantity_names[m->quantity]);
    json_put_positive(w, "value", largest->value);
    json_put_positive(w, "next", largest->next);
    json_put_string(w, "reason", largest->closest.cost.legal ? largest->closest.cost.reason : NULL);
    json_put_number(w, "searches", largest->searches);
    json_close_object(w);
}

static void put_cluster(struct json_writer *w, const struct scenario *scenario,
                        const struct cluster_answer *answer, const struct cluster *c)
{
    struct scenario here = *scenario;
    here.system.gpus = c->gpus;
    json_open_object(w, NULL);
    json_put_number(w, "gpus", c->gpus);
    json_put_bool(w, "enough", c->enough);
    json_put_number(w, "configs", (double)c->result.configs);
    json_put_number(w, "evaluated", (double)c->result.evaluated);
    if (c->result.count > 0) {
        const struct step_cost *cost = &c->result.results[0].cost;
        double usd = cost_per_token_usd(&here, cost, answer->how->price_usd_per_gpu_h);
        json_put_number(w, "tokens_per_s", step_tokens_per_s(&here, cost));
        json_put_number(w, "tokens_per_s_per_gpu", step_tokens_per_s(&here, cost) / c->gpus);
        json_put_known(w, "usd_per_token", usd);
        put_ranked(w, &c->result.results[0]);
    } else {
        json_put_bool(w, "fits", false);
    }
    json_close_object(w);
}

static void put_clusters(struct json_writer *w, const struct scenario *scenario,
                         const struct cluster_answer *answer)
{
    const struct clusters *clusters = answer->clusters;
    json_put_string(w, "objective", objective_names[answer->how->objective]);
    json_put_known(w, "tokens_per_s_wanted",
                   answer->how->tokens_per_s > 0 ? answer->how->tokens_per_s : (double)NAN);
    json_put_known(w, "gpus_chosen",
                   answer->chosen >= 0 ? clusters->cluster[answer->chosen].gpus : (double)NAN);
    json_open_array(w, "clusters");
    for (int i = 0; i < clusters->count; i++)
        put_cluster(w, scenario, answer, &clusters->cluster[i]);
    json_close_array(w);
}

static void put_limits(struct json_writer *w, const struct limits *limits)
{
    json_open_object(w, "limits");
    json_put_string(w, "largest", limit_names[limits->largest]);
    for (int i = 0; i < LIMITS; i++) {
        char key[48];
        snprintf(key, sizeof key, "%s_frac", limit_names[i]);
        json_put_number(w, key, limits->share[i]);
    }
    json_put_bool(w, "memory_binds", limits->memory_binds);
    if (limits->memory_binds) {
        json_open_object(w, "with_all_memory");
        put_ranked(w, &limits->roomy);
        json_close_object(w);
    }
    json_put_number(w, "memory_free_frac", limits->memory_free_frac);
    json_put_number(w, "memory_margin_frac", memory_margin_frac);
    json_put_bool(w, "memory_tight", limits->memory_tight);
    if (limits->memory_tight && limits->safe.cost.legal) {
        json_open_object(w, "with_memory_margin");
        put_ranked(w, &limits->safe);
        json_close_object(w);
    }
    json_close_object(w);
}

static const char *const verdict_names[] = {
    [NEIGHBOUR_ILLEGAL] = "illegal",
    [NEIGHBOUR_MEMORY] = "memory",
    [NEIGHBOUR_SLOWER] = "slower",
    [NEIGHBOUR_FASTER] = "not_slower",
};

static void put_neighbour(struct json_writer *w, const struct neighbour *n,
                          const struct ranked *best)
{
    struct text change = {0};
    bool legal = n->verdict != NEIGHBOUR_ILLEGAL, memory = n->verdict == NEIGHBOUR_MEMORY;
    neighbour_change(n, &best->strategy, &change);
    json_open_object_compact(w, NULL);
    json_put_string(w, "change", text_string(&change));
    json_put_string(w, "key",
                    n->dimension == SEARCH_DIMENSIONS ? "overlaps"
                                                      : search_dimension_names[n->dimension]);
    json_put_string(w, "verdict", verdict_names[n->verdict]);
    json_put_string(w, "reason", n->cost.reason[0] ? n->cost.reason : NULL);
    json_put_known(w, "step_time_s", legal ? n->cost.step_s : (double)NAN);
    json_put_known(w, "slower_s", legal ? n->slower_s : (double)NAN);
    json_put_string(w, "term", legal ? term_names[n->term] : NULL);
    json_put_known(w, "term_more_s", legal ? n->term_s : (double)NAN);
    json_put_known(w, "short_bytes", memory ? n->short_bytes : (double)NAN);
    json_put_known(w, "stage", memory ? n->cost.memory_stage : (double)NAN);
    json_close_object(w);
    text_free(&change);
}

static void put_neighbours(struct json_writer *w, const struct neighbours *neighbours,
                           const struct ranked *best)
{
    json_open_array(w, "neighbours");
    for (int i = 0; i < neighbours->count; i++)
        put_neighbour(w, &neighbours->neighbour[i], best);
    json_close_array(w);
}

static void put_ties(struct json_writer *w, const struct ties *ties)
{
    json_open_array(w, "near_ties");
    for (int i = 0; i < ties->count; i++) {
        json_open_object(w, NULL);
        json_put_number(w, "slower_frac", ties->ties[i].slower_frac);
        json_put_number(w, "interval_frac", ties->ties[i].interval_frac);
        put_ranked(w, &ties->ties[i].ranked);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_front(struct json_writer *w, const struct pareto_clusters *front)
{
    json_open_array(w, "pareto");
    for (int i = 0; i < front->count; i++) {
        json_open_object(w, NULL);
        json_put_number(w, "gpus", front->point[i].gpus);
        put_ranked(w, &front->point[i].ranked);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_remedies(struct json_writer *w, const struct remedies *remedies)
{
    json_open_array(w, "remedies");
    for (int i = 0; i < remedies->count; i++) {
        const struct remedy *r = &remedies->remedy[i];
        json_open_object(w, NULL);
        json_put_string(w, "kind", remedy_kind_names[r->kind]);
        json_put_string(w, "key",
                        r->kind == REMEDY_RELEASE ? search_dimension_names[r->dimension] : NULL);
        json_put_positive(w, "value", r->value);
        put_ranked(w, &r->best);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_price(struct json_writer *w, const struct scenario *scenario,
                      const struct price *price, const struct ranked *best)
{
    json_open_object(w, "cost");
    json_put_number(w, "usd_per_gpu_h", price->usd_per_gpu_h);
    json_put_string(w, "source", price->source);
    if (best)
        json_put_number(w, "usd_per_token",
                        cost_per_token_usd(scenario, &best->cost, price->usd_per_gpu_h));
    json_close_object(w);
}

void search_answers_json(struct json_writer *w, const struct scenario *scenario,
                         const struct search_answers *answers, const struct ranked *best)
{
    if (answers->price)
        put_price(w, scenario, answers->price, best);
    if (answers->maximum)
        put_maximum(w, answers->maximum);
    if (answers->clusters)
        put_clusters(w, scenario, answers->clusters);
    if (answers->limits)
        put_limits(w, answers->limits);
    if (answers->neighbours)
        put_neighbours(w, answers->neighbours, best);
    if (answers->ties)
        put_ties(w, answers->ties);
    if (answers->front)
        put_front(w, answers->front);
    if (answers->remedies)
        put_remedies(w, answers->remedies);
}
