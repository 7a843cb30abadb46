#include "base/catalog.h"
#include "base/file.h"
#include <stdio.h>
#include <string.h>

const char *catalog_name(const struct catalog *catalog, size_t i)
{
    for (size_t row = 0; catalog->files[row].name; row++)
        if (row == i)
            return catalog->files[row].name;
    return NULL;
}

static char plain_letter(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '_' ? '-' : c;
}

/* How catalog files are named: lower case, '-' for '_'. */
static void file_name_of(const char *name, char *out, size_t size)
{
    size_t i = 0;
    for (; name[i] && i + 1 < size; i++)
        out[i] = plain_letter(name[i]);
    out[i] = '\0';
}

/* The file of `name` in the user's folder: the name as given, then as catalog files are named; in
 * the sub-folder of its kind, then in the folder itself. False if there is none. */
static bool find_in_folder(const struct catalog *catalog, const char *name, const char *folder,
                           char *path, size_t size)
{
    char plain[256];
    file_name_of(name, plain, sizeof plain);
    const char *spellings[] = {name, plain};
    for (int i = 0; i < 4; i++) {
        bool sub_folder = i < 2;
        int length =
            snprintf(path, size, "%s/%s%s%s.json", folder, sub_folder ? catalog->plural : "",
                     sub_folder ? "/" : "", spellings[i % 2]);
        if (length > 0 && (size_t)length < size && file_exists(path))
            return true;
    }
    return false;
}

/* The only name that begins with the word; where several do, NULL and their list, cut to size. */
static const char *only_beginning(const char *const *names, size_t n, const char *word, char *list,
                                  size_t size)
{
    const char *found = NULL;
    size_t count = 0, used = 0, length = strlen(word);
    for (size_t i = 0; i < n && length > 0; i++) {
        if (strncmp(names[i], word, length) != 0)
            continue;
        found = names[i];
        if (used + strlen(found) + 2 < size)
            used +=
                (size_t)snprintf(list + used, size - used, "%s%s", count > 0 ? ", " : "", found);
        count++;
    }
    return count == 1 ? found : NULL;
}

static void suggest(const struct catalog *catalog, const char *name, struct error *e)
{
    enum { NAMES = 1024 };
    const char *names[NAMES];
    char plain[256], list[128] = "";
    size_t n = 0;
    for (; n < NAMES && catalog->files[n].name; n++)
        names[n] = catalog->files[n].name;
    file_name_of(name, plain, sizeof plain);
    const char *nearest = nearest_name(plain, names, n);
    if (!nearest)
        nearest = only_beginning(names, n, plain, list, sizeof list);
    if (nearest)
        error_set_hint(e, "did you mean \"%s\"? 'stepcast list %s' lists all", nearest,
                       catalog->plural);
    else if (list[0])
        error_set_hint(e, "did you mean one of %s? 'stepcast list %s' lists all", list,
                       catalog->plural);
    else
        error_set_hint(e, "'stepcast list %s' lists the known names; a path needs a '/' or .json",
                       catalog->plural);
}

enum status catalog_check_name(const char *name, struct error *e)
{
    if (!name_is_path(name))
        return STATUS_OK;
    error_set(e, STATUS_INPUT, "\"%.60s\" is a path: inside a file only catalog names are followed",
              name);
    error_set_hint(e, "a file of one's own is named on the command line or lies in --catalog DIR");
    return e->status;
}

struct json *catalog_load(const struct catalog *catalog, const char *name, const char *folder,
                          struct error *e)
{
    char path[4096];
    if (name_is_path(name))
        return json_load(name, e);
    if (folder && find_in_folder(catalog, name, folder, path, sizeof path))
        return json_load(path, e);
    const struct embedded_file *file = embedded_find(catalog->files, name);
    if (!file) {
        error_set(e, STATUS_INPUT, "no %s named \"%.60s\"", catalog->noun, name);
        suggest(catalog, name, e);
        return NULL;
    }
    snprintf(path, sizeof path, "%s/%s.json", catalog->plural, file->name);
    return json_parse((const char *)file->text, file->length, path, e);
}
