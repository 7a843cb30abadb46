#include "parallelism/search/pareto.h"
#include "parallelism/search/strategy_grid.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <string.h>

static struct search_options options_of(const struct scenario *s)
{
    struct search_options options;
    search_options_default(&options);
    options.choices[SEARCH_MICRO_BATCH] = (struct choices){2, {1, 2}};
    strategy_complete(&options.base, NULL, s);
    return options;
}

/* No strategy of the whole space is as fast as a point in less memory than its predecessor allows.
 */
static void test_front(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct search_options options = options_of(s);
    struct search_result all;
    struct pareto front;
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(pareto_find(s, &options, 0.02, &front, &e), STATUS_OK);
    options.top = 100000;
    options.no_prune = true;
    options.every_tuning = true;
    assert_int_equal(search_run(s, &options, &all, &e), STATUS_OK);
    assert_true(front.count > 1 && all.count > front.count);
    double limit = front.point[0].cost.memory_capacity_bytes;
    for (int i = 0; i < front.count; i++) {
        const struct step_cost *point = &front.point[i].cost;
        assert_true(point->memory_total_bytes <= limit);
        for (int k = 0; k < all.count; k++)
            if (all.results[k].cost.memory_total_bytes <= limit)
                assert_true(all.results[k].cost.step_s >= point->step_s * (1 - 1e-12));
        limit = point->memory_total_bytes - 0.02 * point->memory_capacity_bytes;
    }
    search_result_free(&all);
    free(s);
}

/* The best cell of a grid is the best of all; a cell is a search with two dimensions fixed. */
static void test_grid(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct search_options options = options_of(s);
    struct grid_request request = {
        .scenario = s, .options = &options, .x = SEARCH_TP, .y = SEARCH_PP};
    struct strategy_grid *grid = malloc(sizeof *grid);
    struct search_result all;
    struct error e;
    double best_s = HUGE_VAL;
    (void)state;
    error_init(&e);
    assert_int_equal(strategy_grid_find(&request, grid, &e), STATUS_OK);
    assert_int_equal(search_run(s, &options, &all, &e), STATUS_OK);
    for (int r = 0; r < grid->rows; r++) {
        for (int c = 0; c < grid->columns; c++) {
            const struct grid_cell *cell = &grid->cell[r][c];
            if (cell->state != GRID_FITS)
                continue;
            assert_int_equal(cell->best.strategy.tp, grid->x_value[c]);
            assert_int_equal(cell->best.strategy.pp, grid->y_value[r]);
            best_s = fmin(best_s, cell->best.cost.step_s);
        }
    }
    check_near(best_s, all.results[0].cost.step_s, 1e-12);
    /* tp 16 leaves nothing for pp 2 */
    assert_int_equal(grid->x_value[0], 1);
    assert_int_equal(grid->cell[grid->rows - 1][grid->columns - 1].state, GRID_ILLEGAL);
    search_result_free(&all);
    free(grid);
    free(s);
}

static void test_grid_refuses(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct search_options options = options_of(s);
    struct grid_request request = {
        .scenario = s, .options = &options, .x = SEARCH_TP, .y = SEARCH_TP};
    struct strategy_grid *grid = malloc(sizeof *grid);
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(strategy_grid_find(&request, grid, &e), STATUS_USAGE);
    free(grid);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_grid_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
