#include "parallelism/frameworks/shell_variables.h"
#include "base/array.h"
#include <stdlib.h>
#include <string.h>

void shell_variables_free(struct shell_variables *v)
{
    for (size_t i = 0; i < v->count; i++)
        words_free(&v->items[i].words);
    free(v->items);
    *v = (struct shell_variables){.items = NULL};
}

struct shell_variable *shell_variable_find(const struct shell_variables *v, const char *name,
                                           size_t n)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strncmp(v->items[i].name, name, n) == 0 && v->items[i].name[n] == '\0')
            return v->items[i].hidden ? NULL : &v->items[i];
    }
    return NULL;
}

static struct shell_variable *find_hidden(const struct shell_variables *v, const char *name,
                                          size_t n)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->items[i].hidden && strncmp(v->items[i].name, name, n) == 0 &&
            v->items[i].name[n] == '\0')
            return &v->items[i];
    }
    return NULL;
}

struct shell_variable *shell_variable_make(struct shell_variables *v, const char *name, size_t n)
{
    if (n == 0 || n >= sizeof v->items->name)
        return NULL;
    struct shell_variable *found = shell_variable_find(v, name, n);
    struct shell_variable *hidden = found ? NULL : find_hidden(v, name, n);
    if (hidden)
        return hidden;
    if (found || v->count == SHELL_VARIABLES_MAX)
        return found;
    struct shell_variable *items = array_grow(v->items, v->count, &v->capacity, sizeof *items);
    if (!items)
        return NULL;
    v->items = items;
    struct shell_variable *made = &v->items[v->count++];
    memset(made, 0, sizeof *made);
    memcpy(made->name, name, n);
    return made;
}

const char *shell_variable_element(const struct shell_variable *v, const char *key)
{
    size_t n = strlen(key);
    const char *found = NULL;
    for (const char *w = words_first(&v->words); w; w = words_next(&v->words, w)) {
        if (w[0] == '[' && strncmp(w + 1, key, n) == 0 && w[n + 1] == ']' && w[n + 2] == '=')
            found = w + n + 3;
    }
    char *end;
    unsigned long i = strtoul(key, &end, 10);
    bool number = n > 0 && n < 6 && strspn(key, "0123456789") == n;
    const char *word = number && !found ? words_at(&v->words, i) : NULL;
    return found ? found : word && word[0] != '[' ? word : NULL;
}

void shell_variable_set(struct shell_variables *v, const char *name, const char *value)
{
    struct shell_variable *variable = shell_variable_make(v, name, strlen(name));
    if (!variable)
        return;
    words_clear(&variable->words);
    words_add(&variable->words, value);
    variable->array = false;
}

void shell_variable_text(const struct shell_variables *v, const char *name, struct text *out)
{
    const struct shell_variable *found = shell_variable_find(v, name, strlen(name));
    if (found)
        words_join(&found->words, out);
}
