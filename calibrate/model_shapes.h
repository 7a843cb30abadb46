#ifndef CALIBRATE_MODEL_SHAPES_H
#define CALIBRATE_MODEL_SHAPES_H
#include "base/error.h"
#include "base/text.h"

/* Appends "m,n,k\n" and the GEMM shapes that training the catalog's models needs, each once:
 * forward products of their layers and heads for micro-batches of 2048 and 8192 tokens, whole and
 * split over 8 tensor-parallel ranks, at most `most` of them, spread evenly. What the benchmark
 * measures besides its random shapes. */
enum status model_shapes_write(size_t most, struct text *csv, struct error *e);

#endif
