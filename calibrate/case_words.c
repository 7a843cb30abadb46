#include "base/fields.h"
#include "base/file.h"
#include "calibrate/case_reader.h"
#include <ctype.h>
#include <string.h>

/* What other tools and papers call our keys. */
static const struct {
    const char *word, *key;
} key_aliases[] = {
    {"tensor_model_parallel_size",           "tp"               },
    {"tensor_parallel",                      "tp"               },
    {"tensor_parallel_size",                 "tp"               },
    {"pipeline_model_parallel_size",         "pp"               },
    {"pipeline_parallel",                    "pp"               },
    {"pipeline_parallel_size",               "pp"               },
    {"context_parallel_size",                "cp"               },
    {"context_parallel",                     "cp"               },
    {"data_parallel_size",                   "dp"               },
    {"data_parallel",                        "dp"               },
    {"expert_model_parallel_size",           "ep"               },
    {"expert_parallel",                      "ep"               },
    {"expert_tensor_parallel_size",          "etp"              },
    {"virtual_pipeline_model_parallel_size", "vpp"              },
    {"virtual_pipeline",                     "vpp"              },
    {"vp",                                   "vpp"              },
    {"micro_batch_size",                     "micro_batch"      },
    {"mbs",                                  "micro_batch"      },
    {"sp",                                   "sequence_parallel"},
    {"zero_stage",                           "zero"             },
    {"activation_checkpointing",             "recompute"        },
    {"recompute_granularity",                "recompute"        },
    {"recompute_num_layers",                 "recompute_layers" },
    {"pipeline_schedule",                    "schedule"         },
    {"attention_backend",                    "attention"        },
    {"overlap",                              "overlaps"         },
    {"global_batch_size",                    "global_batch"     },
    {"gbs",                                  "global_batch"     },
    {"sequence_length",                      "seq_length"       },
    {"seq_len",                              "seq_length"       },
    {"dtype",                                "precision"        },
};

/* Values of other vocabularies, by key. */
static const struct {
    const char *key, *word, *value;
} value_aliases[] = {
    {"precision",  "bfloat16",         "bf16"           },
    {"precision",  "bf16-mixed",       "bf16"           },
    {"precision",  "float16",          "fp16"           },
    {"precision",  "half",             "fp16"           },
    {"precision",  "fp8-hybrid",       "fp8"            },
    {"precision",  "fp8-delayed",      "fp8"            },
    {"precision",  "fp8-cs",           "fp8"            },
    {"precision",  "fp8-current",      "fp8"            },
    {"precision",  "fp8-mx",           "mxfp8"          },
    {"precision",  "fp8-blockwise",    "fp8-block"      },
    {"precision",  "fp8-subchannel",   "fp8-block"      },
    {"precision",  "float32",          "fp32"           },
    {"attention",  "flash-attention",  "flash"          },
    {"attention",  "flash2",           "flash"          },
    {"attention",  "flash3",           "flash"          },
    {"attention",  "fa2",              "flash"          },
    {"attention",  "fa3",              "flash"          },
    {"attention",  "cudnn",            "flash"          },
    {"attention",  "fused",            "flash"          },
    {"attention",  "sdpa",             "flash"          },
    {"attention",  "eager",            "unfused"        },
    {"attention",  "math",             "unfused"        },
    {"recompute",  "off",              "none"           },
    {"recompute",  "block",            "full"           },
    {"recompute",  "uniform",          "full"           },
    {"recompute",  "core-attn",        "selective"      },
    {"schedule",   "vpp",              "interleaved"    },
    {"schedule",   "interleaved-1f1b", "interleaved"    },
    {"schedule",   "1f1b-interleaved", "interleaved"    },
    {"schedule",   "1f1b-i",           "interleaved"    },
    {"schedule",   "zb-1p",            "zb-h1"          },
    {"schedule",   "zb-2p",            "zb-h2"          },
    {"schedule",   "zbv",              "zb-v"           },
    {"cp_comm",    "all-gather",       "allgather"      },
    {"cp_comm",    "ulysses",          "a2a"            },
    {"cp_comm",    "ring",             "p2p"            },
    {"dispatcher", "all-to-all",       "alltoall"       },
    {"dispatcher", "all-gather",       "allgather"      },
    {"dispatcher", "flex",             "deepep"         },
    {"dispatcher", "hybrid-ep",        "hybridep"       },
    {"overlaps",   "tp-userbuffers",   "tp"             },
    {"overlaps",   "tp-comm-overlap",  "tp"             },
    {"overlaps",   "async-tp",         "tp"             },
    {"overlaps",   "p2p",              "pp"             },
    {"overlaps",   "a2a",              "ep"             },
    {"overlaps",   "1f1b-a2a-overlap", "ep"             },
    {"overlaps",   "grad-reduce",      "dp-grad-reduce" },
    {"overlaps",   "param-gather",     "dp-param-gather"},
};

const char *case_key_alias(const char *key)
{
    for (size_t i = 0; i < sizeof key_aliases / sizeof *key_aliases; i++) {
        if (names_equal(key_aliases[i].word, key))
            return key_aliases[i].key;
    }
    return NULL;
}

const char *case_value_alias(const char *key, const char *word)
{
    for (size_t i = 0; i < sizeof value_aliases / sizeof *value_aliases; i++) {
        if (strcmp(value_aliases[i].key, key) == 0 && names_equal(value_aliases[i].word, word))
            return value_aliases[i].value;
    }
    return NULL;
}

/* A number in a name tells variants apart (fp8 and fp4, zb-h1 and zb-h2): it is never a typing
 * error. */
static bool same_digits(const char *a, const char *b)
{
    for (;;) {
        while (*a != '\0' && !isdigit((unsigned char)*a))
            a++;
        while (*b != '\0' && !isdigit((unsigned char)*b))
            b++;
        if (*a != *b)
            return false;
        if (*a == '\0')
            return true;
        a++;
        b++;
    }
}

const char *case_nearest(const char *word, const char *const *names, size_t n)
{
    enum { SHORTEST = 4 }; /* of shorter words every other one is one or two letters away */
    const char *nearest = strlen(word) < SHORTEST ? NULL : nearest_name(word, names, n);
    return nearest && same_digits(word, nearest) ? nearest : NULL;
}
