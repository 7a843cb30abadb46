#ifndef PARALLELISM_FRAMEWORKS_ROWS_H
#define PARALLELISM_FRAMEWORKS_ROWS_H
#include "parallelism/frameworks/framework.h"

/* Rows of the frameworks' tables; the kinds: framework.h. */

/* clang-format off */
#define MODEL(key, field) {key, ROW_VALUE, OBJECT_MODEL, field, NULL, NULL, false}
#define JOB(key, field) {key, ROW_VALUE, OBJECT_JOB, field, NULL, NULL, false}
#define STRATEGY(key, field) {key, ROW_VALUE, OBJECT_STRATEGY, field, NULL, NULL, false}
#define SWITCH(key, object, field, value) {key, ROW_SWITCH, object, field, value, NULL, false}
#define OVERLAP(key, name) {key, ROW_BIT, OBJECT_STRATEGY, "overlaps", name, NULL, false}
#define GROUP(key) {key, ROW_GROUP, OBJECT_NONE, NULL, NULL, NULL, false}
#define NEUTRAL(key) {key, ROW_NEUTRAL, OBJECT_NONE, NULL, NULL, NULL, false}
#define UNMODELLED(key, assumed) {key, ROW_UNMODELLED, OBJECT_NONE, NULL, assumed, NULL, false}
/* Values in the framework's own words. */
#define WORDED(key, object, field, words) {key, ROW_VALUE, object, field, NULL, words, false}
#define UNMODELLED_WORDED(key, assumed, words) \
    {key, ROW_UNMODELLED, OBJECT_NONE, NULL, assumed, words, false}
/* Read, never written: older names, and what the stack tells. */
#define READ(key, object, field) {key, ROW_VALUE, object, field, NULL, NULL, true}
#define READ_WORDED(key, object, field, words) {key, ROW_VALUE, object, field, NULL, words, true}
#define READ_SWITCH(key, object, field, value) {key, ROW_SWITCH, object, field, value, NULL, true}
#define READ_OVERLAP(key, name) {key, ROW_BIT, OBJECT_STRATEGY, "overlaps", name, NULL, true}
#define UNLESS(key, field, value) {key, ROW_UNLESS, OBJECT_STACK, field, value, NULL, true}
/* clang-format on */

#endif
