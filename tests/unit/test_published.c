#include "base/embedded.h"
#include "calibrate/cases.h"
#include "calibrate/validate.h"
#include "tests/unit/check.h"
#include <stdlib.h>
#include <string.h>

/* The published runs that the program holds: each is whole, and none is forecast worse than it was.
 */

extern const struct embedded_file published_cases[];

/* Mean absolute error of a file's step times, and of its memory where that was measured, of what
 * its figures count (memory_of); may only tighten. */
static const struct {
    const char *file;
    double mape, memory_mape;
} bands[] = {
    {"alst25",                0.20,  0   },
    {"amd_mi250x",            0.20,  0   },
    {"amd_mi300x",            0.16,  0   },
    {"amd_mi355x",            0.09,  0   },
    {"aws_b300_moe_2026",     0.37,  0   },
    {"axlearn_2024",          0.23,  0   },
    {"blackwell_users_2026",  0.15,  0.17},
    {"burstengine25",         0.08,  0   },
    {"clariden_2026",         0.055, 0   },
    {"cloud_users_2026",      0.16,  0.21},
    {"deepseek_v3_2026",      0.12,  0   },
    {"dgx_cloud_2025",        0.07,  0   },
    {"dgx_cloud_gb200",       0.15,  0   },
    {"dlrover_2023",          0.055, 0.14},
    {"flagperf_2024",         0.07,  0.21},
    {"flash_attention_2023",  0.055, 0   },
    {"gb300_node_2026",       0.14,  0   },
    {"gipfelsturm_2026",      0.08,  0   },
    {"github_2025",           0.09,  0   },
    {"h200_users",            0.12,  0.04},
    {"huggingface_2026",      0.24,  0.23},
    {"isambard_2026",         0.06,  0.11},
    {"jax_toolbox_2024",      0.09,  0   },
    {"jsc_2024",              0.17,  0   },
    {"kempnerforge_2026",     0.14,  0.07},
    {"korthikanti22",         0.02,  0   },
    {"lambda_b200_2026",      0.20,  0.32},
    {"lambda_gb300",          0.16,  0.03},
    {"lumen_2026",            0.21,  0.13},
    {"maxtext_b200_2026",     0.05,  0   },
    {"maxtext_tpu_2024",      0.06,  0   },
    {"megascale24",           0.06,  0   },
    {"megatron_llama_2023",   0.08,  0   },
    {"mlperf_2026",           0.13,  0   },
    {"moe_2024",              0.14,  0   },
    {"moe_2026",              0.10,  0   },
    {"moe_folding25",         0.14,  0   },
    {"ms_swift_2025",         0.24,  0.09},
    {"nanotron_2025",         0.13,  0.10},
    {"narayanan21",           0.03,  0   },
    {"nemo_long_sequences",   0.03,  0   },
    {"oellm_jupiter",         0.14,  0.03},
    {"paddlenlp_2023",        0.10,  0.19},
    {"papers_2022_2024",      0.075, 0   },
    {"prime_rl_2026",         0.19,  0.10},
    {"reports_2026",          0.14,  0.11},
    {"sft_toolkit_2026",      0.13,  0.19},
    {"single_reports",        0.23,  0.31},
    {"together_2026",         0.16,  0   },
    {"torchtitan_scaling",    0.08,  0.63},
    {"torchtitan_users",      0.24,  0.05},
    {"tpu_users_2026",        0.20,  0   },
    {"trainers_2026",         0.065, 0   },
    {"trillium_2025",         0.08,  0   },
    {"twist_2026",            0.19,  0   },
    {"users_a100",            0.21,  0   },
    {"vocabulary_parallel24", 0.10,  0.14},
    {"xtuner_2024",           0.17,  0   },
    {"zero_bubble24",         0.02,  0   },
};

static void load(const struct embedded_file *file, struct cases *cases)
{
    struct cases_options options = {.catalog = NULL};
    struct error e;
    error_init(&e);
    *cases = (struct cases){0};
    if (cases_parse((const char *)file->text, file->length, file->name, &options, cases, &e) !=
        STATUS_OK)
        fail_msg("%s: %s", file->name, e.message);
}

/* No case is skipped or measures nothing (a time, a peak of memory, or that it ran out); ids are
 * unique; the degrees make the GPUs. */
static void test_cases_are_whole(void **state)
{
    (void)state;
    for (const struct embedded_file *file = published_cases; file->name; file++) {
        struct cases cases;
        load(file, &cases);
        for (size_t i = 0; i < cases.count; i++) {
            const struct run_case *c = &cases.items[i];
            const struct strategy *s = &c->strategy;
            if (c->skipped[0] != '\0')
                fail_msg("%s: %s", c->id, c->skipped);
            assert_true(c->step_s > 0 || c->memory_bytes > 0 || c->oom);
            check_near(s->tp * s->cp * s->pp * s->dp, c->scenario.system.gpus, 0);
            for (size_t j = 0; j < i; j++)
                assert_string_not_equal(c->id, cases.items[j].id);
        }
        cases_free(&cases);
    }
}

static size_t band_of(const char *name)
{
    for (size_t i = 0; i < sizeof bands / sizeof *bands; i++) {
        if (strncmp(bands[i].file, name, strlen(bands[i].file)) == 0)
            return i;
    }
    fail_msg("%s has no band", name);
    return 0;
}

static size_t timed(const struct cases *cases)
{
    size_t n = 0;
    for (size_t i = 0; i < cases->count; i++)
        n += cases->items[i].step_s > 0;
    return n;
}

static void test_errors_stay_in_their_bands(void **state)
{
    (void)state;
    for (const struct embedded_file *file = published_cases; file->name; file++) {
        struct cases cases;
        struct validation v;
        struct error e;
        error_init(&e);
        load(file, &cases);
        struct prediction *p = calloc(cases.count, sizeof *p);
        assert_non_null(p);
        for (size_t i = 0; i < cases.count; i++)
            case_predict(&cases.items[i], &p[i]);
        assert_int_equal(validation_summarise(&cases, p, NULL, &v, &e), STATUS_OK);
        assert_int_equal(v.step.n, timed(&cases));
        size_t band = band_of(file->name);
        if (v.step.mape > bands[band].mape)
            fail_msg("%s: mean absolute error %.3f", file->name, v.step.mape);
        if (v.memory_compared > 0 && v.memory_mape > bands[band].memory_mape)
            fail_msg("%s: mean absolute error of memory %.3f", file->name, v.memory_mape);
        free(p);
        cases_free(&cases);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_are_whole),
        cmocka_unit_test(test_errors_stay_in_their_bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
