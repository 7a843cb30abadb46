#include "parallelism/job.h"
#include <stddef.h>

const char *const optimizer_names[OPTIMIZERS + 1] = {"adam", "adam-bf16", "muon", "sgd", 0};

#define ROW(key, kind, unit, member, min, max, required, names, help)                              \
    FIELD_ROW(job, key, kind, unit, member, min, max, required, names, help)

const struct field job_fields[] = {
    ROW("seq_length", FIELD_NUMBER, UNIT_NONE, seq_length, 1, 1e9, true, NULL,
        "tokens of a sequence"),
    ROW("global_batch", FIELD_NUMBER, UNIT_NONE, global_batch, 1, 1e9, true, NULL,
        "sequences of a step over all GPUs"),
    ROW("precision", FIELD_ENUM, UNIT_NONE, precision, 0, 0, false, dtype_names,
        "datatype of the linear layers"),
    ROW("optimizer", FIELD_ENUM, UNIT_NONE, optimizer, 0, 0, false, optimizer_names,
        "by the moments it keeps (adam-bf16: of 16 bit)"),
    ROW("document_mean", FIELD_NUMBER, UNIT_NONE, document_mean, 0, 1e9, false, NULL,
        "mean length of packed documents, tokens; 0: one document a sequence"),
    ROW("document_spread", FIELD_NUMBER, UNIT_NONE, document_spread, 0, 1e9, false, NULL,
        "standard deviation of the length of packed documents, tokens"),
    ROW("expert_imbalance", FIELD_NUMBER, UNIT_NONE, expert_imbalance, 1, 1e6, false, NULL,
        "largest over mean load of the expert ranks; 1 is balanced"),
    ROW("expert_capacity", FIELD_NUMBER, UNIT_NONE, expert_capacity, 0, 1e6, false, NULL,
        "expert capacity factor (drop and pad); 0: dropless"),
};
const size_t job_field_count = sizeof job_fields / sizeof *job_fields;

void job_default(struct job *job)
{
    *job = (struct job){.precision = DTYPE_BF16, .expert_imbalance = 1};
}
