#include "base/fields.h"
#include "tests/unit/check.h"
#include <math.h>
#include <string.h>

enum topology { TOPOLOGY_SWITCH, TOPOLOGY_RING, TOPOLOGY_TORUS };
static const char *const topology_names[] = {"switch", "ring", "torus-2d", NULL};
static const char *const overlap_names[] = {"dp-grad-reduce", "tp", "pp", NULL};

struct thing {
    double bandwidth_bytes_per_s, latency_s, ratio;
    int ports;
    bool sharp;
    char name[8];
    enum topology topology;
    unsigned overlaps;
};

#define ROW(key, kind, unit, member, min, max, required, names, help)                              \
    FIELD_ROW(thing, key, kind, unit, member, min, max, required, names, help)

static const struct field rows[] = {
    ROW("bandwidth", FIELD_NUMBER, UNIT_BYTES_PER_S, bandwidth_bytes_per_s, 1e6, 1e15, true, NULL,
        "of one link"),
    ROW("latency", FIELD_NUMBER, UNIT_SECONDS, latency_s, 0, HUGE_VAL, false, NULL, NULL),
    ROW("ratio", FIELD_NUMBER, UNIT_NONE, ratio, -HUGE_VAL, 1, false, NULL, NULL),
    ROW("ports", FIELD_INT, UNIT_NONE, ports, 1, 64, false, NULL, NULL),
    ROW("sharp", FIELD_BOOL, UNIT_NONE, sharp, 0, 0, false, NULL, NULL),
    ROW("name", FIELD_STRING, UNIT_NONE, name, 0, 0, false, NULL, NULL),
    ROW("topology", FIELD_ENUM, UNIT_NONE, topology, 0, 0, false, topology_names, NULL),
    ROW("overlaps", FIELD_SET, UNIT_NONE, overlaps, 0, 0, false, overlap_names, NULL),
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* Reads text into thing; the status, and the error as the user reads it in got. */
static enum status read_text(const char *text, struct thing *thing,
                             const struct fields_options *options, char *got, size_t size)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse(text, strlen(text), "f", &e);
    if (json)
        fields_read(json, json_root(json), (struct fields){rows, ROWS}, thing, options, &e);
    error_format(&e, got, size);
    json_free(json);
    return e.status;
}

static void check_good(const char *text, struct thing *thing, const struct fields_options *options)
{
    char got[1024];
    if (read_text(text, thing, options, got, sizeof got) != STATUS_OK)
        fail_msg("%s: %s", text, got);
}

static void check_error(const char *text, const struct fields_options *options, const char *want)
{
    char got[1024];
    struct thing thing = {0};
    assert_int_equal(read_text(text, &thing, options, got, sizeof got), STATUS_INPUT);
    assert_string_equal(got, want);
}

static void test_read(void **state)
{
    (void)state;
    struct thing thing = {.ratio = 0.25};
    bool given[ROWS];
    struct fields_options options = {.given = given};
    memset(given, 1, sizeof given);
    check_good("{\"bandwidth\": \"400 Gb/s\", \"latency\": 2e-6, \"ports\": 8, \"sharp\": true,"
               " \"name\": \"seven77\", \"topology\": \"Torus_2D\","
               " \"overlaps\": [\"pp\", \"dp_grad_reduce\"], \"ratio\": null}",
               &thing, &options);
    assert_true(thing.bandwidth_bytes_per_s == 50e9);
    assert_true(thing.latency_s == 2e-6);
    assert_int_equal(thing.ports, 8);
    assert_true(thing.sharp);
    assert_string_equal(thing.name, "seven77");
    assert_int_equal(thing.topology, TOPOLOGY_TORUS);
    assert_int_equal(thing.overlaps, 1u << 0 | 1u << 2);
    assert_true(thing.ratio == 0.25); /* null keeps the default */
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(given[i], i != 2);
}

