#include "calibrate/bench/sample_file.h"
#include "base/array.h"
#include "base/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status io_error(const struct sample_file *file, const char *what, struct error *e)
{
    int number = errno;
    enum status status = error_set(e, STATUS_IO, "cannot %s: %s", what, strerror(number));
    error_set_file(e, file->path, 0, 0);
    return status;
}

static size_t count_cells(const char *line)
{
    size_t n = 1;
    for (; *line && *line != '\n'; line++)
        n += *line == ',';
    return n;
}

static enum status remember(struct sample_file *file, const char *key, size_t length,
                            struct error *e)
{
    char **grown = array_grow(file->key, file->key_count, &file->key_capacity, sizeof *grown);
    if (!grown)
        return error_set(e, STATUS_IO, "out of memory for rows");
    file->key = grown;
    char *copy = malloc(length + 1);
    if (!copy)
        return error_set(e, STATUS_IO, "out of memory for a row");
    memcpy(copy, key, length);
    copy[length] = '\0';
    file->key[file->key_count++] = copy;
    return STATUS_OK;
}

/* Bytes of the first `cells` cells of a line, without the comma after them. */
static size_t cells_length(const char *line, size_t cells)
{
    const char *p = line;
    for (; *p && *p != '\n'; p++)
        if (*p == ',' && --cells == 0)
            break;
    return (size_t)(p - line);
}

static enum status write_all(const struct sample_file *file, const char *data, size_t n,
                             struct error *e)
{
    while (n > 0) {
        ssize_t written = write(file->fd, data, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return io_error(file, "write", e);
        data += written;
        n -= (size_t)written;
    }
    return STATUS_OK;
}

/* A pipe or a terminal cannot be synced, and need not be. */
static enum status sync_rows(const struct sample_file *file, struct error *e)
{
    if (fsync(file->fd) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        return io_error(file, "sync", e);
    return STATUS_OK;
}

static enum status write_header(struct sample_file *file, const struct sample_header *h,
                                struct error *e)
{
    struct text text = {0};
    text_addf(&text, "# machine: %s\n%s%s\n", h->machine, h->provenance, h->columns);
    enum status status = text.failed ? error_set(e, STATUS_IO, "out of memory")
                                     : write_all(file, text.data, text.length, e);
    text_free(&text);
    return status == STATUS_OK ? sync_rows(file, e) : status;
}

static bool line_equals(const char *line, const char *prefix, const char *expected)
{
    size_t length = strlen(prefix), rest = strlen(expected);
    return strncmp(line, prefix, length) == 0 && strncmp(line + length, expected, rest) == 0 &&
           line[length + rest] == '\n';
}

static enum status foreign(const struct sample_file *file, const char *what, const char *line,
                           const char *expected, int line_number, struct error *e)
{
    enum status status = error_set(e, STATUS_INPUT, "expected %s \"%s\", found \"%.*s\"", what,
                                   expected, (int)strcspn(line, "\n"), line);
    error_set_file(e, file->path, line_number, 0);
    error_set_hint(e, "the file is of another run; give another folder with -o");
    return status;
}

/* Takes in the lines of an earlier run; every line ends in '\n'. *header: the columns were met. */
static enum status read_rows(struct sample_file *file, const char *text,
                             const struct sample_header *h, bool *header, struct error *e)
{
    int number = 1;
    *header = false;
    for (const char *line = text; line && *line; line = strchr(line, '\n') + 1, number++) {
        if (number == 1 && !line_equals(line, "# machine: ", h->machine))
            return foreign(file, "first line # machine:", line, h->machine, number, e);
        if (*line == '#' || *line == '\n')
            continue;
        if (!*header && !line_equals(line, "", h->columns))
            return foreign(file, "columns", line, h->columns, number, e);
        if (*header && count_cells(line) == file->columns &&
            remember(file, line, cells_length(line, file->key_columns), e) != STATUS_OK)
            return e->status;
        *header = true;
    }
    return STATUS_OK;
}

/* Through the locked descriptor: closing another one of the same file would release the lock. */
static enum status read_whole(const struct sample_file *file, struct text *text, struct error *e)
{
    char part[4096];
    ssize_t n;
    while ((n = pread(file->fd, part, sizeof part, (off_t)text->length)) != 0) {
        if (n < 0 && errno != EINTR)
            return io_error(file, "read", e);
        text_add_n(text, part, n > 0 ? (size_t)n : 0);
        if (text->failed)
            return error_set(e, STATUS_IO, "out of memory");
    }
    return STATUS_OK;
}

/* Continues the file: cuts off an unfinished line, and starts anew when it was killed in its
 * header. */
static enum status resume(struct sample_file *file, const struct sample_header *h, struct error *e)
{
    struct text text = {0};
    bool header = false;
    enum status status = read_whole(file, &text, e);
    size_t whole = text.length;
    while (whole > 0 && text.data[whole - 1] != '\n')
        whole--;
    if (text.data)
        text.data[whole] = '\0';
    if (status == STATUS_OK)
        status = read_rows(file, text.data, h, &header, e);
    if (status == STATUS_OK && !header)
        whole = 0;
    if (status == STATUS_OK && ftruncate(file->fd, (off_t)whole) != 0)
        status = io_error(file, "truncate", e);
    if (status == STATUS_OK && !header)
        status = write_header(file, h, e);
    text_free(&text);
    return status;
}

static enum status make_folder(const char *path, struct error *e)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        enum status status = error_set(e, STATUS_IO, "cannot make the folder: %s", strerror(errno));
        error_set_file(e, path, 0, 0);
        return status;
    }
    return STATUS_OK;
}

