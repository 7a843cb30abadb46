#include "hardware/correction.h"
#include <math.h>

static const double unit = 1e-4; /* of a value */

int correction_count(const struct correction *c)
{
    return c->knots[0] * c->knots[1] * c->knots[2];
}

/* Position along one axis in knots, held inside the table; `fade` falls from 1 to 0 over the octave
 * beyond it. */
static double position(const struct correction *c, int axis, double at, int *knot, double *fade)
{
    double last = c->knots[axis] - 1, x = (at - c->low[axis]) / c->step[axis];
    double beyond = fmax(fmax(-x, x - last), 0) * c->step[axis];
    *fade *= fmax(0, 1 - beyond);
    x = fmin(fmax(x, 0), last);
    *knot = (int)fmin(floor(x), fmax(last - 1, 0));
    return x - *knot;
}

void correction_weights(const struct correction *c, const double point[CORRECTION_AXES],
                        struct correction_weights *out)
{
    int base[CORRECTION_AXES];
    double share[CORRECTION_AXES], fade = 1;
    for (int a = 0; a < CORRECTION_AXES; a++)
        share[a] = position(c, a, point[a], &base[a], &fade);
    for (int corner = 0; corner < 8; corner++) {
        double weight = fade;
        int knot = 0;
        for (int a = 0; a < CORRECTION_AXES; a++) {
            int up = corner >> a & 1;
            weight *= up ? share[a] : 1 - share[a];
            knot = knot * c->knots[a] + base[a] + (up && base[a] + 1 < c->knots[a]);
        }
        out->knot[corner] = knot;
        out->weight[corner] = weight;
    }
}

double correction_factor(const struct correction *c, double x, double y, double z)
{
    if (c->knots[0] == 0)
        return 1;
    struct correction_weights w;
    double point[CORRECTION_AXES] = {log2(x), log2(y), log2(z)}, sum = 0;
    correction_weights(c, point, &w);
    for (int i = 0; i < 8; i++)
        sum += w.weight[i] * c->value[w.knot[i]];
    return exp(unit * sum);
}

double correction_least(const struct correction *c)
{
    short least = 0;
    for (int i = 0; i < correction_count(c); i++)
        least = c->value[i] < least ? c->value[i] : least;
    return exp(unit * least);
}
