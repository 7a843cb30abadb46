#ifndef PARALLELISM_FRAMEWORKS_IMPORT_H
#define PARALLELISM_FRAMEWORKS_IMPORT_H
#include "parallelism/frameworks/configuration.h"
#include "parallelism/frameworks/framework.h"

/* An existing run's configuration as a scenario and a strategy. */
struct framework_import {
    const struct framework *framework;
    const char *stack;                  /* catalog name that the run started from */
    struct configuration configuration; /* every setting with its use */
    struct framework_run run;
    double gpus, gpus_per_node; /* 0: the file does not say */
    struct text notes;          /* what was assumed, a line each */
};

struct import_options {
    const char *catalog; /* of stacks; NULL: none */
    double gpus;         /* in place of what the file says; 0: as the file says */
};

/* Reads the text of a shell script, YAML, JSON, TOML or Python file; `file` names it. The framework
 * is the one whose table explains most of it. STATUS_INPUT where nothing does, or a value is wrong.
 */
enum status framework_import_text(const char *text, size_t n, const char *file,
                                  const struct import_options *options,
                                  struct framework_import *out, struct error *e);
/* path: a file, or several with commas between them, whose settings are one run's: of a key given
 * twice the last counts. */
enum status framework_import_file(const char *path, const struct import_options *options,
                                  struct framework_import *out, struct error *e);
void framework_import_free(struct framework_import *import);

/* {"scenario": {"model", "gpus", "job", "stack"}, "strategy": {..}}: what it gives, as --scenario
 * reads it. Left out: what the file does not give, and dp, which follows from the GPUs. */
void framework_import_json(const struct framework_import *import, struct text *out);

/* The i-th setting that belongs to the scenario or the strategy and whose value the file does not
 * tell (a variable that it does not set); NULL past the end. field: NULL where several settings
 * together are meant. */
struct unresolved {
    const char *key, *value;
    enum framework_object object;
    const char *field;
};
bool framework_import_unresolved(const struct framework_import *import, size_t i,
                                 struct unresolved *out);

#endif