static enum status open_locked(struct sample_file *file, struct error *e)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    file->fd = open(file->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file->fd < 0)
        return io_error(file, "open", e);
    if (fcntl(file->fd, F_SETLK, &lock) != 0 && (errno == EACCES || errno == EAGAIN)) {
        enum status status = error_set(e, STATUS_IO, "another process is writing this file");
        error_set_file(e, file->path, 0, 0);
        return status;
    }
    return STATUS_OK;
}

enum status sample_file_open(struct sample_file *file, const char *folder, const char *name,
                             const struct sample_header *header, struct error *e)
{
    char samples[400];
    *file = (struct sample_file){.fd = STDOUT_FILENO, .key_columns = header->key_columns};
    file->columns = count_cells(header->columns);
    snprintf(file->path, sizeof file->path, "stdout");
    if (!folder)
        return write_header(file, header, e);
    if ((size_t)snprintf(samples, sizeof samples, "%s/samples", folder) >= sizeof samples)
        return error_set(e, STATUS_USAGE, "the folder's name is too long");
    snprintf(file->path, sizeof file->path, "%s/%s.csv", samples, name);
    if (make_folder(folder, e) != STATUS_OK || make_folder(samples, e) != STATUS_OK ||
        open_locked(file, e) != STATUS_OK || resume(file, header, e) != STATUS_OK)
        sample_file_close(file);
    return e->status;
}

void sample_file_close(struct sample_file *file)
{
    if (file->fd > STDERR_FILENO)
        close(file->fd);
    for (size_t i = 0; i < file->key_count; i++)
        free(file->key[i]);
    free(file->key);
    *file = (struct sample_file){.fd = -1};
}

bool sample_file_has(const struct sample_file *file, const char *key)
{
    for (size_t i = 0; i < file->key_count; i++)
        if (strcmp(file->key[i], key) == 0)
            return true;
    return false;
}

enum status sample_file_add(struct sample_file *file, const char *key, const char *values,
                            struct error *e)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "%s,%s\n", key, values);
    if (n < 0 || (size_t)n >= sizeof line || count_cells(key) != file->key_columns ||
        count_cells(line) != file->columns)
        return error_set(e, STATUS_IO, "defect: row \"%.200s,%.200s\" has not %zu cells", key,
                         values, file->columns);
    if (write_all(file, line, (size_t)n, e) != STATUS_OK || sync_rows(file, e) != STATUS_OK)
        return e->status;
    return remember(file, key, strlen(key), e);
}
