#ifndef BASE_POOL_H
#define BASE_POOL_H
#include "base/error.h"
#include <stddef.h>

/* Threads that share out the indices of a loop. The caller is one of them, so that a pool of one
 * starts none. */
enum { POOL_MAX = 1024 };
struct pool;

/* threads 0: one for each core. NULL with the error set. */
struct pool *pool_create(int threads, struct error *e);
int pool_threads(const struct pool *pool);

/* Calls task(context, worker, i) for i = 0 .. count-1, each once, on any worker (0 ..
 * pool_threads-1), in any order; returns when all are done. */
void pool_run(struct pool *pool, size_t count, void (*task)(void *context, int worker, size_t i),
              void *context);

void pool_free(struct pool *pool);

#endif