static void test_whole_number_forms(void **state)
{
    (void)state;
    struct thing thing = {0};
    check_good("{\"bandwidth\": 1e6, \"ports\": 6.4e1, \"overlaps\": []}", &thing, NULL);
    assert_int_equal(thing.ports, 64); /* both ends of a range are in it */
    assert_int_equal(thing.overlaps, 0);
}

static void test_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"{\"bandwidth\": \"3.35 TB\"}",
         "f:1:15: bandwidth: expected a rate such as \"3.35 TB/s\", got \"3.35 TB\"\n"
         "  hint: bytes without \"/s\" is a size\n"                                                   },
        {"{\"bandwith\": 1}",
         "f:1:2: bandwith: unknown key \"bandwith\"\n  hint: did you mean \"bandwidth\"?\n"           },
        {"{\"zzz\": 1}",                 "f:1:2: zzz: unknown key \"zzz\"\n"                          },
        {"{\"Bandwidth\": 1}",
         "f:1:2: Bandwidth: unknown key \"Bandwidth\"\n  hint: did you mean \"bandwidth\"?\n"         },
        {"{}", "f:1:1: the key \"bandwidth\" is missing\n  hint: bandwidth: of one link\n"},
        {"{\"bandwidth\": null}",
         "f:1:1: the key \"bandwidth\" is missing\n  hint: bandwidth: of one link\n"},
        {"[]",                           "f:1:1: expected an object, got an array\n"                  },
        {"{\"bandwidth\": 3}",
         "f:1:15: bandwidth: expected a value from 1 MB/s to 1 PB/s, got 3 B/s\n"
         "  hint: a number without a unit is in B/s\n"},
        {"{\"bandwidth\": \"2 PB/s\"}",
         "f:1:15: bandwidth: expected a value from 1 MB/s to 1 PB/s, got 2 PB/s\n"                    },
        {"{\"latency\": \"-1 us\"}",     "f:1:13: latency: expected a value at least 0 s, got -1 us\n"},
        {"{\"ratio\": 1.5}",             "f:1:11: ratio: expected a value at most 1, got 1.5\n"       },
        {"{\"ports\": 65}",              "f:1:11: ports: expected a value from 1 to 64, got 65\n"     },
        {"{\"ports\": 1.5}",             "f:1:11: ports: expected a whole number, got 1.5\n"          },
        {"{\"ports\": 1e10}",            "f:1:11: ports: expected a whole number, got 10000000000\n"  },
        {"{\"ports\": \"8\"}",           "f:1:11: ports: expected a whole number, got a string\n"     },
        {"{\"bandwidth\": true}",
         "f:1:15: bandwidth: expected a number or a string with a unit, got a boolean\n"              },
        {"{\"ratio\": \"1\"}",           "f:1:11: ratio: expected a number, got a string\n"           },
        {"{\"sharp\": 1}",               "f:1:11: sharp: expected true or false, got a number\n"      },
        {"{\"name\": 1}",                "f:1:10: name: expected a string, got a number\n"            },
        {"{\"name\": \"eight888\"}",     "f:1:10: name: expected at most 7 bytes of text, got 8\n"    },
        {"{\"topology\": 1}",            "f:1:14: topology: expected a string, got a number\n"        },
        {"{\"topology\": \"rng\"}",
         "f:1:14: topology: expected one of switch, ring, torus-2d, got \"rng\"\n"
         "  hint: did you mean \"ring\"?\n"                                                           },
        {"{\"overlaps\": \"tp\"}",       "f:1:14: overlaps: expected a list of names, got a string\n" },
        {"{\"overlaps\": [\"tp\", 1]}",  "f:1:21: overlaps[1]: expected a string, got a number\n"     },
        {"{\"overlaps\": [\"xyz\"]}",
         "f:1:15: overlaps[0]: expected one of dp-grad-reduce, tp, pp, got \"xyz\"\n"                 },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_error(bad[i].text, NULL, bad[i].want);
}

