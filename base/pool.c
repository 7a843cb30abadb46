#include "base/pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct helper {
    struct pool *pool;
    int worker;
    pthread_t thread;
};

struct pool {
    int threads; /* the caller included */
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    unsigned long loops; /* begun so far */
    int busy;            /* helpers that are still at the last one */
    bool stop;
    void (*task)(void *context, int worker, size_t i);
    void *context;
    size_t count;
    atomic_size_t next;
    struct helper helper[]; /* threads - 1 */
};

static void work(struct pool *pool, int worker)
{
    size_t i;
    while ((i = atomic_fetch_add(&pool->next, 1)) < pool->count)
        pool->task(pool->context, worker, i);
}

/* Waits for the loop after `seen`; false: there is none. */
static bool await_loop(struct pool *pool, unsigned long seen)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->loops == seen && !pool->stop)
        pthread_cond_wait(&pool->begin, &pool->lock);
    bool more = !pool->stop;
    pthread_mutex_unlock(&pool->lock);
    return more;
}

static void *help(void *argument)
{
    const struct helper *helper = argument;
    struct pool *pool = helper->pool;
    for (unsigned long seen = 0; await_loop(pool, seen); seen++) {
        work(pool, helper->worker);
        pthread_mutex_lock(&pool->lock);
        if (--pool->busy == 0)
            pthread_cond_signal(&pool->end);
        pthread_mutex_unlock(&pool->lock);
    }
    return NULL;
}

static int cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > POOL_MAX ? POOL_MAX : (int)n;
}

struct pool *pool_create(int threads, struct error *e)
{
    int wanted = threads < 1 ? cores() : threads > POOL_MAX ? POOL_MAX : threads;
    struct pool *pool = calloc(1, sizeof *pool + (size_t)wanted * sizeof *pool->helper);
    if (!pool) {
        error_set(e, STATUS_IO, "out of memory for %d threads", wanted);
        return NULL;
    }
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begin, NULL);
    pthread_cond_init(&pool->end, NULL);
    atomic_init(&pool->next, 0);
    for (pool->threads = 1; pool->threads < wanted; pool->threads++) {
        struct helper *h = &pool->helper[pool->threads - 1];
        *h = (struct helper){.pool = pool, .worker = pool->threads};
        if (pthread_create(&h->thread, NULL, help, h) != 0)
            break; /* with fewer it takes longer, no more */
    }
    return pool;
}

int pool_threads(const struct pool *pool)
{
    return pool->threads;
}

void pool_run(struct pool *pool, size_t count, void (*task)(void *context, int worker, size_t i),
              void *context)
{
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->context = context;
    pool->count = count;
    atomic_store(&pool->next, 0);
    pool->busy = pool->threads - 1;
    pool->loops++;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    work(pool, 0);
    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->end, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->threads - 1; i++)
        pthread_join(pool->helper[i].thread, NULL);
    pthread_cond_destroy(&pool->begin);
    pthread_cond_destroy(&pool->end);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
