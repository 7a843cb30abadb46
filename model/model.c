/* The network as data: which layers are of which kind. */
#include "model/model.h"

void model_count_kinds(const struct model *model, int first, int n, double *count)
{
    for (int i = first; i < first + n; i++)
        if (i >= 0 && i < model->layers)
            count[model->kind_of_layer[i]] += 1;
}
