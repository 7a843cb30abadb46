#include "parallelism/frameworks/settings.h"
#include "base/array.h"
#include <stdlib.h>
#include <string.h>

void settings_free(struct settings *s)
{
    free(s->items);
    text_free(&s->pool);
    *s = (struct settings){.items = NULL};
}

static size_t add_text(struct settings *s, const char *text)
{
    size_t at = s->pool.length;
    text_add_n(&s->pool, text, strlen(text) + 1);
    return at;
}

void settings_add(struct settings *s, const char *key, const char *value, int line)
{
    struct setting *items = NULL;
    if (!s->failed && s->count < SETTINGS_MAX)
        items = array_grow(s->items, s->count, &s->capacity, sizeof *items);
    s->failed = !items;
    if (s->failed)
        return;
    s->items = items;
    while (*key == '-' || *key == '+') /* "--flag", Hydra's "+model.key" */
        key++;
    struct setting *item = &s->items[s->count];
    *item = (struct setting){.line = line};
    item->key = add_text(s, key);
    item->value = add_text(s, value);
    s->failed = s->pool.failed;
    if (s->failed)
        return;
    for (char *c = s->pool.data + item->key; *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    s->count++;
}

void settings_change(struct settings *s, size_t i, const char *value)
{
    size_t at = add_text(s, value);
    s->failed |= s->pool.failed;
    if (!s->failed)
        s->items[i].value = at;
}

const char *setting_key(const struct settings *s, size_t i)
{
    return s->pool.data + s->items[i].key;
}

const char *setting_value(const struct settings *s, size_t i)
{
    return s->pool.data + s->items[i].value;
}

struct setting *settings_find(const struct settings *s, const char *key)
{
    for (size_t i = s->count; i-- > 0;) {
        if (strcmp(setting_key(s, i), key) == 0)
            return &s->items[i];
    }
    return NULL;
}

const char *settings_value(const struct settings *s, const char *key)
{
    const struct setting *found = settings_find(s, key);
    return found ? s->pool.data + found->value : "";
}

bool value_is_unresolved(const char *value)
{
    return strchr(value, SETTING_UNRESOLVED) != NULL;
}

void value_show(const char *value, struct text *out)
{
    for (; *value != '\0'; value++) {
        if (*value != SETTING_UNRESOLVED)
            text_add_n(out, value, 1);
    }
}
