/* Models by name: the compiled-in catalog, a folder, a path. */
#include "base/embedded.h"
#include "base/file.h"
#include "base/text.h"
#include "model/model.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file model_catalog[];

/* Names that mean the same network: a release that changed no dimension. */
static const struct {
    const char *prefix, *as;
} aliases[] = {
    {"llama3.1-", "llama3-"},    {"llama3.3-", "llama3-"},  {"llama-3.1-", "llama3-"},
    {"llama-3.2-", "llama3.2-"}, {"llama-3.3-", "llama3-"}, {"llama-3-", "llama3-"},
    {"llama-2-", "llama2-"},     {"gpt-3-", "gpt3-"},       {"deepseek-r1", "deepseek-v3"},
    {"mistral-large-2", "mistral-large"},
};

enum { NAME_MAX_LENGTH = 95 };

/* Lower case, '-' for '_', aliases resolved. */
static void normal_name(const char *name, char out[NAME_MAX_LENGTH + 1])
{
    char plain[NAME_MAX_LENGTH + 1];
    size_t n = 0;
    for (; name[n] && n < NAME_MAX_LENGTH; n++)
        plain[n] = (char)(name[n] == '_' ? '-' : tolower((unsigned char)name[n]));
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        size_t length = strlen(aliases[i].prefix);
        if (strncmp(plain, aliases[i].prefix, length) != 0)
            continue;
        snprintf(out, NAME_MAX_LENGTH + 1, "%.16s%s", aliases[i].as, plain + length);
        return;
    }
    memcpy(out, plain, n + 1);
}

const char *model_catalog_name(size_t i)
{
    for (size_t k = 0; k <= i; k++)
        if (!model_catalog[k].name)
            return NULL;
    return model_catalog[i].name;
}

static enum status read_document(struct json *json, struct model *model, struct error *e)
{
    if (!json)
        return e->status;
    enum status status = model_read(json, json_root(json), model, e);
    json_free(json);
    return status;
}

/* The name of a file without folder and ".json"; of ".../X/config.json", X. */
static void name_of_path(const char *path, char *out, size_t size)
{
    const char *end = path + strlen(path), *start = end;
    if (end - path > 5 && strcmp(end - 5, ".json") == 0)
        end -= 5;
    while (end > path && end[-1] == '/')
        end--;
    for (start = end; start > path && start[-1] != '/'; start--)
        ;
    if (end - start == 6 && strncmp(start, "config", 6) == 0 && start - path > 1) {
        end = start - 1;
        for (start = end; start > path && start[-1] != '/'; start--)
            ;
    }
    snprintf(out, size, "%.*s", (int)(end - start), start);
}

static enum status read_path(const char *path, struct model *model, struct error *e)
{
    struct text file = {0};
    text_add(&file, path);
    if (path_is_folder(path))
        text_add(&file, "/config.json");
    if (file.failed) {
        text_free(&file);
        return error_set(e, STATUS_IO, "out of memory");
    }
    enum status status = read_document(json_load(file.data, e), model, e);
    if (status == STATUS_OK && !model->name[0])
        name_of_path(path, model->name, sizeof model->name);
    text_free(&file);
    return status;
}

/* True if CATALOG/models/NAME.json or CATALOG/NAME.json exists; its path in *path. */
static bool find_in_folder(const char *catalog, const char *name, struct text *path)
{
    static const char *const folders[] = {"models/", ""};
    for (size_t i = 0; catalog && i < sizeof folders / sizeof *folders; i++) {
        text_clear(path);
        text_addf(path, "%s/%s%s.json", catalog, folders[i], name);
        if (!path->failed && file_exists(path->data))
            return true;
    }
    return false;
}

static enum status unknown_name(const char *name, struct error *e)
{
    enum { NAMES = 256 };
    const char *names[NAMES], *nearest;
    size_t n = 0;
    while (n < NAMES && model_catalog[n].name) {
        names[n] = model_catalog[n].name;
        n++;
    }
    error_set(e, STATUS_INPUT, "unknown model \"%.100s\"", name);
    if ((nearest = nearest_name(name, names, n)) != NULL)
        error_set_hint(e, "did you mean \"%s\"? (\"stepcast list models\" shows all)", nearest);
    else
        error_set_hint(e, "\"stepcast list models\" shows all; a path to a config.json works too");
    return e->status;
}

static enum status read_embedded(const struct embedded_file *file, struct model *model, struct error *e)
{
    char label[NAME_MAX_LENGTH + 32];
    snprintf(label, sizeof label, "catalog/models/%.80s.json", file->name);
    return read_document(json_parse((const char *)file->text, file->length, label, e), model, e);
}

static enum status read_name(const char *name, const char *catalog, struct model *model,
                             struct error *e)
{
    char normal[NAME_MAX_LENGTH + 1];
    struct text path = {0};
    normal_name(name, normal);
    if (find_in_folder(catalog, name, &path) || find_in_folder(catalog, normal, &path)) {
        enum status status = read_path(path.data, model, e);
        text_free(&path);
        return status;
    }
    text_free(&path);
    const struct embedded_file *file = embedded_find(model_catalog, normal);
    if (!file)
        return unknown_name(name, e);
    if (read_embedded(file, model, e) != STATUS_OK)
        return e->status;
    snprintf(model->name, sizeof model->name, "%s", file->name);
    return STATUS_OK;
}

enum status model_find(const char *name, const char *catalog, struct model *model, struct error *e)
{
    return name_is_path(name) ? read_path(name, model, e) : read_name(name, catalog, model, e);
}
