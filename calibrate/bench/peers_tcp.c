#include "base/wall_clock.h"
#include "calibrate/bench/peers.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A star around rank 0: each rank sends its bytes there and gets everybody's back. */

/* What a rank says first, in network byte order. */
struct hello {
    uint32_t magic, size, rank;
};
enum { MAGIC = 0x53436231 }; /* "SCb1": protocol 1 */
static const double RETRY_S = 0.1;

static const char *name_of(const struct peers *peers, int rank)
{
    return peers->host && peers->host[rank][0] ? peers->host[rank] : "unknown host";
}

static enum status lost(const struct peers *peers, int rank, const char *what, struct error *e)
{
    error_set(e, STATUS_IO, "rank %d (%s) %s", rank, name_of(peers, rank), what);
    error_set_hint(e, "look at that rank's own messages: it ended or hangs");
    return e->status;
}

/* Waits until the socket can be read or written, at most the peers' time-out. */
static enum status wait_for(const struct peers *peers, int fd, short event, int rank,
                            struct error *e)
{
    struct pollfd p = {.fd = fd, .events = event};
    int limit_ms = peers->timeout_s > 0 ? (int)(1e3 * peers->timeout_s) : -1, ready;
    do
        ready = poll(&p, 1, limit_ms);
    while (ready < 0 && errno == EINTR);
    char what[64];
    snprintf(what, sizeof what, "did not answer within %g s", peers->timeout_s);
    return ready > 0 ? STATUS_OK : lost(peers, rank, what, e);
}

