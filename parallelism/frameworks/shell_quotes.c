#include "parallelism/frameworks/shell_expand.h"
#include "parallelism/frameworks/shell_lexer.h"
#include <ctype.h>
#include <string.h>

void lexer_single_quoted(struct lexer *x)
{
    x->in_word = true;
    for (x->at++; x->at < x->n && x->s[x->at] != '\''; x->at++) {
        x->line += x->s[x->at] == '\n';
        lexer_add_char(x, x->s[x->at]);
    }
    x->at++;
}

/* An unquoted value: split at blanks. */
static void add_split(struct lexer *x, const char *value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (isspace((unsigned char)value[i]))
            lexer_end_word(x);
        else
            lexer_add_char(x, value[i]);
    }
}

/* "${NAME[@]}" gives the words of an array, unquoted they are split too. */
static void add_array(struct lexer *x, const struct words *array, bool quoted)
{
    x->in_word = x->in_word && (array->count > 0 || x->word.length > 0);
    for (const char *w = words_first(array); w; w = words_next(array, w)) {
        if (quoted) {
            text_add(&x->word, w);
            x->in_word = true;
        } else {
            add_split(x, w, strlen(w));
        }
        if (words_next(array, w))
            lexer_end_word(x);
    }
}

/* Between [[ and ]] no value is split. */
static bool is_in_test(const struct lexer *x)
{
    const char *first = words_first(&x->words);
    return x->branches.in_test || (first && strcmp(first, "[[") == 0);
}

void lexer_dollar(struct lexer *x, bool quoted)
{
    quoted = quoted || is_in_test(x);
    struct text value = {0};
    x->shell->variables.kept = shell_branch_dead(&x->branches);
    struct expansion e = shell_expand(x->s + x->at, x->n - x->at, &x->shell->variables, &value);
    for (size_t i = 0; i < e.length; i++)
        x->line += x->s[x->at + i] == '\n';
    x->at += e.length;
    if (e.array && x->name[0] == '\0' && !x->skip) {
        add_array(x, e.array, quoted);
    } else if (e.array) {
        words_join(e.array, &x->word);
        x->in_word = true;
    } else if (quoted || x->name[0] != '\0' || !value.data) {
        text_add(&x->word, text_string(&value));
        x->in_word = x->in_word || quoted || value.length > 0;
    } else {
        add_split(x, value.data, value.length);
    }
    text_free(&value);
}

void lexer_double_quoted(struct lexer *x)
{
    x->in_word = true;
    x->at++;
    while (x->at < x->n && x->s[x->at] != '"') {
        char c = x->s[x->at];
        if (c == '$' || c == '`') {
            lexer_dollar(x, true);
        } else if (c == '\\' && (lexer_peek(x, 1) == '\n' || lexer_peek(x, 1) == '\r')) {
            lexer_backslash(x);
        } else if (c == '\\' && x->at + 1 < x->n && strchr("$`\"\\", x->s[x->at + 1])) {
            lexer_add_char(x, x->s[x->at + 1]);
            x->at += 2;
        } else {
            x->line += c == '\n';
            lexer_add_char(x, c);
            x->at++;
        }
    }
    x->at++;
}

void lexer_backslash(struct lexer *x)
{
    if (lexer_peek(x, 1) == '\n') {
        x->line++;
        x->at += 2;
    } else if (lexer_peek(x, 1) == '\r' && lexer_peek(x, 2) == '\n') {
        x->line++;
        x->at += 3;
    } else {
        if (x->at + 1 < x->n)
            lexer_add_char(x, x->s[x->at + 1]);
        x->at += 2;
    }
}
