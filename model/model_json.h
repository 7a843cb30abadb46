#ifndef MODEL_MODEL_JSON_H
#define MODEL_MODEL_JSON_H
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "model/model.h"

/* A model as it was understood, every value resolved: what a result carries so that it can be
 * repeated. Unlike a config.json it leaves nothing to a family's defaults. */

/* The rows of struct model: all of it but the kinds of layers. */
extern const struct field model_fields[];
extern const size_t model_field_count;

/* Writes member `key`. Read back, every byte of the model is the same. */
void model_write(struct json_writer *w, const char *key, const struct model *model);

/* True if an object was written by model_write; model_read then reads it. */
bool model_is_resolved(const struct json_value *object);
enum status model_read_resolved(const struct json *json, const struct json_value *object,
                                struct model *model, struct error *e);

#endif
