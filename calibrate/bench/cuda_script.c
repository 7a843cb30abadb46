#include "calibrate/bench/cuda_script.h"
#include "base/embedded.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct embedded_file bench_scripts[];
extern char **environ;
enum { NO_TORCH = 3, WORDS_MAX = 16, WORD_MAX = 400 }; /* NO_TORCH: exit status of the script */

/* A pipe that only the child's end of is given on. */
static enum status open_pipe(int ends[2], struct error *e)
{
    if (pipe(ends) != 0)
        return error_set(e, STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return STATUS_OK;
}

static enum status spawn(struct cuda_script *script, char *const argv[], int input, int output,
                         struct error *e)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        return error_set(e, STATUS_NO, "python3 cannot be started: %s", strerror(failed));
    script->pid = pid;
    return STATUS_OK;
}

/* A script that ends early closes its input: that is told by its exit status. */
static void feed(int input, const unsigned char *text, size_t n)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigaction(SIGPIPE, &ignore, &before);
    while (n > 0) {
        ssize_t written = write(input, text, n);
        if (written < 0 && errno != EINTR)
            break;
        text += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    close(input);
    sigaction(SIGPIPE, &before, NULL);
}

/* posix_spawn takes the words writable. */
struct words {
    char text[WORDS_MAX][WORD_MAX];
    char *word[WORDS_MAX + 1];
};

static void make_words(struct words *w, const struct cuda_gpu *gpu, const char *const *options)
{
    char device[32];
    int n = 0;
    snprintf(device, sizeof device, "cuda:%d", gpu->index);
    const char *const start[] = {"python3", "-", "--device", device};
    for (size_t i = 0; i < sizeof start / sizeof start[0]; i++)
        snprintf(w->text[n++], WORD_MAX, "%s", start[i]);
    for (; *options && n < WORDS_MAX; options++)
        snprintf(w->text[n++], WORD_MAX, "%s", *options);
    for (int i = 0; i < n; i++)
        w->word[i] = w->text[i];
    w->word[n] = NULL;
}

enum status cuda_script_start(struct cuda_script *script, const struct cuda_gpu *gpu,
                              const char *const *options, bool answers, struct error *e)
{
    const struct embedded_file *file = embedded_find(bench_scripts, "torch_ops");
    struct words words;
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    *script = (struct cuda_script){0};
    if (!file)
        return error_set(e, STATUS_IO, "defect: torch_ops.py is not compiled in");
    make_words(&words, gpu, options);
    if (open_pipe(in, e) == STATUS_OK && (!answers || open_pipe(out, e) == STATUS_OK))
        spawn(script, words.word, in[0], out[1], e);
    if (in[0] >= 0)
        close(in[0]);
    if (out[1] >= 0)
        close(out[1]);
    if (e->status == STATUS_OK) {
        feed(in[1], file->text, file->length);
        script->answers = answers ? fdopen(out[0], "r") : NULL;
        return STATUS_OK;
    }
    if (in[1] >= 0)
        close(in[1]);
    if (out[0] >= 0)
        close(out[0]);
    return e->status;
}

enum status cuda_script_line(struct cuda_script *script, char *line, int size, struct error *e)
{
    if (!script->answers || !fgets(line, size, script->answers))
        return error_set(e, STATUS_NO, "torch_ops.py ended early: see its messages above");
    return STATUS_OK;
}

enum status cuda_script_end(struct cuda_script *script, struct error *e)
{
    int how = 0;
    if (script->answers)
        fclose(script->answers);
    while (waitpid(script->pid, &how, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(how) && WEXITSTATUS(how) == NO_TORCH)
        return error_set(e, STATUS_NO, "python3 has no PyTorch for this GPU");
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return error_set(e, STATUS_IO, "torch_ops.py failed: see its messages above");
    return STATUS_OK;
}