static enum status send_all(const struct peers *peers, int rank, const void *data, size_t n,
                            struct error *e)
{
    const char *p = data;
    while (n > 0) {
        if (wait_for(peers, peers->socket[rank], POLLOUT, rank, e) != STATUS_OK)
            return e->status;
        ssize_t sent = send(peers->socket[rank], p, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return lost(peers, rank, "closed the connection", e);
        p += sent > 0 ? sent : 0;
        n -= sent > 0 ? (size_t)sent : 0;
    }
    return STATUS_OK;
}

static enum status receive_all(const struct peers *peers, int rank, void *data, size_t n,
                               struct error *e)
{
    char *p = data;
    while (n > 0) {
        if (wait_for(peers, peers->socket[rank], POLLIN, rank, e) != STATUS_OK)
            return e->status;
        ssize_t got = recv(peers->socket[rank], p, n, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            return lost(peers, rank, "closed the connection", e);
        p += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return STATUS_OK;
}

static enum status tcp_gather(struct peers *peers, const void *in, size_t bytes, void *out,
                              struct error *e)
{
    size_t all = (size_t)peers->size * bytes;
    char *by_rank = out;
    if (peers->rank != 0) {
        if (send_all(peers, 0, in, bytes, e) != STATUS_OK)
            return e->status;
        return receive_all(peers, 0, out, all, e);
    }
    memmove(by_rank, in, bytes);
    for (int r = 1; r < peers->size; r++)
        if (receive_all(peers, r, by_rank + (size_t)r * bytes, bytes, e) != STATUS_OK)
            return e->status;
    for (int r = 1; r < peers->size; r++)
        if (send_all(peers, r, out, all, e) != STATUS_OK)
            return e->status;
    return STATUS_OK;
}

/* Small messages go out at once; a host that vanishes without a word is noticed. */
static void set_options(int fd)
{
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

static enum status listen_at(struct peers *peers, int port, struct error *e)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    peers->listening = socket(AF_INET, SOCK_STREAM, 0);
    if (peers->listening < 0)
        return error_set(e, STATUS_IO, "cannot make a socket: %s", strerror(errno));
    setsockopt(peers->listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(peers->listening, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(peers->listening, peers->size) != 0) {
        error_set(e, STATUS_IO, "rank 0 cannot listen on port %d: %s", port, strerror(errno));
        error_set_hint(e, "give another port by MASTER_PORT");
    }
    return e->status;
}

static enum status greet(const struct peers *peers, int fd, int *rank, struct error *e)
{
    struct hello hello;
    if (recv(fd, &hello, sizeof hello, MSG_WAITALL) != (ssize_t)sizeof hello ||
        ntohl(hello.magic) != MAGIC)
        return STATUS_NO; /* a stranger: port scanners exist */
    *rank = (int)ntohl(hello.rank);
    if (ntohl(hello.size) != (uint32_t)peers->size || *rank < 1 || *rank >= peers->size ||
        peers->socket[*rank] >= 0)
        return error_set(
            e, STATUS_IO,
            "a process came as rank %d of %u; expected each of ranks 1 to %d of %d once", *rank,
            ntohl(hello.size), peers->size - 1, peers->size);
    return STATUS_OK;
}

static enum status accept_ranks(struct peers *peers, struct error *e)
{
    double deadline_s = wall_clock_s() + peers->timeout_s;
    for (int missing = peers->size - 1; missing > 0;) {
        struct pollfd p = {.fd = peers->listening, .events = POLLIN};
        struct timeval patience = {.tv_sec = 5};
        int rank, ready = poll(&p, 1, 100);
        if (ready <= 0 && peers->timeout_s > 0 && wall_clock_s() > deadline_s)
            return error_set(e, STATUS_IO, "%d of %d ranks did not come within %g s", missing,
                             peers->size, peers->timeout_s);
        int fd = ready > 0 ? accept(peers->listening, NULL, NULL) : -1;
        if (fd < 0)
            continue;
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (greet(peers, fd, &rank, e) != STATUS_OK) {
            close(fd);
            if (e->status != STATUS_OK)
                return e->status;
            continue;
        }
        set_options(fd);
        peers->socket[rank] = fd;
        missing--;
    }
    return STATUS_OK;
}

static int connect_once(const struct launch *launch)
{
    char port[16];
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    snprintf(port, sizeof port, "%d", launch->port);
    if (getaddrinfo(launch->address, port, &hints, &found) != 0)
        return -1;
    int fd = -1;
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* Rank 0 may come up later than the others. */
static enum status connect_to_first(struct peers *peers, const struct launch *launch,
                                    struct error *e)
{
    double deadline_s = wall_clock_s() + peers->timeout_s;
    int fd;
    while ((fd = connect_once(launch)) < 0) {
        if (peers->timeout_s > 0 && wall_clock_s() > deadline_s)
            return error_set(e, STATUS_IO, "rank %d cannot reach rank 0 at %s:%d within %g s",
                             peers->rank, launch->address, launch->port, peers->timeout_s);
        wall_clock_sleep(RETRY_S);
    }
    set_options(fd);
    peers->socket[0] = fd;
    struct hello hello = {htonl(MAGIC), htonl((uint32_t)peers->size), htonl((uint32_t)peers->rank)};
    return send_all(peers, 0, &hello, sizeof hello, e);
}

static enum status tcp_open(struct peers *peers, const struct launch *launch, struct error *e)
{
    peers->socket = malloc((size_t)peers->size * sizeof *peers->socket);
    if (!peers->socket)
        return error_set(e, STATUS_IO, "out of memory for %d ranks", peers->size);
    for (int r = 0; r < peers->size; r++)
        peers->socket[r] = -1;
    if (peers->rank != 0)
        return connect_to_first(peers, launch, e);
    if (listen_at(peers, launch->port, e) != STATUS_OK)
        return e->status;
    return accept_ranks(peers, e);
}

static void tcp_close(struct peers *peers)
{
    for (int r = 0; peers->socket && r < peers->size; r++)
        if (peers->socket[r] >= 0)
            close(peers->socket[r]);
    if (peers->listening >= 0)
        close(peers->listening);
    free(peers->socket);
}

const struct peers_transport peers_tcp = {tcp_open, tcp_gather, tcp_close};
