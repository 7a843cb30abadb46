#ifndef PARALLELISM_FRAMEWORKS_CONFIGURATION_H
#define PARALLELISM_FRAMEWORKS_CONFIGURATION_H
#include "base/error.h"
#include "parallelism/frameworks/launch.h"
#include "parallelism/frameworks/settings.h"

/* A file that configures a training run, read for its settings: a shell script with the command
 * line, YAML, JSON, TOML, or a Python recipe. No shell runs, no path in the file is followed. */
struct configuration {
    struct settings settings;
    struct launch launch;
    struct text notes; /* what a reader should know, a line each */
};

/* The syntax is told by the file's name and its first characters. */
enum status configuration_read(const char *text, size_t n, const char *file,
                               struct configuration *out, struct error *e);
void configuration_free(struct configuration *c);

/* The readers, each appending to out. */
enum status configuration_read_json(const char *text, size_t n, const char *file,
                                    struct configuration *out, struct error *e);
void configuration_read_yaml(const char *text, size_t n, int line, struct configuration *out);
/* YAML's maps in braces, one behind another as files are joined: GPT-NeoX's configurations.
 * STATUS_INPUT, with the line, where one is not whole. */
enum status configuration_read_flow(const char *text, size_t n, const char *file,
                                    struct configuration *out, struct error *e);
/* One map behind a key of a line: its members under that key. False, and nothing added: it is none. */
bool configuration_add_flow(const char *map, const char *key, int line, struct configuration *out);
/* True if the first thing in the text, comments aside, is an opening brace. */
bool configuration_is_flow(const char *text, size_t n);
/* "${a.b}" and "${.sibling}" in the values from the first-th on become the values of those keys,
 * "${multiply:4, ${.hidden_size}}" what it computes, as OmegaConf and NeMo resolve them. A value
 * that cannot be told is marked so, and "???", which OmegaConf wants given, too. */
void configuration_interpolate(struct settings *s, size_t first);
void configuration_read_toml(const char *text, size_t n, struct configuration *out);
void configuration_read_python(const char *text, size_t n, int line, struct configuration *out);
void configuration_read_script(const char *text, size_t n, struct configuration *out);

#endif
