#include "base/folder.h"
#include "base/array.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status add_name(struct folder *f, const char *name, size_t n, struct error *e)
{
    char *copy = malloc(n + 1);
    char **names = copy ? array_grow(f->names, f->count, &f->capacity, sizeof *names) : NULL;
    if (!names) {
        free(copy);
        return error_set(e, STATUS_IO, "out of memory");
    }
    memcpy(copy, name, n);
    copy[n] = '\0';
    names[f->count++] = copy;
    f->names = names;
    return STATUS_OK;
}

enum status folder_read(const char *path, struct folder *out, struct error *e)
{
    static const char extension[] = ".json";
    size_t end = strlen(extension);
    *out = (struct folder){.names = NULL};
    DIR *dir = opendir(path);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return STATUS_OK;
    if (!dir) {
        error_set(e, STATUS_IO, "cannot read the folder");
        error_set_file(e, path, 0, 0);
        return e->status;
    }
    for (struct dirent *entry = readdir(dir); entry && e->status == STATUS_OK;
         entry = readdir(dir)) {
        size_t n = strlen(entry->d_name);
        if (n > end && strcmp(entry->d_name + n - end, extension) == 0)
            add_name(out, entry->d_name, n - end, e);
    }
    closedir(dir);
    if (e->status != STATUS_OK)
        folder_free(out);
    else if (out->count > 1)
        qsort(out->names, out->count, sizeof *out->names, by_bytes);
    return e->status;
}

void folder_free(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    free(folder->names);
    *folder = (struct folder){.names = NULL};
}
