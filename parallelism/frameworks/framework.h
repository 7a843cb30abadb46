#ifndef PARALLELISM_FRAMEWORKS_FRAMEWORK_H
#define PARALLELISM_FRAMEWORKS_FRAMEWORK_H
#include "parallelism/frameworks/launch.h"
#include "parallelism/frameworks/settings.h"
#include "parallelism/step.h"

/* A training framework as data: one row a key of its configuration. The same rows read a run's
 * configuration and write one. */

/* A run as a framework's configuration gives it. */
struct framework_run {
    struct scenario scenario; /* of its system: gpus and gpus_per_node alone; 0: not told */
    struct strategy strategy;
    char model_name[96]; /* a catalog name; "": the model's dimensions are given, or nothing is */
    bool model_given;    /* the scenario's model is complete */
    bool seq_length_given, global_batch_given;
    bool micro_batch_open; /* another's to tell: the global batch is of micro-batches of 1 */
};

/* What a row's field belongs to. */
enum framework_object { OBJECT_MODEL, OBJECT_JOB, OBJECT_STRATEGY, OBJECT_STACK, OBJECT_NONE };

enum row_kind {
    ROW_VALUE,      /* the field takes the value */
    ROW_SWITCH,     /* on: the field takes row.value */
    ROW_UNLESS,     /* off: the field takes row.value; never written */
    ROW_BIT,        /* on: row.value is among the field's names; off: it is not */
    ROW_GROUP,      /* a group's function reads and writes it */
    ROW_NEUTRAL,    /* changes no cost. A '*' at the key's end stands for any rest */
    ROW_UNMODELLED, /* changes the cost, not modelled: row.value says what is assumed */
};

/* A key that sets several fields has a row for each, one behind another. */
struct framework_row {
    const char *key;
    enum row_kind kind;
    enum framework_object object;
    const char *field;             /* key of the object's field table */
    const char *value;             /* see the kinds */
    const char *const (*words)[2]; /* {theirs, ours} ... {NULL}: where the values differ */
    bool read_only;                /* an older name: never written */
};

struct framework;

/* Reading: settings into a run. */
struct framework_reader {
    const struct framework *framework;
    struct settings *settings;
    struct framework_run *run;
    struct error *e;
    struct text *notes; /* assumptions, a line each */
};

/* The value of a key, marked as read; NULL: not given, or given as none. `key` has no section: a
 * key of the framework's section is found by its last part. */
const char *reading_value(struct framework_reader *r, const char *key);
/* Given, as none. */
bool reading_is_none(struct framework_reader *r, const char *key);
/* As a switch: true, or the key alone. */
bool reading_switch(struct framework_reader *r, const char *key);
/* As a whole number; 0: not given, or 0, which switches many things off. Sets the error where it
 * is anything else. */
int reading_number(struct framework_reader *r, const char *key);
/* The same of what is at least 1 where it is given: sequences, steps, heads. */
int reading_count(struct framework_reader *r, const char *key);
/* The same of a degree or a count: 1 where it is not given. */
int reading_degree(struct framework_reader *r, const char *key);
/* STATUS_INPUT about a key. */
enum status reading_error(struct framework_reader *r, const char *key, const char *format, ...)
    STEPCAST_PRINTF(3, 4);

/* Writing: a run into settings. */
struct framework_writer {
    const struct framework *framework;
    const struct framework_run *run;
    const struct framework_run *defaults; /* what the framework takes where nothing is written */
    struct settings *settings;
    struct error *e;
    bool named; /* the model is written as a name */
};
void writer_put(struct framework_writer *w, const char *key, const char *value);
void writer_putf(struct framework_writer *w, const char *key, const char *format, ...)
    STEPCAST_PRINTF(3, 4);
/* STATUS_NO: the framework cannot express it. */
enum status writer_refuse(struct framework_writer *w, const char *format, ...)
    STEPCAST_PRINTF(2, 3);

/* Several keys that together are one thing: read after the rows, written before them. */
struct framework_group {
    enum status (*read)(struct framework_reader *r);
    enum status (*write)(struct framework_writer *w);
};

/* Sections that the framework's keys stand under, where keys are dotted. */
struct framework_section {
    const char *key, *section; /* "": none */
    const char *name;          /* the framework's own for the key; NULL: the same */
};

/* A value of a strategy's key. */
struct framework_value {
    const char *key, *value;
};

struct framework {
    const char *name, *title; /* "megatron-lm", "Megatron-LM" */
    const char *stack;        /* catalog name */
    const struct framework_row *rows;
    size_t row_count;
    const struct framework_group *groups;     /* ended by {NULL} */
    const struct framework_section *sections; /* ended by {NULL}; NULL: flat keys */
    void (*defaults)(struct framework_run *run);
    /* Of these keys it can express these values alone; ended by {NULL}; NULL: no such key */
    const struct framework_value *only;
    bool write_all; /* its own defaults are not known: every row is written */
    /* Sets *named: whether the model is written as a name of the framework's, not by its
     * dimensions. STATUS_IO out of memory. NULL: by its dimensions. */
    enum status (*names_model)(const struct framework_run *run, bool *named, struct error *e);
    /* How many GPUs the settings themselves tell, where no launch command does; NULL: they do not.
     */
    void (*launch)(struct framework_reader *r, struct launch *launch);
    bool read_only; /* never written */
    /* The catalog's stack that settings tell of, another than `stack`; NULL: none does. */
    const char *(*stack_of)(const struct settings *settings);
};
extern const struct framework *const frameworks[]; /* NULL-ended */
/* Of those that are written; NULL: none is called so. */
const struct framework *framework_find(const char *name);

/* For `names_model`, of a framework that knows models by name alone. */
enum status framework_names_models(const struct framework_run *run, bool *named, struct error *e);

/* The row of a field of the object's field table. */
const struct field *framework_field(enum framework_object object, const char *key);

/* The row that explains a key (a '*' row last), or NULL. */
const struct framework_row *framework_row_of(const struct framework *framework, const char *key);

/* A run as the framework starts without any setting; its stack of that name (NULL: the framework's)
 * from the catalog. */
enum status framework_run_init(const struct framework *framework, const char *stack,
                               const char *catalog, struct framework_run *run, struct error *e);
/* Settings into the run: rows, then groups. Marks the use of each setting. */
enum status framework_read(struct framework_reader *r);
/* The run into settings. STATUS_NO with the reason where it cannot be expressed. */
enum status framework_write(struct framework_writer *w);

#endif
