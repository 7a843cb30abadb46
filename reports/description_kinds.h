#ifndef REPORTS_DESCRIPTION_KINDS_H
#define REPORTS_DESCRIPTION_KINDS_H
#include "model/model.h"
#include "reports/description.h"
#include "reports/fields_text.h"

/* The kinds of description, one file each. Internal to description.c. */

struct described_model {
    struct model model;
    struct model_parameters parameters;
    double seq_length;
};

extern const struct description_kind model_description, gpu_description, system_description,
    stack_description;

/* Members of an open object; one figure as text. */
void figure_text(const struct figure *figure, const void *thing, struct text *out);

#endif
