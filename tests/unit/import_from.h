#ifndef TESTS_UNIT_IMPORT_FROM_H
#define TESTS_UNIT_IMPORT_FROM_H
#include "parallelism/frameworks/import.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

/* Configurations read from texts and files, one at a time. */
static struct framework_import import;

static inline int teardown(void **state)
{
    (void)state;
    framework_import_free(&import);
    memset(&import, 0, sizeof import);
    return 0;
}

static inline const struct framework_run *read_file(const char *path)
{
    struct import_options options = {NULL, 0};
    struct error e;
    error_init(&e);
    enum status status = framework_import_file(path, &options, &import, &e);
    if (status != STATUS_OK)
        print_error("%s: %s\n", path, e.message);
    assert_int_equal(status, STATUS_OK);
    return &import.run;
}

/* On that many GPUs; 0: as the text tells. */
static inline enum status read_on(double gpus, const char *text, const char *file, struct error *e)
{
    struct import_options options = {NULL, gpus};
    framework_import_free(&import);
    error_init(e);
    return framework_import_text(text, strlen(text), file, &options, &import, e);
}

static inline enum status read_text(const char *text, const char *file, struct error *e)
{
    return read_on(0, text, file, e);
}

/* What a file of this name says, which must be read. */
static inline const struct framework_run *read_ok(const char *text, const char *file)
{
    struct error e;
    enum status status = read_text(text, file, &e);
    if (status != STATUS_OK)
        print_error("%s\n", e.message);
    assert_int_equal(status, STATUS_OK);
    return &import.run;
}

static inline const struct framework_run *read_yaml(const char *text)
{
    return read_ok(text, "x.yaml");
}

static inline enum setting_use use_of(const char *key)
{
    const struct setting *s = settings_find(&import.configuration.settings, key);
    assert_non_null(s);
    return s->use;
}

static inline const char *value_of(const char *key)
{
    const struct setting *s = settings_find(&import.configuration.settings, key);
    assert_non_null(s);
    return import.configuration.settings.pool.data + s->value;
}

static inline bool notes(const char *what)
{
    return strstr(text_string(&import.notes), what) != NULL;
}

#endif
