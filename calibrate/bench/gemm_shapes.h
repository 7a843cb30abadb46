#ifndef CALIBRATE_BENCH_GEMM_SHAPES_H
#define CALIBRATE_BENCH_GEMM_SHAPES_H
#include "base/error.h"
#include "calibrate/bench/random.h"
#include <stddef.h>

/* C[m,n] = A[m,k] B[k,n]: of a linear layer m tokens, n out-features, k in-features. */
struct gemm_shape {
    int m, n, k;
};

struct gemm_shapes {
    struct gemm_shape *shape;
    size_t count, capacity;
};

void gemm_shapes_init(struct gemm_shapes *shapes);
void gemm_shapes_free(struct gemm_shapes *shapes);

/* What may be sampled: dimensions from low to high, multiples of `multiple`, and no product of more
 * than max_flop. */
struct gemm_space {
    struct gemm_shape low, high;
    int multiple;
    double max_flop;
};

/* Adds a Latin hypercube of `points` shapes in the logarithms of m, n and k: each dimension's range
 * is cut into `points` equal parts and every part is met once. Rounded to multiples, and large
 * sizes to what libraries handle at full speed. */
enum status gemm_shapes_add_hypercube(struct gemm_shapes *shapes, const struct gemm_space *space,
                                      size_t points, struct random *random, struct error *e);

/* Adds the shapes of a CSV file with columns m, n and k (others are ignored, '#' lines are
 * comments). */
enum status gemm_shapes_add_file(struct gemm_shapes *shapes, const char *path, struct error *e);

enum status gemm_shapes_add(struct gemm_shapes *shapes, struct gemm_shape shape, struct error *e);

#endif
