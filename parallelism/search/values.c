#include "parallelism/search/values.h"

void search_values_add(struct search_values *values, int value)
{
    int i = values->count;
    while (i > 0 && values->value[i - 1] > value)
        i--;
    if (values->count == SEARCH_VALUES_MAX || (i > 0 && values->value[i - 1] == value))
        return;
    for (int j = values->count++; j > i; j--)
        values->value[j] = values->value[j - 1];
    values->value[i] = value;
}

void search_values_divisors(struct search_values *values, int n, int least, int most)
{
    for (int d = 1; d <= n / d; d++) {
        if (n % d != 0)
            continue;
        if (d >= least && d <= most)
            search_values_add(values, d);
        if (n / d >= least && n / d <= most)
            search_values_add(values, n / d);
    }
}

bool search_values_given(struct search_values *values, const struct search_options *options,
                         enum search_dimension dimension)
{
    const struct choices *c = &options->choices[dimension];
    for (int i = 0; i < c->count; i++)
        search_values_add(values, c->value[i]);
    return c->count > 0;
}

bool search_allows(const struct search_options *options, enum search_dimension dimension, int value)
{
    const struct choices *c = &options->choices[dimension];
    for (int i = 0; i < c->count; i++)
        if (c->value[i] == value)
            return true;
    return c->count == 0;
}

bool search_tries(const struct search_options *options, enum search_dimension dimension, bool open,
                  int value)
{
    if (options->choices[dimension].count > 0)
        return search_allows(options, dimension, value);
    return open || value == search_dimension_get(&options->base, dimension);
}
