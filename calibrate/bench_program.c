#include "calibrate/bench_program.h"
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
enum { ARGUMENTS_MAX = 24, PATH_SIZE = 512 };

static bool find_in_path(const char *name, char *path, size_t size)
{
    const char *folders = getenv("PATH");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        bool whole = (size_t)snprintf(path, size, "%.*s/%s", (int)length, folders, name) < size;
        if (length > 0 && whole && access(path, X_OK) == 0)
            return true;
        folders += length + (folders[length] == ':');
    }
    return false;
}

bool program_exists(const char *name)
{
    char path[PATH_SIZE];
    return find_in_path(name, path, sizeof path);
}

enum status bench_program_find(char *path, size_t size, struct error *e)
{
    const char *named = getenv("STEPCAST_BENCH");
    char own[PATH_SIZE] = "";
    if (named && (size_t)snprintf(path, size, "%s", named) < size && access(path, X_OK) == 0)
        return STATUS_OK;
    if (readlink("/proc/self/exe", own, sizeof own - 1) > 0) {
        const char *slash = strrchr(own, '/');
        int folder = slash ? (int)(slash - own) : 0;
        snprintf(path, size, "%.*s/stepcast-bench", folder, own);
        if (access(path, X_OK) == 0)
            return STATUS_OK;
        snprintf(path, size, "%.*s/calibrate/bench/stepcast-bench", folder, own);
        if (access(path, X_OK) == 0)
            return STATUS_OK;
    }
    if (find_in_path("stepcast-bench", path, size))
        return STATUS_OK;
    error_set(e, STATUS_IO, "stepcast-bench is neither beside stepcast nor in PATH");
    error_set_hint(e, "cmake builds and installs it with stepcast; STEPCAST_BENCH may name it");
    return e->status;
}

/* A command line in the making; words are copied, because posix_spawn takes them writable. */
struct command_line {
    char word[ARGUMENTS_MAX][PATH_SIZE];
    char *argument[ARGUMENTS_MAX + 1];
    int count;
    bool too_long;
};

static void add(struct command_line *c, const char *word)
{
    if (c->count == ARGUMENTS_MAX ||
        (size_t)snprintf(c->word[c->count], PATH_SIZE, "%s", word) >= PATH_SIZE) {
        c->too_long = true;
        return;
    }
    c->argument[c->count] = c->word[c->count];
    c->count++;
}

static void add_option(struct command_line *c, const char *flag, const char *value)
{
    if (!value)
        return;
    add(c, flag);
    add(c, value);
}

static void build(struct command_line *c, const char *path, const struct bench_options *o)
{
    char ranks[16];
    if (o->mpi_ranks > 1) {
        snprintf(ranks, sizeof ranks, "%d", o->mpi_ranks);
        add(c, "mpirun");
        add_option(c, "-np", ranks);
    }
    add(c, path);
    add_option(c, "--device", o->device);
    add_option(c, "--output", o->folder);
    add_option(c, "--seconds", o->seconds);
    add_option(c, "--suites", o->suites);
    add_option(c, "--shapes", o->shapes);
    if (o->quiet)
        add(c, "--quiet");
}

static enum status wait_for(pid_t pid, const char *name, struct error *e)
{
    int how = 0;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return error_set(e, STATUS_IO, "%s: %s", name, strerror(errno));
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0)
        return STATUS_OK;
    if (!WIFEXITED(how))
        return error_set(e, STATUS_IO, "%s was ended by signal %d; the same command goes on", name,
                         WTERMSIG(how));
    bool own = WEXITSTATUS(how) >= STATUS_USAGE && WEXITSTATUS(how) <= STATUS_IO;
    enum status status = own ? (enum status)WEXITSTATUS(how) : STATUS_IO;
    return error_set(e, status, "%s ended with exit status %d: see its message above", name,
                     WEXITSTATUS(how));
}

enum status bench_program_run(const char *path, const struct bench_options *options,
                              struct error *e)
{
    struct command_line c = {.count = 0};
    pid_t pid = 0;
    build(&c, path, options);
    if (c.too_long)
        return error_set(e, STATUS_USAGE, "a name of over %d bytes", PATH_SIZE - 1);
    int failed = posix_spawnp(&pid, c.argument[0], NULL, NULL, c.argument, environ);
    if (failed)
        return error_set(e, STATUS_IO, "%s cannot be started: %s", c.argument[0], strerror(failed));
    return wait_for(pid, c.argument[0], e);
}
