#include "parallelism/frameworks/shell_function.h"
#include "base/array.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CALLS_MAX bounds functions that call each other. */
enum { FUNCTIONS_MAX = 64, CALLS_MAX = 200, NAMES = 11 };

static const char *const positional[NAMES] = {"1", "2", "3", "4", "5", "6",
                                              "7", "8", "9", "@", "#"};

static struct shell_function *find(const struct shell *shell, const char *name)
{
    for (size_t i = shell->function_count; i-- > 0;) {
        if (strcmp(shell->functions[i].name, name) == 0)
            return &shell->functions[i];
    }
    return NULL;
}

static bool is_name(const char *word)
{
    size_t n = 0;
    while (isalnum((unsigned char)word[n]) || word[n] == '_' || word[n] == '-')
        n++;
    return n > 0 && n < sizeof((struct shell_function *)NULL)->name && word[n] == '\0';
}

/* Columns before the first word of the line that holds s[at]. */
static size_t indent_at(const char *s, size_t at)
{
    size_t start = at, n = 0;
    while (start > 0 && s[start - 1] != '\n')
        start--;
    while (s[start + n] == ' ' || s[start + n] == '\t')
        n++;
    return n;
}

/* Where the body that begins at `from` ends; n: not found. */
static size_t find_end(const struct lexer *x, size_t from, size_t indent)
{
    const char *end_of_line = memchr(x->s + from, '\n', x->n - from);
    size_t line_end = end_of_line ? (size_t)(end_of_line - x->s) : x->n;
    size_t last = line_end;
    while (last > from && isspace((unsigned char)x->s[last - 1]))
        last--;
    if (last > from + 1 && x->s[last - 1] == '}' && strchr("; \t", x->s[last - 2]))
        return last - 1;
    for (size_t at = line_end; at < x->n; at++) {
        if (x->s[at] != '\n')
            continue;
        size_t blanks = strspn(x->s + at + 1, " \t"), brace = at + 1 + blanks;
        if (brace < x->n && x->s[brace] == '}' && blanks <= indent)
            return brace;
    }
    return x->n;
}

static struct shell_function *add_function(struct shell *shell, const char *name)
{
    struct shell_function *found = find(shell, name);
    if (found || shell->function_count == FUNCTIONS_MAX) {
        if (found)
            text_clear(&found->body);
        return found;
    }
    struct shell_function *all =
        array_grow(shell->functions, shell->function_count, &shell->function_capacity, sizeof *all);
    if (!all)
        return NULL;
    shell->functions = all;
    struct shell_function *f = &all[shell->function_count++];
    memset(f, 0, sizeof *f);
    snprintf(f->name, sizeof f->name, "%s", name);
    return f;
}

static int lines_between(const char *s, size_t from, size_t to)
{
    int lines = 0;
    for (size_t i = from; i < to; i++)
        lines += s[i] == '\n';
    return lines;
}

bool shell_function_define(struct lexer *x)
{
    const char *name = words_at(&x->words, x->words.count > 0 ? x->words.count - 1 : 0);
    bool named = x->words.count == 1 ||
                 (x->words.count == 2 && strcmp(words_first(&x->words), "function") == 0);
    size_t at = x->at + 1 + strspn(x->s + x->at + 1, " \t");
    if (!named || !is_name(name) || x->s[at] != ')')
        return false;
    at += 1;
    at += strspn(x->s + at, " \t\r\n");
    if (x->s[at] != '{' || !isspace((unsigned char)x->s[at + 1]))
        return false;
    size_t end = find_end(x, at + 1, indent_at(x->s, x->at));
    struct shell_function *f = end < x->n ? add_function(x->shell, name) : NULL;
    if (!f)
        return false;
    f->line = x->line + lines_between(x->s, x->at, at);
    text_add_n(&f->body, x->s + at + 1, end - at - 1);
    x->line += lines_between(x->s, x->at, end);
    x->at = end + 1;
    words_clear(&x->words);
    return true;
}

/* $1 ... of a call: each name's words as they were go to `before`. */
static void give(struct shell *shell, const struct words *words, struct shell_variable *before)
{
    const char *w = words_next(words, words_first(words));
    for (int i = 0; i < NAMES; i++) {
        bool known = shell_variable_find(&shell->variables, positional[i], 1) != NULL;
        struct shell_variable *v = shell_variable_make(&shell->variables, positional[i], 1);
        before[i] = (struct shell_variable){.hidden = true};
        if (!v)
            continue;
        before[i].words = v->words;
        before[i].hidden = !known;
        *v = (struct shell_variable){.array = positional[i][0] == '@'};
        memcpy(v->name, positional[i], 2);
        char number[32];
        snprintf(number, sizeof number, "%zu", words->count - 1);
        if (positional[i][0] == '#')
            words_add(&v->words, number);
        for (const char *all = w; all && positional[i][0] == '@'; all = words_next(words, all))
            words_add(&v->words, all);
    }
    for (int i = 0; i < 9 && w; i++, w = words_next(words, w)) {
        struct shell_variable *v = shell_variable_find(&shell->variables, positional[i], 1);
        if (v)
            words_add(&v->words, w);
    }
}

static void take_back(struct shell *shell, struct shell_variable *before)
{
    for (int i = 0; i < NAMES; i++) {
        struct shell_variable *v = shell_variable_find(&shell->variables, positional[i], 1);
        if (!v) {
            words_free(&before[i].words);
            continue;
        }
        words_free(&v->words);
        v->words = before[i].words;
        v->hidden = before[i].hidden;
    }
}

bool shell_function_call(struct shell *shell, const struct words *words, int depth)
{
    struct shell_function *f = find(shell, words_first(words));
    if (!f)
        return false;
    f->called = true;
    if (shell->calls++ >= CALLS_MAX) {
        shell->too_large = true;
        return true;
    }
    struct shell_variable before[NAMES];
    struct text body = {0};
    text_add(&body, text_string(&f->body));
    give(shell, words, before);
    shell_run(shell, text_string(&body), body.length, f->line, depth + 1);
    take_back(shell, before);
    text_free(&body);
    return true;
}

void shell_functions_finish(struct shell *shell)
{
    for (size_t i = 0; i < shell->function_count; i++) {
        struct text body = {0};
        bool unread = !shell->functions[i].called;
        text_add(&body, text_string(&shell->functions[i].body));
        if (unread)
            shell_run(shell, text_string(&body), body.length, shell->functions[i].line, 0);
        text_free(&body);
    }
}

void shell_functions_free(struct shell *shell)
{
    for (size_t i = 0; i < shell->function_count; i++)
        text_free(&shell->functions[i].body);
    free(shell->functions);
    shell->functions = NULL;
    shell->function_count = shell->function_capacity = 0;
}
