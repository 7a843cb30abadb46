/* Models by name: the compiled-in catalog, a folder, a path. */
#include "base/catalog.h"
#include "base/file.h"
#include "base/text.h"
#include "base/utf8.h"
#include "model/model.h"
#include <stdio.h>
#include <string.h>

extern const struct embedded_file model_catalog[];
static const struct catalog catalog = {"model", "models", model_catalog};

/* Names that mean the same network: a release that changed no dimension, another spelling. */
static const struct {
    const char *prefix, *as;
} aliases[] = {
    {"llama3.1-",   "llama3-"    },
    {"llama3.3-",   "llama3-"    },
    {"llama-2-",    "llama2-"    },
    {"llama-3-",    "llama3-"    },
    {"llama-3.1-",  "llama3-"    },
    {"llama-3.2-",  "llama3.2-"  },
    {"llama-3.3-",  "llama3-"    },
    {"llama-4-",    "llama4-"    },
    {"gpt-3-",      "gpt3-"      },
    {"deepseek-r1", "deepseek-v3"},
};

enum { NAME_SIZE = 96 };

/* Copies the name that an alias stands for; false if none does. */
static bool resolve_alias(const char *name, char out[NAME_SIZE])
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        char start[NAME_SIZE];
        size_t length = strlen(aliases[i].prefix);
        snprintf(start, sizeof start, "%.*s", (int)length, name);
        if (!names_equal(start, aliases[i].prefix))
            continue;
        snprintf(out, NAME_SIZE, "%s%.64s", aliases[i].as, name + length);
        return true;
    }
    return false;
}

const char *model_catalog_name(size_t i)
{
    return catalog_name(&catalog, i);
}

/* A name as it stands comes before what it is an alias of; an unknown one is reported as given. */
static struct json *load_name(const char *name, const char *folder, struct error *e)
{
    char other[NAME_SIZE];
    struct error unknown, ignored;
    error_init(&unknown);
    error_init(&ignored);
    struct json *json = catalog_load(&catalog, name, folder, &unknown);
    if (!json && !unknown.file[0] && resolve_alias(name, other))
        json = catalog_load(&catalog, other, folder, &ignored);
    if (!json)
        *e = ignored.file[0] ? ignored : unknown;
    return json;
}

/* A file, or a folder that holds config.json. */
static struct json *load_path(const char *path, struct error *e)
{
    struct text file = {0};
    text_add(&file, path);
    if (path_is_folder(path))
        text_add(&file, "/config.json");
    if (file.failed)
        error_set(e, STATUS_IO, "out of memory");
    struct json *json = file.failed ? NULL : json_load(file.data, e);
    text_free(&file);
    return json;
}

/* Where the last part of path[0..end) starts. */
static size_t last_part(const char *path, size_t end)
{
    while (end > 0 && path[end - 1] != '/')
        end--;
    return end;
}

/* "llama.json" is "llama"; ".../llama/config.json" is "llama" too. */
static void name_of_file(const char *path, char *out, size_t size)
{
    size_t end = strlen(path);
    if (end > 5 && strcmp(path + end - 5, ".json") == 0)
        end -= 5;
    size_t start = last_part(path, end);
    if (start > 1 && end - start == 6 && strncmp(path + start, "config", 6) == 0) {
        end = start - 1;
        while (end > 1 && path[end - 1] == '/')
            end--;
        start = last_part(path, end);
    }
    snprintf(out, size, "%.*s", (int)(end - start), path + start);
    utf8_tame(out, "");
}

enum status model_find(const char *name, const char *folder, struct model *model, struct error *e)
{
    struct json *json = name_is_path(name) ? load_path(name, e) : load_name(name, folder, e);
    if (!json)
        return e->status;
    enum status status = model_read(json, json_root(json), model, e);
    if (status == STATUS_OK && !model->name[0])
        name_of_file(json_file(json), model->name, sizeof model->name);
    json_free(json);
    return status;
}
