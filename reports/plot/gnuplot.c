#include "reports/plot/gnuplot.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char missing[] = "gnuplot is not installed";

bool gnuplot_missing(const struct error *e)
{
    return strncmp(e->message, missing, sizeof missing - 1) == 0;
}

enum { FEED, PICTURE, TALK, PIPES }; /* to its input, from its output, from its errors */

struct pipes {
    int end[PIPES][2];
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_pipes(struct pipes *p)
{
    for (int i = 0; i < PIPES; i++) {
        close_end(&p->end[i][0]);
        close_end(&p->end[i][1]);
    }
}

static enum status open_pipes(struct pipes *p, struct error *e)
{
    for (int i = 0; i < PIPES; i++)
        p->end[i][0] = p->end[i][1] = -1;
    for (int i = 0; i < PIPES; i++)
        if (pipe(p->end[i]) != 0)
            return error_set(e, STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    return STATUS_OK;
}

/* Our words for its settings: the C locale, and nothing of the user's that changes a picture. */
static enum status start(const struct pipes *p, pid_t *child, struct error *e)
{
    static char name[] = "gnuplot", defaults[] = "--default-settings", from_input[] = "-";
    char *argv[] = {name, defaults, from_input, NULL};
    char path[4096];
    static char locale[] = "LC_ALL=C.UTF-8", home[] = "HOME=/nonexistent";
    snprintf(path, sizeof path, "PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");
    char *environment[] = {path, locale, home, NULL};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return error_set(e, STATUS_IO, "out of memory");
    int failed = posix_spawn_file_actions_adddup2(&actions, p->end[FEED][0], 0) ||
                 posix_spawn_file_actions_adddup2(&actions, p->end[PICTURE][1], 1) ||
                 posix_spawn_file_actions_adddup2(&actions, p->end[TALK][1], 2);
    for (int i = 0; i < PIPES && !failed; i++)
        failed = posix_spawn_file_actions_addclose(&actions, p->end[i][0]) ||
                 posix_spawn_file_actions_addclose(&actions, p->end[i][1]);
    int code = failed ? ENOMEM : posix_spawnp(child, name, &actions, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (code == ENOENT) {
        error_set(e, STATUS_IO, "%s", missing);
        error_set_hint(e, "apt-get install gnuplot-nox; --data and --script need none");
    } else if (code != 0) {
        error_set(e, STATUS_IO, "cannot start gnuplot: %s", strerror(code));
    }
    return e->status;
}

/* Reads what is there; false at the end. */
static bool receive(int fd, struct text *out)
{
    char buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0)
        text_add_n(out, buffer, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Feeds and drains at once: either pipe may be full while the other waits. */
static void exchange(struct pipes *p, const struct text *script, struct text *picture,
                     struct text *talk)
{
    size_t sent = 0;
    while (p->end[PICTURE][0] >= 0 || p->end[TALK][0] >= 0) {
        struct pollfd polls[PIPES] = {
            {p->end[FEED][1],    POLLOUT, 0},
            {p->end[PICTURE][0], POLLIN,  0},
            {p->end[TALK][0],    POLLIN,  0}
        };
        if (poll(polls, PIPES, -1) < 0 && errno != EINTR)
            return;
        if (polls[FEED].revents != 0) {
            ssize_t n = write(polls[FEED].fd, script->data + sent, script->length - sent);
            sent += n > 0 ? (size_t)n : 0;
            if (sent == script->length || (n < 0 && errno != EINTR))
                close_end(&p->end[FEED][1]);
        }
        if (polls[PICTURE].revents != 0 && !receive(polls[PICTURE].fd, picture))
            close_end(&p->end[PICTURE][0]);
        if (polls[TALK].revents != 0 && !receive(polls[TALK].fd, talk))
            close_end(&p->end[TALK][0]);
    }
}

static enum status finish(pid_t child, const struct text *picture, const struct text *talk,
                          struct error *e)
{
    int how = 0;
    while (waitpid(child, &how, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(how) && WEXITSTATUS(how) == 127 && picture->length == 0)
        return error_set(e, STATUS_IO, "%s", missing);
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0 || picture->length == 0)
        return error_set(e, STATUS_IO, "gnuplot failed: %.300s", talk->data ? talk->data : "");
    return picture->failed ? error_set(e, STATUS_IO, "out of memory") : STATUS_OK;
}

enum status gnuplot_draw(const struct text *script, struct text *out, struct error *e)
{
    struct pipes p;
    struct text talk = {0};
    pid_t child;
    if (script->failed || !script->data)
        return error_set(e, STATUS_IO, "out of memory");
    if (open_pipes(&p, e) == STATUS_OK && start(&p, &child, e) == STATUS_OK) {
        close_end(&p.end[FEED][0]);
        close_end(&p.end[PICTURE][1]);
        close_end(&p.end[TALK][1]);
        exchange(&p, script, out, &talk);
        close_pipes(&p);
        finish(child, out, &talk, e);
    }
    close_pipes(&p);
    text_free(&talk);
    return e->status;
}
