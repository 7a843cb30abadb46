#include "base/embedded.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/wall_clock.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Attention, norms, cross-entropy and the fused optimizer as training stacks run them: PyTorch's
 * kernels, timed by torch_ops.py, which is compiled in and given to python3 on its standard input.
 * cuDNN's C interface has no causal mask for its attention node (9.19), so that it would time
 * another kernel. */

extern const struct embedded_file bench_scripts[];
extern char **environ;
enum { NO_TORCH = 3 }; /* exit status of the script */

static enum status start_python(char *const argv[], pid_t *pid, int *input, struct error *e)
{
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (pipe(ends) != 0)
        return error_set(e, STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    int failed = posix_spawnp(pid, "python3", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    *input = ends[1];
    if (failed) {
        close(ends[1]);
        return error_set(e, STATUS_NO, "python3 cannot be started: %s", strerror(failed));
    }
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

static enum status run_script(struct bench *bench, const struct embedded_file *script,
                              struct error *e)
{
    char seconds[32], device[32], machine[sizeof bench->machine],
        output[sizeof bench->options->output];
    int input = -1, how = 0;
    pid_t pid = 0;
    snprintf(seconds, sizeof seconds, "%.0f", bench->suite_end_s - wall_clock_s());
    snprintf(device, sizeof device, "cuda:%d", cuda_gpu_of(bench)->index);
    snprintf(machine, sizeof machine, "%s", bench->machine);
    snprintf(output, sizeof output, "%s", bench->options->output);
    char python[] = "python3", from_input[] = "-", flag_seconds[] = "--seconds",
         flag_device[] = "--device", flag_machine[] = "--machine", flag_output[] = "--output";
    char *argv[] = {python,       from_input, flag_seconds, seconds, flag_device, device,
                    flag_machine, machine,    flag_output,  output,  NULL};
    if (!*output)
        argv[8] = NULL; /* rows go to stdout */
    if (start_python(argv, &pid, &input, e) != STATUS_OK)
        return e->status;
    feed(input, script->text, script->length);
    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(how) && WEXITSTATUS(how) == NO_TORCH)
        return error_set(e, STATUS_NO, "python3 has no PyTorch for this GPU");
    if (!WIFEXITED(how) || WEXITSTATUS(how) != 0)
        return error_set(e, STATUS_IO, "torch_ops.py failed: see its messages above");
    return STATUS_OK;
}

enum status cuda_attention_suite(struct bench *bench, struct error *e)
{
    const struct embedded_file *script = embedded_find(bench_scripts, "torch_ops");
    struct error own;
    error_init(&own);
    if (!script)
        return error_set(e, STATUS_IO, "defect: torch_ops.py is not compiled in");
    enum status status = run_script(bench, script, &own);
    if (status == STATUS_NO) {
        bench_say(bench, "attention: left out: %s", own.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *e = own;
    return status;
}
