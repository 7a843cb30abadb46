#include "calibrate/bench/processes.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A port that nobody uses now. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int port = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0)
        port = ntohs(address.sin_port);
    if (fd >= 0)
        close(fd);
    return port;
}

enum status processes_start(struct processes *processes, int count, struct launch *launch,
                            struct error *e)
{
    *processes = (struct processes){0};
    if (count < 2)
        return STATUS_OK;
    if (count > PROCESSES_MAX)
        return error_set(e, STATUS_USAGE, "at most %d GPUs in one node", PROCESSES_MAX);
    *launch = (struct launch){.kind = LAUNCH_FORK, .size = count, .port = free_port()};
    snprintf(launch->address, sizeof launch->address, "127.0.0.1");
    if (launch->port == 0)
        return error_set(e, STATUS_IO, "no free port on the loopback: %s", strerror(errno));
    fflush(NULL);
    for (int rank = 1; rank < count; rank++) {
        pid_t pid = fork();
        if (pid < 0)
            return processes_end(
                processes,
                error_set(e, STATUS_IO, "cannot start rank %d: %s", rank, strerror(errno)), e);
        if (pid == 0) {
            processes->count = 0;
            launch->rank = launch->local_rank = rank;
            return STATUS_OK;
        }
        processes->pid[processes->count++] = pid;
    }
    return STATUS_OK;
}

enum status processes_end(struct processes *processes, enum status status, struct error *e)
{
    for (int i = 0; i < processes->count; i++) {
        int how = 0;
        if (status != STATUS_OK)
            kill(processes->pid[i], SIGTERM);
        while (waitpid(processes->pid[i], &how, 0) < 0 && errno == EINTR)
            ;
        if (status == STATUS_OK && (!WIFEXITED(how) || WEXITSTATUS(how) != 0))
            status = error_set(e, STATUS_IO, "rank %d ended with %s %d", i + 1,
                               WIFEXITED(how) ? "exit status" : "signal",
                               WIFEXITED(how) ? WEXITSTATUS(how) : WTERMSIG(how));
    }
    processes->count = 0;
    return status;
}
