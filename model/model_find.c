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
    {"llama3.1-",                    "llama3-"          },
    {"llama3.3-",                    "llama3-"          },
    {"llama-2-",                     "llama2-"          },
    {"llama-3-",                     "llama3-"          },
    {"llama-3.1-",                   "llama3-"          },
    {"llama-3.2-",                   "llama3.2-"        },
    {"llama-3.3-",                   "llama3-"          },
    {"llama-4-scout-17b-16e",        "llama4-scout"     },
    {"llama-4-maverick-17b-128e",    "llama4-maverick"  },
    {"llama-4-",                     "llama4-"          },
    {"gemma-2-",                     "gemma2-"          },
    {"gemma-3-",                     "gemma3-"          },
    {"gemma-4-",                     "gemma4-"          },
    {"qwen2-0.5b",                   "qwen2.5-0.5b"     },
    {"qwen2-1.5b",                   "qwen2.5-1.5b"     },
    {"qwen2-7b",                     "qwen2.5-7b"       },
    {"qwen2-72b",                    "qwen2.5-72b"      },
    {"qwen2.5-coder-",               "qwen2.5-"         },
    {"qwen2.5-math-",                "qwen2.5-"         },
    {"qwen3-coder-30b-a3b",          "qwen3-30b-a3b"    },
    {"mistral-small-3.1-24b",        "mistral-small-24b"},
    {"mistral-small-3.2-24b",        "mistral-small-24b"},
    {"olmo-2-1124-",                 "olmo2-"           },
    {"olmo-2-0325-",                 "olmo2-"           },
    {"olmo-3-1025-",                 "olmo3-"           },
    {"olmo-3-1125-",                 "olmo3-"           },
    {"olmo-3-",                      "olmo3-"           },
    {"phi-4-mini",                   "phi4-mini"        },
    {"phi-4",                        "phi4-14b"         },
    {"gpt-3-",                       "gpt3-"            },
    {"deepseek-r1-distill-llama-",   "llama3-"          },
    {"deepseek-r1-distill-qwen-7b",  "qwen2.5-7b"       },
    {"deepseek-r1-distill-qwen-14b", "qwen2.5-14b"      },
    {"deepseek-r1-distill-qwen-32b", "qwen2.5-32b"      },
    {"deepseek-r1",                  "deepseek-v3"      },
    {"nvidia-nemotron-",             "nemotron-"        },
    {"bamba-9b-v1",                  "bamba-9b"         },
};

/* What the hub adds to a network's name without changing a dimension of it. */
static const char *const hub_endings[] = {
    "-instruct", "-chat",     "-base", "-hf",   "-it",   "-pt",   "-v0.1",        "-base-8k",
    "-bf16",     "-thinking", "-2407", "-2410", "-2501", "-2503", "-checkpoints", "-2506",
    "-2507",     "-2512",     "-0324", "-0528", "-0905", NULL};

enum { NAME_SIZE = 96 };

static bool drop_ending(char name[NAME_SIZE])
{
    size_t length = strlen(name);
    for (size_t i = 0; hub_endings[i]; i++) {
        size_t end = strlen(hub_endings[i]);
        if (length > end && names_equal(name + length - end, hub_endings[i])) {
            name[length - end] = '\0';
            return true;
        }
    }
    return false;
}

/* "Meta-Llama-3-8B-Instruct" is "Llama-3-8B". */
static void drop_hub_words(const char *name, char out[NAME_SIZE])
{
    char start[6];
    snprintf(start, sizeof start, "%s", name);
    snprintf(out, NAME_SIZE, "%s", names_equal(start, "meta-") ? name + 5 : name);
    while (drop_ending(out))
        ;
}

/* Copies the name that an alias or a hub's name stands for; false if none does. */
static bool resolve_alias(const char *name, char out[NAME_SIZE])
{
    char plain[NAME_SIZE];
    drop_hub_words(name, plain);
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        char start[NAME_SIZE];
        size_t length = strlen(aliases[i].prefix);
        snprintf(start, sizeof start, "%.*s", (int)length, plain);
        if (!names_equal(start, aliases[i].prefix))
            continue;
        snprintf(out, NAME_SIZE, "%s%.64s", aliases[i].as, plain + length);
        return true;
    }
    snprintf(out, NAME_SIZE, "%s", plain);
    return strcmp(plain, name) != 0;
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

/* "meta-llama/Llama-3.1-8B" is a path to us and a model of the hub to the one who wrote it. */
static void hint_at_catalog(const char *path, const char *folder, struct error *e)
{
    const char *name = path + last_part(path, strlen(path));
    struct error unknown;
    error_init(&unknown);
    struct json *json = *name == '\0' ? NULL : load_name(name, folder, &unknown);
    if (json)
        error_set_hint(e, "the catalog knows %.60s: leave out what stands before it", name);
    json_free(json);
}

static bool holds_config(const char *folder)
{
    struct text file = {0};
    text_addf(&file, "%s/config.json", folder);
    bool holds = file.data && file_exists(file.data);
    text_free(&file);
    return holds;
}

static enum status read_loaded(struct json *json, struct model *model, struct error *e)
{
    enum status status = model_read(json, json_root(json), model, e);
    if (status == STATUS_OK && !model->name[0])
        name_of_file(json_file(json), model->name, sizeof model->name);
    json_free(json);
    return status;
}

enum status model_of_catalog(const char *name, const char *folder, struct model *model,
                             struct error *e)
{
    if (catalog_check_name(name, e) != STATUS_OK)
        return e->status;
    struct json *json = load_name(name, folder, e);
    return json ? read_loaded(json, model, e) : e->status;
}

/* A folder of a framework's or of a model's own code may be called as an entry of the catalog is:
 * what holds no configuration does not stand in its way. */
enum status model_find(const char *name, const char *folder, struct model *model, struct error *e)
{
    struct error unknown;
    error_init(&unknown);
    bool path = name_is_path(name) || (path_is_folder(name) && holds_config(name));
    struct json *json = path ? load_path(name, e) : load_name(name, folder, &unknown);
    if (!json && path && e->status == STATUS_IO)
        hint_at_catalog(name, folder, e);
    if (!json && !path && path_is_folder(name))
        load_path(name, e); /* says what is missing in it */
    if (!json && e->status == STATUS_OK)
        *e = unknown;
    return json ? read_loaded(json, model, e) : e->status;
}
