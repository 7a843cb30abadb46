#ifndef HARDWARE_CORRECTION_H
#define HARDWARE_CORRECTION_H

/* What a form misses of measured times, as a table over three logarithms of the shape: knots an
 * octave or more apart, linear between them, so that it bends the form without following single
 * points. Beyond the measured range it fades to nothing within an octave. */
enum { CORRECTION_AXES = 3, CORRECTION_KNOTS = 1300 };
struct correction {
    int knots[CORRECTION_AXES];                         /* along each axis; 0: no correction */
    double low[CORRECTION_AXES], step[CORRECTION_AXES]; /* first knot and distance, log2 */
    short value[CORRECTION_KNOTS]; /* ln(measured / form) in 1e-4; last axis fastest */
};

/* The knots around a point (log2 of its dimensions) and their weights, which sum to 1, or to less
 * outside the table. */
struct correction_weights {
    int knot[8];
    double weight[8];
};
void correction_weights(const struct correction *c, const double point[CORRECTION_AXES],
                        struct correction_weights *out);

/* Factor on the form's time for a shape of three dimensions > 0; 1 without a table. */
double correction_factor(const struct correction *c, double x, double y, double z);

/* A factor that correction_factor is never below. */
double correction_least(const struct correction *c);

/* Its knots, all axes together; 0: no table. */
int correction_count(const struct correction *c);

#endif
