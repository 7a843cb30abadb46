#include "tests/fake_cuda/fake.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every call is counted by name. */

enum { NAMES_MAX = 128 };
struct counted {
    const char *name;
    long count;
};
static struct counted calls[NAMES_MAX], alive[NAMES_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static struct counted *find(struct counted *list, const char *name)
{
    int i = 0;
    while (i < NAMES_MAX - 1 && list[i].name && strcmp(list[i].name, name) != 0)
        i++;
    list[i].name = name;
    return &list[i];
}

/* "cudaMalloc:3". Versions of a function are one: cublasCreate_v2 is cublasCreate. */
static bool chosen(const char *variable, const char *function, long count)
{
    const char *fail = getenv(variable), *colon = fail ? strchr(fail, ':') : NULL;
    size_t length = colon ? (size_t)(colon - fail) : 0;
    if (!colon || strncmp(function, fail, length) != 0)
        return false;
    const char *rest = function + length;
    return (*rest == '\0' || strcmp(rest, "_v2") == 0) && atol(colon + 1) == count;
}

bool fake_fails(const char *function)
{
    pthread_mutex_lock(&mutex);
    long count = ++find(calls, function)->count;
    pthread_mutex_unlock(&mutex);
    if (chosen("FAKE_CUDA_KILL", function, count))
        raise(SIGKILL);
    return chosen("FAKE_CUDA_FAIL", function, count);
}

bool fake_wrong(const char *what)
{
    const char *wrong = getenv("FAKE_CUDA_WRONG");
    return wrong && strcmp(wrong, what) == 0;
}

void fake_alive(const char *what, int change)
{
    pthread_mutex_lock(&mutex);
    find(alive, what)->count += change;
    pthread_mutex_unlock(&mutex);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAKE_CUDA_CALLS");
    FILE *out = path && calls[0].name ? fopen(path, "a") : NULL;
    if (!out)
        return;
    for (int i = 0; i < NAMES_MAX && calls[i].name; i++)
        fprintf(out, "%s %ld\n", calls[i].name, calls[i].count);
    for (int i = 0; i < NAMES_MAX && alive[i].name; i++)
        if (alive[i].count != 0)
            fprintf(out, "left %s %ld\n", alive[i].name, alive[i].count);
    fclose(out);
}
