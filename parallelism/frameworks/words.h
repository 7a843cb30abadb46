#ifndef PARALLELISM_FRAMEWORKS_WORDS_H
#define PARALLELISM_FRAMEWORKS_WORDS_H
#include "base/text.h"
#include <stdbool.h>

/* A list of words, each ended by '\0' in one pool. */
struct words {
    struct text pool;
    size_t count;
    bool too_much; /* more than WORDS_BYTES_MAX: later words are dropped */
};

enum { WORDS_BYTES_MAX = 1 << 16 };

void words_free(struct words *w);
void words_clear(struct words *w);
void words_add(struct words *w, const char *word);
void words_add_all(struct words *w, const struct words *from);
/* Splits at blanks. */
void words_add_split(struct words *w, const char *text);
const char *words_at(const struct words *w, size_t i); /* walks: for short lists */
const char *words_first(const struct words *w);        /* NULL: none */
/* The word after `word` in the pool; NULL at the end. */
const char *words_next(const struct words *w, const char *word);
/* All words with blanks between them. */
void words_join(const struct words *w, struct text *out);

#endif