static void test_extra_keys(void **state)
{
    (void)state;
    static const char *const mine[] = {"tiers", NULL}, *const all[] = {"*", NULL};
    struct fields_options options = {.extra = mine};
    struct thing thing = {0};
    check_good("{\"bandwidth\": 1e9, \"tiers\": [1]}", &thing, &options);
    check_error("{\"bandwidth\": 1e9, \"tier\": [1]}", &options,
                "f:1:20: tier: unknown key \"tier\"\n  hint: did you mean \"tiers\"?\n");
    options.extra = all;
    check_good("{\"bandwidth\": 1e9, \"whatever\": {}}", &thing, &options);
}

static void test_sources(void **state)
{
    (void)state;
    struct source sources[ROWS];
    struct fields_options options = {.sources = sources};
    struct thing thing = {0};
    memset(sources, 1, sizeof sources);
    check_good("{\"bandwidth\": {\"value\": \"3.35 TB/s\", \"source\": \"datasheet: NVIDIA H100 "
               "datasheet\"},"
               " \"latency\": {\"value\": 1, \"source\": \"Measured:  run 7\", \"standard_error\": "
               "\"3 %\","
               " \"note\": \"any\"}, \"ports\": {\"value\": 4, \"source\": null},"
               " \"ratio\": {\"value\": null, \"source\": \"assumed: x\"}}",
               &thing, &options);
    assert_true(thing.bandwidth_bytes_per_s == 3.35e12);
    assert_int_equal(sources[0].kind, SOURCE_DATASHEET);
    assert_string_equal(sources[0].text, "NVIDIA H100 datasheet");
    assert_true(sources[0].standard_error == 0);
    assert_int_equal(sources[1].kind, SOURCE_MEASURED);
    assert_string_equal(sources[1].text, "run 7");
    check_near(sources[1].standard_error, 0.03, 1e-15);
    assert_int_equal(thing.ports, 4);
    assert_int_equal(sources[2].kind, SOURCE_NONE); /* no value: no provenance */
    assert_int_equal(sources[3].kind, SOURCE_NONE);
}

static void test_source_errors(void **state)
{
    (void)state;
    static const char source_error[] =
        "expected a source such as \"datasheet: NVIDIA H100 datasheet\" (datasheet, measured, "
        "assumed or transferred), got ";
    static const struct {
        const char *text, *place, *message, *rest;
    } bad[] = {
        {"{\"bandwidth\": {\"value\": 1e9, \"source\": \"the web\"}}",
         "f:1:40: bandwidth.source: ",                                                                      source_error,                                          "\"the web\"\n"                       },
        {"{\"bandwidth\": {\"value\": 1e9, \"source\": \"guess: x\"}}",
         "f:1:40: bandwidth.source: ",                                                                      source_error,                                          "\"guess: x\"\n"                      },
        {"{\"bandwidth\": {\"value\": 1e9, \"source\": \"none: x\"}}",
         "f:1:40: bandwidth.source: ",                                                                      source_error,                                          "\"none: x\"\n"                       },
        {"{\"bandwidth\": {\"value\": 1e9, \"source\": \"assumed: \"}}",
         "f:1:40: bandwidth.source: ",                                                                      source_error,                                          "\"assumed: \"\n"                     },
        {"{\"bandwidth\": {\"value\": 1e9, \"source\": 7}}",
         "f:1:40: bandwidth.source: ",                                                                      source_error,                                          "a number\n"                          },
        {"{\"bandwidth\": {\"source\": \"assumed: x\"}}",
         "f:1:15: bandwidth: ",                                                                             "the key \"value\" is missing",                        "\n"                                  },
        {"{\"bandwidth\": {\"value\": 1e9, \"sourc\": \"x\"}}",                "f:1:30: bandwidth.sourc: ",
         "unknown key \"sourc\"",                                                                                                                                  "\n  hint: did you mean \"source\"?\n"},
        {"{\"bandwidth\": {\"value\": \"1 TB\", \"source\": \"assumed: x\"}}",
         "f:1:25: bandwidth.value: ",                                                                       "expected a rate such as \"3.35 TB/s\", got \"1 TB\"",
         "\n  hint: bytes without \"/s\" is a size\n"                                                                                                                                                    },
        {"{\"bandwidth\": {\"value\": 1e9, \"standard_error\": -1}}",
         "f:1:48: bandwidth.standard_error: ",                                                              "expected a value at least 0 %, got -100 %",           "\n"                                  },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct text want = {0};
        text_addf(&want, "%s%s%s", bad[i].place, bad[i].message, bad[i].rest);
        check_error(bad[i].text, NULL, want.data);
        text_free(&want);
    }
}

