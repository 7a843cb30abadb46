#ifndef BASE_CATALOG_H
#define BASE_CATALOG_H
#include "base/embedded.h"
#include "base/error.h"
#include "base/json_read.h"

/* Descriptions by NAME, the same for gpus, systems, models and stacks: the catalog compiled into
 * the program, which a folder of the user and a path come before. */
struct catalog {
    const char *noun;   /* "gpu": what messages call an entry */
    const char *plural; /* "gpus": its folder in a --catalog folder, its word for `stepcast list` */
    const struct embedded_file *files;
};

/* Loads the entry `name`: a path (name_is_path) as it stands; else FOLDER/PLURAL/NAME.json, then
 * FOLDER/NAME.json (folder NULL: none); else the compiled-in file, in any case and with '_' for
 * '-'. NULL on error: an unknown name is STATUS_INPUT, with the nearest name and the command that
 * lists them. The caller frees the document. */
struct json *catalog_load(const struct catalog *catalog, const char *name, const char *folder,
                          struct error *e);

/* A name that stands inside a file is a catalog's: a path in a file of somebody else is not
 * followed. STATUS_INPUT for a path. */
enum status catalog_check_name(const char *name, struct error *e);

/* Names of the compiled-in files, sorted; NULL past the end. */
const char *catalog_name(const struct catalog *catalog, size_t i);

#endif
