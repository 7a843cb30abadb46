#include "calibrate/fit/quiet.h"
#include "calibrate/fit/stack_fit.h"
#include "calibrate/validate.h"
#include "tests/unit/check.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a stack's own file states against what it inherits and what runs say. */

#define CASE(id, tp, step_s)                                                                       \
    "{\"id\": \"" id                                                                               \
    "\", \"model\": \"llama3-8b\", \"system\": {\"name\": \"dgx-h100\", \"gpus\": 16}, "           \
    "\"job\": {\"seq_length\": 8192, \"global_batch\": 64, \"precision\": \"bf16\"}, "             \
    "\"strategy\": {\"tp\": " tp ", \"micro_batch\": 1}, \"stack\": \"ours\", "                    \
    "\"measured\": {\"step_time_s\": " step_s "}}"

struct folder {
    char path[64], file[96];
};

/* A catalog folder that holds one stack. */
static void folder_make(struct folder *f, const char *name, const char *text)
{
    snprintf(f->path, sizeof f->path, "/tmp/stepcast-stack-XXXXXX");
    assert_non_null(mkdtemp(f->path));
    snprintf(f->file, sizeof f->file, "%s/stacks", f->path);
    assert_int_equal(mkdir(f->file, 0700), 0);
    snprintf(f->file, sizeof f->file, "%s/stacks/%s.json", f->path, name);
    FILE *out = fopen(f->file, "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static void folder_remove(struct folder *f)
{
    assert_int_equal(unlink(f->file), 0);
    *strrchr(f->file, '/') = '\0';
    assert_int_equal(rmdir(f->file), 0);
    assert_int_equal(rmdir(f->path), 0);
}

/* The stack "ours" of that text, fitted to the cases. */
static struct stack_fit fitted_as(const char *text, const char *cases_text, bool own)
{
    struct folder folder;
    struct cases cases = {0};
    struct error e;
    struct stack_fits *fits = malloc(sizeof *fits);
    error_init(&e);
    assert_non_null(fits);
    folder_make(&folder, "ours", text);
    struct cases_options options = {folder.path, NULL};
    assert_int_equal(cases_parse(cases_text, strlen(cases_text), "family", &options, &cases, &e),
                     STATUS_OK);
    struct stack_fit_options how = {.catalog = folder.path, .only = "ours", .own = own};
    assert_int_equal(stacks_fit(&cases, &how, fits, &e), STATUS_OK);
    struct stack_fit fit = *stack_fits_find(fits, "ours");
    assert_string_equal(fit.name, "ours");
    cases_free(&cases);
    folder_remove(&folder);
    free(fits);
    return fit;
}

static struct stack_fit fitted(const char *text, const char *cases_text)
{
    return fitted_as(text, cases_text, false);
}

static const char two_runs[] = "[" CASE("a", "1", "9") ", " CASE("b", "2", "10") "]";
static const char one_run[] = "[" CASE("a", "1", "9") "]";

/* No constant's catalog value is one of these. */
static const double stated[STACK_CONSTANTS] = {
    [STACK_COMPUTE] = 1.01,  [STACK_MEMORY] = 1.02,  [STACK_HOST] = 1.03e-5, [STACK_NETWORK] = 1.04,
    [STACK_SCALE_UP] = 1.05, [STACK_EXPERTS] = 1.06, [STACK_STEP] = 1.07e-3,
};

static void stating_all(char *out, size_t size, const char *more)
{
    struct text text = {0};
    text_add(&text, "{\"name\": \"ours\", \"parent\": \"nemo\"");
    for (int c = 0; c < STACK_CONSTANTS; c++)
        text_addf(&text, ", \"%s\": %.17g", stack_constant_names[c], stated[c]);
    text_addf(&text, "%s}", more);
    snprintf(out, size, "%s", text.data);
    text_free(&text);
}

static void test_stated_constants_win(void **state)
{
    (void)state;
    char text[512];
    stating_all(text, sizeof text, "");
    struct stack_fit two = fitted(text, two_runs), one = fitted(text, one_run);
    assert_int_equal(two.fitted, 0u);
    for (int c = 0; c < STACK_CONSTANTS; c++) {
        check_near(two.constant[c].value, stated[c], 0);
        check_near(one.constant[c].value, stated[c], 0);
    }
}

/* What its own list names is fitted, from two runs on; the rest is as stated. */
static void test_own_list_is_fitted(void **state)
{
    (void)state;
    char text[512];
    stating_all(text, sizeof text, ", \"fit\": [\"compute\"]");
    struct stack_fit two = fitted(text, two_runs), one = fitted(text, one_run);
    assert_int_equal(two.fitted, 1u << STACK_COMPUTE);
    assert_true(two.constant[STACK_COMPUTE].standard_error > 0);
    check_near(one.constant[STACK_COMPUTE].value, stated[STACK_COMPUTE], 0);
    for (int c = STACK_COMPUTE + 1; c < STACK_CONSTANTS; c++)
        check_near(two.constant[c].value, stated[c], 0);
}

/* A user's runs of a software: its compute factor alone moves, whatever the file lists and states,
 * towards runs that take longer, the nearer the more of them there are. */
static void test_own_runs_set_compute(void **state)
{
    (void)state;
    char text[512], slower[1024], many[2048];
    stating_all(text, sizeof text, ", \"fit\": [\"memory\"]");
    snprintf(slower, sizeof slower, "[%s, %s]", CASE("a", "1", "30"), CASE("b", "2", "33"));
    snprintf(many, sizeof many, "[%s, %s, %s, %s]", CASE("a", "1", "30"), CASE("b", "2", "33"),
             CASE("c", "1", "30"), CASE("d", "2", "33"));
    struct stack_fit as_fast = fitted_as(text, two_runs, true), two = fitted_as(text, slower, true),
                     four = fitted_as(text, many, true);
    assert_int_equal(two.fitted, 1u << STACK_COMPUTE);
    assert_true(as_fast.constant[STACK_COMPUTE].value < two.constant[STACK_COMPUTE].value);
    assert_true(two.constant[STACK_COMPUTE].value < four.constant[STACK_COMPUTE].value);
    assert_true(four.constant[STACK_COMPUTE].standard_error <
                two.constant[STACK_COMPUTE].standard_error);
    for (int c = STACK_COMPUTE + 1; c < STACK_CONSTANTS; c++)
        check_near(two.constant[c].value, stated[c], 0);
}

static void test_the_rest_is_inherited(void **state)
{
    (void)state;
    struct stack nemo;
    struct error e;
    error_init(&e);
    assert_int_equal(stack_find("nemo", NULL, &nemo, &e), STATUS_OK);
    struct stack_fit fit = fitted(
        "{\"name\": \"ours\", \"parent\": \"nemo\", \"host_s\": 2e-5, \"fit\": [\"compute\"]}",
        two_runs);
    check_near(fit.constant[STACK_HOST].value, 2e-5, 0);
    check_near(fit.constant[STACK_MEMORY].value, nemo.constant[STACK_MEMORY].value, 0);
    check_near(fit.constant[STACK_STEP].value, nemo.constant[STACK_STEP].value, 0);
}

/* A catalog folder's own version of a built-in stack: what it states stands, the rest is shipped.
 */
static void test_stated_constants_win_over_shipped(void **state)
{
    (void)state;
    struct folder folder;
    struct stack shipped, own;
    struct error e;
    error_init(&e);
    assert_int_equal(stack_find("nemo", NULL, &shipped, &e), STATUS_OK);
    folder_make(
        &folder, "nemo",
        "{\"name\": \"nemo\", \"parent\": \"default\", \"host_s\": 2e-5, \"compute\": 1.5}");
    assert_int_equal(stack_find("nemo", folder.path, &own, &e), STATUS_OK);
    check_near(own.constant[STACK_HOST].value, 2e-5, 0);
    check_near(own.constant[STACK_COMPUTE].value, 1.5, 0);
    check_near(own.constant[STACK_MEMORY].value, shipped.constant[STACK_MEMORY].value, 0);
    folder_remove(&folder);
}

static const char *const sizes[] = {"128", "512", "2048", "8192"};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Runs from short kernels, which the host bounds, to long ones, with these step times. */
static void runs_of(const double step_s[SIZES], struct text *out)
{
    for (int i = 0; i < SIZES; i++)
        text_addf(
            out,
            "%s{\"id\": \"%d\", \"model\": \"llama3-8b\", \"system\": {\"name\": \"dgx-h100\", "
            "\"gpus\": 8}, \"job\": {\"seq_length\": %s, \"global_batch\": 8, "
            "\"precision\": \"bf16\"}, \"strategy\": {\"tp\": 8, \"micro_batch\": 1}, "
            "\"stack\": \"ours\", \"measured\": {\"step_time_s\": %.17g}}",
            i ? ", " : "[", i, sizes[i], step_s[i]);
    text_add(out, "]");
}

/* What those runs take where a launch takes the host so long. */
static void steps_of(double host_s, double step_s[SIZES])
{
    struct text runs = {0};
    struct cases cases = {0};
    struct folder folder;
    struct error e;
    char stack[96];
    error_init(&e);
    snprintf(stack, sizeof stack,
             "{\"name\": \"ours\", \"parent\": \"default\", \"host_s\": %.17g}", host_s);
    folder_make(&folder, "ours", stack);
    struct cases_options options = {folder.path, NULL};
    runs_of((double[SIZES]){1, 1, 1, 1}, &runs);
    assert_int_equal(cases_parse(runs.data, strlen(runs.data), "family", &options, &cases, &e),
                     STATUS_OK);
    for (int i = 0; i < SIZES; i++) {
        struct prediction prediction;
        case_predict(&cases.items[i], &prediction);
        step_s[i] = prediction.step_s;
    }
    text_free(&runs);
    cases_free(&cases);
    folder_remove(&folder);
}

/* A host of 60 us a launch is found from the parent's 5, at which it shows in no run. */
static void test_slow_host_is_found(void **state)
{
    (void)state;
    double step_s[SIZES];
    struct text runs = {0};
    steps_of(60e-6, step_s);
    runs_of(step_s, &runs);
    struct stack_fit fit = fitted("{\"name\": \"ours\", \"parent\": \"default\", \"fit\": "
                                  "[\"compute\", \"memory\", \"host_s\"]}",
                                  runs.data);
    check_near(fit.constant[STACK_HOST].value, 60e-6, 0.05);
    text_free(&runs);
}

/* The spread of a catalog stack or of this text. */
static double spread_of(const char *name, const char *text)
{
    struct folder folder;
    struct stack stack;
    struct error e;
    error_init(&e);
    folder_make(&folder, "ours", text);
    assert_int_equal(stack_find(name, folder.path, &stack, &e), STATUS_OK);
    folder_remove(&folder);
    return stack.residual_frac;
}

/* What no run told spreads as stacks do whose software alone is known, or as its parent does if
 * that is more; a file's own figure stands. */
static void test_untold_spread(void **state)
{
    (void)state;
    static const char child[] = "{\"name\": \"ours\", \"parent\": \"nemo-24.07\"}";
    double described = spread_of("described", child), told = spread_of("nemo-24.07", child);
    assert_true(told < 0.5 * described);
    check_near(spread_of("ours", child), described, 0);
    check_near(spread_of("ours", "{\"name\": \"ours\", \"parent\": \"default\"}"),
               spread_of("default", child), 0);
    check_near(
        spread_of("ours", "{\"name\": \"ours\", \"parent\": \"nemo-24.07\", \"residual\": 0.01}"),
        0.01, 0);
    check_near(fitted(child, one_run).residual_frac, described, 0);
}

/* Four runs exactly as forecast: nothing but the parent's spread, one draw in five. */
static void test_agreeing_runs_keep_a_spread(void **state)
{
    (void)state;
    static const char text[] =
        "{\"name\": \"ours\", \"parent\": \"default\", \"fit\": [\"compute\"]}";
    double step_s[SIZES];
    struct text runs = {0};
    steps_of(5e-6, step_s);
    runs_of(step_s, &runs);
    struct stack_fit fit = fitted(text, runs.data);
    check_near(fit.residual_frac, spread_of("default", text) / sqrt(5), 1e-3);
    text_free(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stated_constants_win),
        cmocka_unit_test(test_own_list_is_fitted),
        cmocka_unit_test(test_own_runs_set_compute),
        cmocka_unit_test(test_the_rest_is_inherited),
        cmocka_unit_test(test_stated_constants_win_over_shipped),
        cmocka_unit_test(test_slow_host_is_found),
        cmocka_unit_test(test_untold_spread),
        cmocka_unit_test(test_agreeing_runs_keep_a_spread),
    };
    fit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