static void test_source_too_long(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "{\"bandwidth\": {\"value\": 1e9, \"source\": \"assumed: ");
    for (int i = 0; i < 160; i++)
        text_add(&t, "x");
    text_add(&t, "\"}}");
    check_error(t.data, NULL,
                "f:1:40: bandwidth.source: expected a source of at most 159 bytes, got 160\n");
    text_free(&t);
}

static void test_source_required(void **state)
{
    (void)state;
    struct fields_options options = {.require_source = true};
    struct thing thing = {0};
    check_error("{\"bandwidth\": 1e9}", &options,
                "f:1:15: bandwidth: expected a figure with its source\n"
                "  hint: write {\"value\": 1000000000, \"source\": \"assumed: why\"}, or datasheet, "
                "or measured\n");
    check_error("{\"bandwidth\": \"8 TB/s\"}", &options,
                "f:1:15: bandwidth: expected a figure with its source\n"
                "  hint: write {\"value\": \"8 TB/s\", \"source\": \"assumed: why\"}, or datasheet, "
                "or measured\n");
    check_error("{\"ports\": {\"value\": 3}}", &options,
                "f:1:21: ports.value: expected a figure with its source\n"
                "  hint: write {\"value\": 3, \"source\": \"assumed: why\"}, or datasheet, or "
                "measured\n");
    check_good("{\"bandwidth\": {\"value\": 1e9, \"source\": \"assumed: x\"}, \"name\": \"a\","
               " \"topology\": \"ring\", \"sharp\": false, \"overlaps\": []}",
               &thing, &options);
}

static void test_set(void **state)
{
    (void)state;
    static const struct {
        int row;
        const char *text, *want; /* NULL: accepted */
    } sets[] = {
        {0, "400 Gb/s",          NULL                                                   },
        {0, "400 GB",            "expected a rate such as \"3.35 TB/s\", got \"400 GB\""},
        {0, "1 B/s",             "expected a value from 1 MB/s to 1 PB/s, got 1 B/s"    },
        {2, "0.5",               NULL                                                   },
        {3, "8",                 NULL                                                   },
        {3, "8x",                "expected a number, got \"8x\""                        },
        {3, "0.5",               "expected a whole number, got 0.5"                     },
        {3, "0",                 "expected a value from 1 to 64, got 0"                 },
        {4, "on",                NULL                                                   },
        {4, "maybe",             "expected true or false, got \"maybe\""                },
        {5, "abc",               NULL                                                   },
        {5, "abcdefgh",          "expected at most 7 bytes of text, got 8"              },
        {6, "RING",              NULL                                                   },
        {6, "star",              "expected one of switch, ring, torus-2d, got \"star\"" },
        {7, "tp,dp-grad-reduce", NULL                                                   },
        {7, "tp,,pp",            "expected one of dp-grad-reduce, tp, pp, got \"\""     },
        {7, "tp,x",              "expected one of dp-grad-reduce, tp, pp, got \"x\""    },
    };
    struct thing thing = {0};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        struct error e;
        error_init(&e);
        enum status status = field_set(&rows[sets[i].row], sets[i].text, &thing, &e);
        assert_int_equal(status, sets[i].want ? STATUS_INPUT : STATUS_OK);
        assert_string_equal(e.message, sets[i].want ? sets[i].want : "");
        assert_string_equal(e.path, "");
    }
    assert_true(thing.bandwidth_bytes_per_s == 50e9);
    assert_true(thing.ratio == 0.5);
    assert_int_equal(thing.ports, 8);
    assert_true(thing.sharp);
    assert_string_equal(thing.name, "abc");
    assert_int_equal(thing.topology, TOPOLOGY_RING);
    assert_int_equal(thing.overlaps, 3);
}

