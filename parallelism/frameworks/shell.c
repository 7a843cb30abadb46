#include "parallelism/frameworks/shell.h"
#include "base/fields.h"
#include "parallelism/frameworks/shell_expand.h"
#include "parallelism/frameworks/shell_lexer.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 4 };

/* Words that a command may begin with and that do not name it. */
static const char *const keywords[] = {
    "if",    "then",     "else",    "elif",    "fi",    "while", "until", "do",      "done",
    "for",   "case",     "esac",    "{",       "}",     "!",     "time",  "exec",    "export",
    "local", "readonly", "declare", "typeset", "nohup", "sudo",  "env",   "command", "set",
    "-x",    "-e",       "-ex",     "-eux",    "-u",    NULL};
static const char *const branch_words[] = {"while", "until", "for", NULL};
static const char *const shells[] = {"bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash", NULL};

static void run(struct shell *shell, const char *text, size_t n, int line, int depth);

static void assign(struct lexer *x)
{
    bool dead = shell_branch_dead(&x->branches);
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

static void keyword(struct lexer *x, const char *word)
{
    bool undecided = shell_branch_keyword(&x->branches, word);
    x->shell->branches = x->shell->branches || undecided || names_find(branch_words, word) >= 0;
    x->loop = x->loop || strcmp(word, "for") == 0;
    x->chooses = x->chooses || strcmp(word, "case") == 0;
}

static void command_word(struct lexer *x, const char *word)
{
    if (x->words.count == 0)
        x->command_line = x->line;
    words_add(&x->words, word);
}

void lexer_end_word(struct lexer *x)
{
    const char *word = x->word.data && x->word.length > 0 ? x->word.data : "";
    if (!x->in_word && x->name[0] == '\0')
        return;
    if (x->name[0] != '\0')
        assign(x);
    else if (x->skip)
        x->skip = false;
    else if (x->words.count == 0 && names_find(keywords, word) >= 0)
        keyword(x, word);
    else
        command_word(x, word);
    text_clear(&x->word);
    x->in_word = false;
}

/* The script of `bash -c SCRIPT` and of `eval`. */
static void run_inner(struct lexer *x)
{
    bool after_shell = false;
    for (const char *w = words_first(&x->words); w; w = words_next(&x->words, w)) {
        if (after_shell && w[0] == '-' && strchr(w, 'c') && w[1] != '-') {
            const char *script = words_next(&x->words, w);
            if (script)
                run(x->shell, script, strlen(script), x->command_line, x->depth + 1);
            return;
        }
        after_shell = names_find(shells, w) >= 0 || (after_shell && w[0] == '-');
    }
    const char *first = words_first(&x->words);
    if (first && strcmp(first, "eval") == 0) {
        struct text script = {0};
        words_join(&x->words, &script);
        if (script.data)
            run(x->shell, script.data + 4, script.length - 4, x->command_line, x->depth + 1);
        text_free(&script);
    }
}

/* `for NAME in FIRST ...`: the first turn stands for all. */
static void first_turn(struct lexer *x)
{
    const char *name = words_at(&x->words, 0), *first = words_at(&x->words, 2);
    if (first && strcmp(words_at(&x->words, 1), "in") == 0)
        shell_variable_set(&x->shell->variables, name, first);
}

/* What `eval` says is the script that run_inner reads, not a command of its own. */
static void start_command(struct lexer *x)
{
    const char *first = words_first(&x->words);
    bool piece = x->branches.in_test; /* of [[ a && b ]] */
    const char *last =
        first && strcmp(first, "read") == 0 ? words_at(&x->words, x->words.count - 1) : "";
    snprintf(x->reads, sizeof x->reads, "%s", last);
    if (x->shell->command && first && !piece && strcmp(first, "eval") != 0)
        x->shell->command(x->shell->context, &x->words, x->command_line);
    run_inner(x);
}

static void end_command(struct lexer *x, enum shell_link next)
{
    lexer_end_word(x);
    bool dead = shell_branch_dead(&x->branches);
    if (x->loop && !dead)
        first_turn(x);
    else if (x->words.count > 0 && !dead)
        start_command(x);
    if (x->words.count > 0 || x->assigned)
        shell_branch_end(&x->branches, &x->words, next);
    x->assigned = false;
    x->shell->too_large = x->shell->too_large || x->words.too_much;
    words_clear(&x->words);
    x->skip = x->loop = false;
}

void lexer_add_char(struct lexer *x, char c)
{
    text_add_n(&x->word, &c, 1);
    x->in_word = true;
}

char lexer_peek(const struct lexer *x, size_t ahead)
{
    return x->at + ahead < x->n ? x->s[x->at + ahead] : '\0';
}

/* What `read` takes; a backslash before the end of a line joins it to the next. */
static void read_document(struct lexer *x, const char *body, size_t n)
{
    struct text value = {0};
    for (size_t i = 0; i < n; i++) {
        bool joins = body[i] == '\\' && i + 1 < n && (body[i + 1] == '\n' || body[i + 1] == '\r');
        text_add_n(&value, joins ? " " : body + i, 1);
    }
    shell_variable_set(&x->shell->variables, x->reads, text_string(&value));
    text_free(&value);
}

/* Variables are expanded unless the delimiter was quoted. */
static void document(struct lexer *x, const char *body, size_t n, int line)
{
    struct text expanded = {0};
    if (!x->shell->document || shell_branch_dead(&x->branches))
        return;
    if (!x->literal)
        shell_expand_document(body, n, &x->shell->variables, &expanded);
    bool use = !x->literal && expanded.data && !expanded.failed;
    if (x->reads[0] != '\0')
        read_document(x, use ? expanded.data : body, use ? expanded.length : n);
    else
        x->shell->document(x->shell->context, use ? expanded.data : body, use ? expanded.length : n,
                           line);
    text_free(&expanded);
}

/* A line break: x->at is behind it. Here-documents begin there. */
static void next_line(struct lexer *x)
{
    x->line++;
    if (x->delimiter[0] == '\0')
        return;
    size_t body = x->at;
    int first = x->line;
    while (x->at < x->n) {
        size_t start = x->at, length;
        const char *end = memchr(x->s + start, '\n', x->n - start);
        length = end ? (size_t)(end - x->s) - start : x->n - start;
        size_t tabs = x->strip_tabs ? strspn(x->s + start, "\t") : 0;
        x->at = start + length + (end != NULL);
        x->line++;
        if (length >= tabs && length - tabs == strlen(x->delimiter) &&
            memcmp(x->s + start + tabs, x->delimiter, length - tabs) == 0) {
            document(x, x->s + body, start - body, first);
            break;
        }
    }
    x->delimiter[0] = '\0';
}

/* "<<EOF", "<<-'EOF'", behind the first '<'. */
static void here_document(struct lexer *x)
{
    x->at += 2;
    x->strip_tabs = lexer_peek(x, 0) == '-';
    x->at += x->strip_tabs;
    while (lexer_peek(x, 0) == ' ')
        x->at++;
    size_t n = 0;
    x->literal = false;
    for (; x->at < x->n && !strchr(" \t\n;|&)<>", x->s[x->at]); x->at++) {
        char c = x->s[x->at];
        x->literal = x->literal || c == '\'' || c == '"' || c == '\\';
        if (c != '\'' && c != '"' && c != '\\' && n + 1 < sizeof x->delimiter)
            x->delimiter[n++] = c;
    }
    x->delimiter[n] = '\0';
}

static void redirection(struct lexer *x)
{
    bool number = x->word.length == 1 && isdigit((unsigned char)x->word.data[0]);
    if (number) { /* 2>&1 */
        text_clear(&x->word);
        x->in_word = false;
    }
    lexer_end_word(x);
    if (lexer_peek(x, 0) == '<' && lexer_peek(x, 1) == '<' && lexer_peek(x, 2) != '<') {
        here_document(x);
        return;
    }
    while (x->at < x->n && strchr("<>&", x->s[x->at]))
        x->at++;
    x->skip = true;
}

static void comment(struct lexer *x)
{
    const char *end = memchr(x->s + x->at, '\n', x->n - x->at);
    size_t length = end ? (size_t)(end - x->s) - x->at : x->n - x->at;
    struct text text = {0};
    text_add_n(&text, x->s + x->at + 1, length - 1);
    if (x->shell->comment && text.data)
        x->shell->comment(x->shell->context, text.data, x->line);
    text_free(&text);
    x->at += length;
}

/* NAME=, NAME+= at the start of a command: the word is a name so far and '=' comes next. */
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

static void step(struct lexer *x);

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
            step(x);
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

static void equals(struct lexer *x)
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

static enum shell_link link_of(const struct lexer *x, char c)
{
    if (c != '&' && c != '|')
        return LINK_NONE;
    if (lexer_peek(x, 1) == c)
        return c == '&' ? LINK_AND : LINK_OR;
    return c == '|' ? LINK_PIPE : LINK_NONE;
}

/* What ends a command, or a pattern of a `case`. */
static void separator(struct lexer *x, char c)
{
    lexer_end_word(x);
    if (x->chooses)
        lexer_open_case(x);
    if (shell_branch_in_pattern(&x->branches))
        lexer_take_patterns(x, c);
    else
        end_command(x, link_of(x, c));
    if (c == ';' && lexer_peek(x, 1) == ';' && shell_branch_next(&x->branches))
        x->at++;
    x->at++;
    if (c == '\n')
        next_line(x);
}

/* Takes at least one character. */
static void step(struct lexer *x)
{
    char c = x->s[x->at];
    if (c == '\'')
        lexer_single_quoted(x);
    else if (c == '"')
        lexer_double_quoted(x);
    else if (c == '\\')
        lexer_backslash(x);
    else if (c == '$' || c == '`')
        lexer_dollar(x, false);
    else if (c == '=')
        equals(x);
    else if (c == '#' && !x->in_word)
        comment(x);
    else if (c == '<' || (c == '>') || (c == '&' && lexer_peek(x, 1) == '>'))
        redirection(x);
    else if (c == ' ' || c == '\t' || c == '\r') {
        lexer_end_word(x);
        x->at++;
    } else if (strchr("\n;&|()", c)) {
        separator(x, c);
    } else {
        lexer_add_char(x, c);
        x->at++;
    }
}

static void run(struct shell *shell, const char *text, size_t n, int line, int depth)
{
    if (depth > DEPTH_MAX) {
        shell->too_large = true;
        return;
    }
    struct lexer x = {
        .shell = shell, .s = text, .n = n, .line = line, .command_line = line, .depth = depth};
    while (x.at < x.n)
        step(&x);
    end_command(&x, LINK_NONE);
    words_free(&x.words);
    text_free(&x.word);
}

void shell_read(struct shell *shell, const char *text, size_t n)
{
    char *clean = malloc(n + 1);
    shell->too_large = !clean;
    if (!clean)
        return;
    for (size_t i = 0; i < n; i++) /* no marks of ours, no terminators */
        clean[i] = text[i] == '\0' || text[i] == '\x01' ? ' ' : text[i];
    clean[n] = '\0';
    run(shell, clean, n, 1, 0);
    free(clean);
}

void shell_free(struct shell *shell)
{
    shell_variables_free(&shell->variables);
}
