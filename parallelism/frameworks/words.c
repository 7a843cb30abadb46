#include "parallelism/frameworks/words.h"
#include <string.h>

void words_free(struct words *w)
{
    text_free(&w->pool);
    *w = (struct words){.count = 0};
}

void words_clear(struct words *w)
{
    text_clear(&w->pool);
    w->count = 0;
}

static void add_n(struct words *w, const char *word, size_t n)
{
    if (w->pool.length + n >= WORDS_BYTES_MAX || w->pool.failed) {
        w->too_much = true;
        return;
    }
    text_add_n(&w->pool, word, n);
    text_add_n(&w->pool, "", 1);
    w->count += !w->pool.failed; /* what is counted is there */
    w->too_much = w->too_much || w->pool.failed;
}

void words_add(struct words *w, const char *word)
{
    add_n(w, word, strlen(word));
}

void words_add_all(struct words *w, const struct words *from)
{
    for (const char *word = words_first(from); word; word = words_next(from, word))
        words_add(w, word);
    w->too_much = w->too_much || from->too_much;
}

void words_add_split(struct words *w, const char *text)
{
    static const char blanks[] = " \t\r\n";
    for (;;) {
        text += strspn(text, blanks);
        size_t n = strcspn(text, blanks);
        if (n == 0)
            return;
        add_n(w, text, n);
        text += n;
    }
}

const char *words_first(const struct words *w)
{
    return w->count > 0 ? w->pool.data : NULL;
}

const char *words_next(const struct words *w, const char *word)
{
    word += strlen(word) + 1;
    return word < w->pool.data + w->pool.length ? word : NULL;
}

const char *words_at(const struct words *w, size_t i)
{
    const char *word = words_first(w);
    while (word && i-- > 0)
        word = words_next(w, word);
    return word;
}

void words_join(const struct words *w, struct text *out)
{
    for (const char *word = words_first(w); word; word = words_next(w, word)) {
        if (word != w->pool.data)
            text_add(out, " ");
        text_add(out, word);
    }
}