static void test_set_empty_list(void **state)
{
    (void)state;
    struct error e;
    struct thing thing = {.overlaps = 7};
    error_init(&e);
    assert_int_equal(field_set(&rows[7], "none", &thing, &e), STATUS_OK);
    assert_int_equal(thing.overlaps, 0);
    thing.overlaps = 7;
    assert_int_equal(field_set(&rows[7], "", &thing, &e), STATUS_OK);
    assert_int_equal(thing.overlaps, 0);
}

static void test_set_bool_words(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "yes", "on", "1"}, *const no[] = {"false", "no",
                                                                                "off", "0"};
    struct error e;
    struct thing thing;
    error_init(&e);
    for (int i = 0; i < 4; i++) {
        thing.sharp = false;
        assert_int_equal(field_set(&rows[4], yes[i], &thing, &e), STATUS_OK);
        assert_true(thing.sharp);
        assert_int_equal(field_set(&rows[4], no[i], &thing, &e), STATUS_OK);
        assert_false(thing.sharp);
    }
}

/* Written and read again, a thing is the same, its provenance included. */
static void test_write_reads_back(void **state)
{
    (void)state;
    struct source sources[ROWS] =
        {
            {SOURCE_MEASURED, 0.25, "run \"7\""}
    },
                  read_sources[ROWS];
    struct fields_options options = {.sources = read_sources};
    struct thing thing = {3.35e12, 1.0 / 3, -1, 7, true, "n", TOPOLOGY_RING, 5}, back = {0};
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_open_object(&w, NULL);
    fields_write(&w, rows, ROWS, &thing, sources);
    json_close_object(&w);
    assert_string_equal(t.data,
                        "{\n"
                        "  \"bandwidth\": {\"value\": 3350000000000, \"source\": \"measured: run "
                        "\\\"7\\\"\", \"standard_error\": 0.25},\n"
                        "  \"latency\": 0.3333333333333333,\n"
                        "  \"ratio\": -1,\n"
                        "  \"ports\": 7,\n"
                        "  \"sharp\": true,\n"
                        "  \"name\": \"n\",\n"
                        "  \"topology\": \"ring\",\n"
                        "  \"overlaps\": [\"dp-grad-reduce\", \"pp\"]\n"
                        "}\n");
    check_good(t.data, &back, &options);
    assert_true(back.bandwidth_bytes_per_s == thing.bandwidth_bytes_per_s);
    assert_true(back.latency_s == thing.latency_s);
    assert_int_equal(back.overlaps, 5);
    assert_string_equal(read_sources[0].text, "run \"7\"");
    assert_true(read_sources[0].standard_error == 0.25);
    text_free(&t);
}

static void test_names_find(void **state)
{
    (void)state;
    assert_int_equal(names_find(topology_names, "TORUS_2d"), 2);
    assert_int_equal(names_find(topology_names, "torus"), -1);
    assert_int_equal(names_find(topology_names, ""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_whole_number_forms),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_extra_keys),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_source_errors),
        cmocka_unit_test(test_source_too_long),
        cmocka_unit_test(test_source_required),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_empty_list),
        cmocka_unit_test(test_set_bool_words),
        cmocka_unit_test(test_write_reads_back),
        cmocka_unit_test(test_names_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
