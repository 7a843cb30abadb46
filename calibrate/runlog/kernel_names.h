#ifndef CALIBRATE_RUNLOG_KERNEL_NAMES_H
#define CALIBRATE_RUNLOG_KERNEL_NAMES_H
#include "parallelism/terms.h"
#include <stdbool.h>

/* What a kernel of a trace does, by its name. */
struct kernel_class {
    enum term term;
    bool collective; /* the term is its communicator's: see communicator_term */
    bool known;      /* some row of the table matched */
};
struct kernel_class kernel_class_of(const char *name);

/* The term of a communicator by its description ("TENSOR_MODEL_PARALLEL_GROUP", "mesh_tp"), or
 * TERMS where it does not tell. */
enum term communicator_term(const char *description);

#endif
