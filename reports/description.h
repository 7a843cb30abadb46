#ifndef REPORTS_DESCRIPTION_H
#define REPORTS_DESCRIPTION_H
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include <stdbool.h>
#include <stddef.h>

/* What `list` and `show` tell of the catalogs: one row a kind of description, one column a figure.
 */

/* A figure of a description: a number with its unit, or a word. */
struct figure {
    const char *key; /* JSON and CSV; the unit is in the name */
    const char *title;
    enum unit unit;
    int digits;
    double (*number)(const void *thing); /* NULL: a word; 0: not known */
    const char *(*word)(const void *thing);
    void (*format)(double number, struct text *out); /* as text; NULL: with its unit */
};

/* How a description is asked for. */
struct description_request {
    const char *name;    /* a catalog name or a path */
    const char *catalog; /* folder that comes first; NULL: none */
    double seq_length;   /* show model: FLOP a token are counted at it */
};

struct description_kind {
    const char *noun, *plural;     /* "model", "models" */
    const char *(*name)(size_t i); /* of the compiled-in catalog; NULL past the end */
    const struct figure *figures;  /* ended by a NULL key */
    size_t size;                   /* of the struct that find fills */
    enum status (*find)(const struct description_request *request, void *thing, struct error *e);
    void (*show_text)(const void *thing, struct text *out);
    void (*show_json)(const void *thing, struct text *out);
    const char *columns; /* what a reader of the list must know of its columns; NULL: nothing */
};
extern const struct description_kind *const description_kinds[]; /* NULL-ended */

/* The kind of that noun, singular or plural; NULL: none. */
const struct description_kind *description_kind_find(const char *noun);

enum description_format { DESCRIPTION_TEXT, DESCRIPTION_JSON, DESCRIPTION_CSV };

/* The catalog of one kind. names_only: one name a line. */
enum status description_list(const struct description_kind *kind, const char *catalog,
                             enum description_format format, bool names_only, struct text *out,
                             struct error *e);

enum status description_show(const struct description_kind *kind,
                             const struct description_request *request, bool json, struct text *out,
                             struct error *e);

#endif
