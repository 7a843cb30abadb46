#include "reports/plot/label_places.h"
#include <math.h>

/* Directions to try, the best first: right above, right, above ... */
static const double directions[][2] = {
    {0.8,   0.6  },
    {1,     0    },
    {0,     1    },
    {0.8,   -0.6 },
    {-0.8,  0.6  },
    {0,     -1   },
    {-1,    0    },
    {-0.8,  -0.6 },
    {0.35,  0.94 },
    {-0.35, 0.94 },
    {0.35,  -0.94},
    {-0.35, -0.94},
};
static const double distances[] = {3, 12, 24, 38, 54, 72};
enum {
    DIRECTIONS = sizeof directions / sizeof *directions,
    DISTANCES = sizeof distances / sizeof *distances
};

struct search {
    const struct spot *spots;
    int count;
    double width, height;
    const struct label_place *placed;
};

/* How much a label there would cover: of points, and of labels that stand already. */
static double covered(const struct search *s, double x, double y, int own)
{
    double sum = 0;
    for (int i = 0; i < s->count; i++) {
        double dx = fabs(s->spots[i].x - x) - s->width / 2;
        double dy = fabs(s->spots[i].y - y) - s->height / 2;
        double reach = s->spots[i].radius;
        if (dx < reach && dy < reach)
            sum += fmin(reach - dx, s->width) * fmin(reach - dy, s->height);
    }
    for (int i = 0; i < own; i++) {
        double dx = s->width - fabs(s->placed[i].x - x), dy = s->height - fabs(s->placed[i].y - y);
        if (dx > 0 && dy > 0)
            sum += 4 * dx * dy;
    }
    return sum;
}

static struct label_place place(const struct search *s, int own)
{
    const struct spot *spot = &s->spots[own];
    struct label_place best = {spot->x, spot->y, 0};
    double least = HUGE_VAL;
    for (int k = 0; k < DISTANCES; k++) {
        for (int d = 0; d < DIRECTIONS; d++) {
            double reach = spot->radius + distances[k];
            double x = spot->x + directions[d][0] * (reach + s->width / 2);
            double y = spot->y + directions[d][1] * (reach + s->height / 2);
            /* a little more cost for every step away */
            double cost = covered(s, x, y, own) + 2 * k + 0.1 * d;
            if (cost < least) {
                least = cost;
                best = (struct label_place){x, y, k > 0};
            }
        }
    }
    return best;
}

void label_places(const struct spot *spots, int count, int labels, double width, double height,
                  struct label_place *out)
{
    struct search s = {spots, count, width, height, out};
    for (int i = 0; i < labels; i++)
        out[i] = place(&s, i);
}
