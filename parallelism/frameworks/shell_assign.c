/* Assignments: NAME=value, NAME+=value, NAME=(words), NAME[key]=value. */
#include "parallelism/frameworks/shell_lexer.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* NAME[key]=value: one more element. */
static bool assign_element(struct lexer *x, bool dead)
{
    char *key = strchr(x->name, '[');
    if (!key)
        return false;
    struct shell_variable *v =
        dead ? NULL : shell_variable_make(&x->shell->variables, x->name, (size_t)(key - x->name));
    struct text word = {0};
    text_addf(&word, "%s=%s", key, text_string(&x->word));
    if (v)
        words_add(&v->words, text_string(&word));
    text_free(&word);
    x->name[0] = '\0';
    x->assigned = true;
    return true;
}

void lexer_assign(struct lexer *x)
{
    bool dead = shell_branch_dead(&x->branches);
    if (assign_element(x, dead))
        return;
    struct shell_variable *v =
        dead ? NULL : shell_variable_make(&x->shell->variables, x->name, strlen(x->name));
    const char *value = text_string(&x->word);
    x->name[0] = '\0';
    x->assigned = true;
    if (!v)
        return;
    struct text whole = {0};
    if (x->append)
        words_join(&v->words, &whole);
    text_add(&whole, value);
    words_clear(&v->words);
    words_add(&v->words, text_string(&whole));
    v->array = false;
    text_free(&whole);
}

/* NAME=, NAME+=, NAME[key]= at the start of a command: the word is a name so far and '=' comes
 * next. */
static bool begins_assignment(const struct lexer *x)
{
    const char *w = x->word.data;
    size_t n = x->word.length;
    if (x->words.count > 0 || x->skip || x->name[0] != '\0' || !x->in_word || n == 0)
        return false;
    if (w[n - 1] == '+')
        n--;
    if (n == 0 || n >= sizeof x->name || isdigit((unsigned char)w[0]))
        return false;
    const char *element = n > 2 && w[n - 1] == ']' ? memchr(w, '[', n) : NULL;
    n = element ? (size_t)(element - w) : n;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)w[i]) && w[i] != '_')
            return false;
    }
    return true;
}

static void array_assignment(struct lexer *x, const struct words *words)
{
    bool dead = shell_branch_dead(&x->branches);
    struct shell_variable *v =
        dead ? NULL : shell_variable_make(&x->shell->variables, x->name, strlen(x->name));
    x->assigned = true;
    if (v && !x->append)
        words_clear(&v->words);
    if (v)
        words_add_all(&v->words, words);
    if (v)
        v->array = true;
    x->name[0] = '\0';
    text_clear(&x->word);
    x->in_word = false;
}

/* ( words ) behind NAME=; x->at is at the parenthesis. */
static void array_words(struct lexer *x)
{
    struct words before = x->words;
    char name[sizeof x->name];
    memcpy(name, x->name, sizeof name);
    x->name[0] = '\0';
    x->words = (struct words){.count = 0};
    words_add(&x->words, ""); /* no command starts here: no keyword, no assignment */
    x->at++;
    while (x->at < x->n && x->s[x->at] != ')') {
        if (x->s[x->at] == '\n') {
            lexer_end_word(x);
            x->at++;
            x->line++;
        } else if (strchr(";&|(", x->s[x->at])) {
            lexer_add_char(x, x->s[x->at++]);
        } else {
            lexer_step(x);
        }
    }
    lexer_end_word(x);
    x->at++;
    struct words found = {.count = 0};
    const char *w = words_first(&x->words);
    for (w = w ? words_next(&x->words, w) : NULL; w; w = words_next(&x->words, w))
        words_add(&found, w);
    words_free(&x->words);
    x->words = before;
    memcpy(x->name, name, sizeof name);
    array_assignment(x, &found);
    words_free(&found);
}

void lexer_equals(struct lexer *x)
{
    if (!begins_assignment(x)) {
        lexer_add_char(x, '=');
        x->at++;
        return;
    }
    size_t n = x->word.length;
    x->append = x->word.data[n - 1] == '+';
    snprintf(x->name, sizeof x->name, "%.*s", (int)(n - x->append), x->word.data);
    text_clear(&x->word);
    x->in_word = false;
    x->at++;
    if (lexer_peek(x, 0) == '(')
        array_words(x);
}
