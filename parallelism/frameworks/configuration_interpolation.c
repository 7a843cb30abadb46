/* OmegaConf's interpolations: "${a.b}", "${.sibling}", "${oc.env:NAME,default}", and the resolvers
 * that NeMo adds to them (nemo_launcher/utils, nemo/core/config/hydra_runner.py): multiply,
 * divide_floor, divide_ceil. Primus's "${NAME:default}" (primus/core/utils/yaml_utils.py). */
#include "base/number.h"
#include "parallelism/frameworks/configuration.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX = 256, PARTS_MAX = 64 }; /* parts: of one value, so that none runs on */

/* The key that a path names beside `key`: each leading dot goes up one section. */
static bool key_of(const char *key, const char *path, size_t n, char out[KEY_MAX])
{
    size_t up = strspn(path, "."), kept = up > 0 ? strlen(key) : 0;
    if (up > n)
        return false;
    for (size_t i = 0; i < up; i++) {
        while (kept > 0 && key[kept - 1] != '.')
            kept--;
        kept -= kept > 0 && i + 1 < up;
    }
    return n - up < KEY_MAX && kept < KEY_MAX &&
           snprintf(out, KEY_MAX, "%.*s%.*s", (int)kept, key, (int)(n - up), path + up) < KEY_MAX;
}

/* The launcher composes a training's file under the section "training". */
static const struct setting *named_setting(const struct settings *s, const char *key)
{
    static const char root[] = "training.";
    const struct setting *found = settings_find(s, key);
    if (!found && strncmp(key, root, sizeof root - 1) == 0)
        found = settings_find(s, key + sizeof root - 1);
    return found;
}

/* The numbers behind "multiply:" and their result; false: another resolver, or no numbers. */
static bool compute(const char *body, size_t n, struct text *out)
{
    static const char *const resolvers[] = {"multiply:", "divide_floor:", "divide_ceil:"};
    size_t r = 0, count = 0;
    char words[KEY_MAX], number[32];
    double value[2] = {0, 0};
    while (r < 3 && strncmp(body, resolvers[r], strlen(resolvers[r])) != 0)
        r++;
    size_t start = r < 3 ? strlen(resolvers[r]) : n;
    if (start >= n || n - start >= sizeof words)
        return false;
    memcpy(words, body + start, n - start);
    words[n - start] = '\0';
    for (char *rest = NULL, *w = strtok_r(words, ", ", &rest); w; w = strtok_r(NULL, ", ", &rest)) {
        struct error e;
        error_init(&e);
        if (count == 2 || number_parse(w, &value[count++], &e) != STATUS_OK)
            return false;
    }
    if (count != 2 || (r > 0 && value[1] == 0))
        return false;
    double result = r == 0   ? value[0] * value[1]
                    : r == 1 ? floor(value[0] / value[1])
                             : ceil(value[0] / value[1]);
    number_format(result, number, sizeof number);
    text_add(out, number);
    return true;
}

/* What stands in for a variable of the environment; false: it is none, or nothing does. */
static bool environment(const char *body, size_t n, struct text *out)
{
    static const char omega[] = "oc.env:", capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool named = n >= sizeof omega && strncmp(body, omega, sizeof omega - 1) == 0;
    size_t start = named ? sizeof omega - 1 : 0, name = start + strspn(body + start, capitals);
    if (name == start || name >= n || body[name] != (named ? ',' : ':'))
        return false;
    size_t blanks = strspn(body + name + 1, " ");
    text_add_n(out, body + name + 1 + blanks, n - name - 1 - blanks);
    return true;
}

/* The last "${...}", in which no other stands: where it starts, and its length; false: none. */
static bool find_last(const char *value, size_t *at, size_t *length)
{
    const char *open = NULL;
    for (const char *c = strstr(value, "${"); c; c = strstr(c + 1, "${"))
        open = c;
    const char *end = open ? strchr(open, '}') : NULL;
    if (!end)
        return false;
    *at = (size_t)(open - value);
    *length = (size_t)(end - open) + 1;
    return true;
}

/* One round: the last becomes what it stands for. False: it cannot be told. */
static bool replace_one(const struct settings *s, const char *key, struct text *value)
{
    size_t at, length;
    char name[KEY_MAX];
    struct text next = {0};
    if (!find_last(value->data, &at, &length))
        return false;
    const char *body = value->data + at + 2;
    text_add_n(&next, value->data, at);
    bool told = compute(body, length - 3, &next) || environment(body, length - 3, &next);
    if (!told && key_of(key, body, length - 3, name)) {
        const struct setting *other = named_setting(s, name);
        told = other && strcmp(name, key) != 0;
        text_add(&next, told ? s->pool.data + other->value : "");
    }
    text_add(&next, value->data + at + length);
    text_free(value);
    *value = next;
    return told && next.data && !next.failed;
}

void configuration_interpolate(struct settings *s, size_t first)
{
    for (size_t i = first; i < s->count && !s->failed; i++) {
        const char *given = setting_value(s, i);
        bool told = strcmp(given, "???") != 0;
        struct text value = {0}, marked = {0};
        if (!strstr(given, "${") && told)
            continue;
        text_add(&value, given);
        for (int part = 0; told && value.data && strstr(value.data, "${"); part++)
            told = part < PARTS_MAX && value.length < KEY_MAX &&
                   replace_one(s, setting_key(s, i), &value);
        if (!told)
            text_addf(&marked, "%c%s", SETTING_UNRESOLVED, given);
        s->failed |= value.failed || marked.failed;
        if (!s->failed)
            settings_change(s, i, text_string(told ? &value : &marked));
        text_free(&value);
        text_free(&marked);
    }
}
