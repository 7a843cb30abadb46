#ifndef REPORTS_PLOT_LABEL_PLACES_H
#define REPORTS_PLOT_LABEL_PLACES_H

/* Places for short labels beside points, so that none covers a point or another label. */

/* A point on the page, in pixels, and how far its mark reaches. */
struct spot {
    double x, y, radius;
};

/* Centre of the label of a spot; `far`: a line to the spot helps. */
struct label_place {
    double x, y;
    int far;
};

/* Places for the labels of the first `labels` of `count` spots; a label is width x height pixels.
 * Spots before come first: the better their places. */
void label_places(const struct spot *spots, int count, int labels, double width, double height,
                  struct label_place *out);

#endif
