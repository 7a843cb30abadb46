#include "calibrate/fit/collective_units.h"
#include "base/values.h"
#include <math.h>
#include <stdlib.h>

/* Bus bandwidth over the rate of the links: what the group's NICs carry together, at most what they
 * can be fed with inside the domain. */
static double link_share(const struct system *system, const struct collective_sample *s)
{
    struct group g = collective_sample_group(system, s);
    double rate = system->tier[0].bandwidth_bytes_per_s;
    if (g.per_domain < g.ranks && system->tiers > 1) {
        double nics = g.per_domain * system->tier[1].bandwidth_bytes_per_s;
        rate = g.per_domain > 1 ? fmin(rate, nics) : nics;
    }
    return collective_volume_bytes(s->op, s->bytes, s->ranks) / s->time_s / rate;
}

static double largest_message(const struct collective_samples *s, enum collective op)
{
    double largest = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].op == op)
            largest = fmax(largest, s->row[i].bytes);
    return largest;
}

/* Median share of an op's large messages, those within a factor of 16 of its largest; 0: none. */
static double median_share(const struct system *system, const struct collective_samples *s,
                           enum collective op, double *share)
{
    const double range = 16, least_bytes = 1e6;
    double from = fmax(largest_message(s, op) / range, least_bytes);
    size_t count = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].op == op && s->row[i].bytes >= from)
            share[count++] = link_share(system, &s->row[i]);
    if (count == 0)
        return 0;
    return values_upper_median(share, count);
}

/* A tree over two nodes and a reduction in the switch reach up to twice the links' rate as bus
 * bandwidth; TCP over a fast fabric reached 1 % of it. */
enum status collective_check_units(const struct system *system, const struct collective_samples *s,
                                   const char *file, struct error *e)
{
    const double fastest = 4, slowest = 0.0025;
    double *share = malloc((s->n + 1) * sizeof *share);
    if (!share)
        return error_set(e, STATUS_IO, "out of memory");
    for (int op = 0; op < COLLECTIVES && e->status == STATUS_OK; op++) {
        double median = median_share(system, s, (enum collective)op, share);
        if (median == 0 || (median >= slowest && median <= fastest))
            continue;
        error_set(e, STATUS_INPUT,
                  "half of the large messages of %s move at %.2g times the rate of the "
                  "links",
                  collective_names[op], median);
        error_set_hint(
            e, "time_us is in microseconds and bytes counts the whole buffer, as nccl-tests "
               "prints them; or is it another machine's?");
        if (file)
            error_set_file(e, file, 0, 0);
    }
    free(share);
    return e->status;
}
