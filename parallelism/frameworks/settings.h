#ifndef PARALLELISM_FRAMEWORKS_SETTINGS_H
#define PARALLELISM_FRAMEWORKS_SETTINGS_H
#include "base/text.h"
#include <stdbool.h>

/* What a framework's configuration says, whatever its syntax: keys with values, in order. A key is
 * written with underscores and dots: "tensor_model_parallel_size", "model.hidden_size",
 * "zero_optimization.stage". */
enum setting_use {
    SETTING_UNKNOWN,    /* no row explains it */
    SETTING_READ,       /* became part of the scenario or the strategy */
    SETTING_NEUTRAL,    /* changes no cost */
    SETTING_UNMODELLED, /* changes the cost, in a way that is not modelled */
};

struct setting {
    size_t key, value; /* offsets into the pool */
    int line;          /* of the file; 0: not known */
    enum setting_use use;
    const char *note; /* why it is not modelled; NULL: none */
};

struct settings {
    struct setting *items;
    size_t count, capacity;
    struct text pool;
    bool failed; /* out of memory, or more than SETTINGS_MAX */
};

enum { SETTINGS_MAX = 20000 };

/* In a value: what follows could not be told from the file alone (a variable that it does not set,
 * the output of a command). */
enum { SETTING_UNRESOLVED = '\x01' };

void settings_free(struct settings *s);
/* Appends; the key's leading dashes are dropped and its hyphens become underscores. */
void settings_add(struct settings *s, const char *key, const char *value, int line);
/* Another value for the i-th; `value` lies outside the settings. */
void settings_change(struct settings *s, size_t i, const char *value);
const char *setting_key(const struct settings *s, size_t i);
const char *setting_value(const struct settings *s, size_t i);
/* The last setting of that key, or NULL. */
struct setting *settings_find(const struct settings *s, const char *key);
/* Its value, not marked as used; "" where there is none. */
const char *settings_value(const struct settings *s, const char *key);
bool value_is_unresolved(const char *value);
/* Appends a value as a reader sees it, without the marks. */
void value_show(const char *value, struct text *out);

#endif
