#include "parallelism/frameworks/shell.h"
#include "base/fields.h"
#include "parallelism/frameworks/settings.h"
#include "parallelism/frameworks/shell_expand.h"
#include "parallelism/frameworks/shell_function.h"
#include "parallelism/frameworks/shell_lexer.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

/* Words that a command may begin with and that do not name it. */
static const char *const keywords[] = {
    "if",    "then",     "else",    "elif",    "fi",    "while", "until", "do",      "done",
    "for",   "case",     "esac",    "{",       "}",     "!",     "time",  "exec",    "export",
    "local", "readonly", "declare", "typeset", "nohup", "sudo",  "env",   "command", "set",
    "-x",    "-e",       "-ex",     "-eux",    "-u",    "-a",    "-A",    "-g",      "-i",
    "-r",    "-gA",      "-ga",     "-gi",     "-gx",   "-ax",   NULL};
static const char *const shells[] = {"bash", "sh", "/bin/bash", "/bin/sh", "/usr/bin/bash", NULL};

static void keyword(struct lexer *x, const char *word)
{
    bool undecided = shell_branch_keyword(&x->branches, word);
    x->shell->branches = x->shell->branches || undecided;
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
        lexer_assign(x);
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
                shell_run(x->shell, script, strlen(script), x->command_line, x->depth + 1);
            return;
        }
        after_shell = names_find(shells, w) >= 0 || (after_shell && w[0] == '-');
    }
    const char *first = words_first(&x->words);
    if (first && strcmp(first, "eval") == 0) {
        struct text script = {0};
        words_join(&x->words, &script);
        if (script.data)
            shell_run(x->shell, script.data + 4, script.length - 4, x->command_line, x->depth + 1);
        text_free(&script);
    }
}

/* `for NAME in $@`, `for NAME` of a script that is given no arguments, `for NAME in` nothing. */
static bool goes_over_nothing(const struct lexer *x)
{
    static const char *const arguments[] = {"$@", "$*", "${@}", "${*}", NULL};
    const char *second = words_at(&x->words, 1), *third = words_at(&x->words, 2);
    bool none = !shell_variable_find(&x->shell->variables, "@", 1);
    if (!second || strcmp(second, "do") == 0)
        return x->words.count > 0 && none;
    if (strcmp(second, "in") != 0 || x->words.count > 3)
        return false;
    return !third || (none && value_is_unresolved(third) && names_find(arguments, third + 1) >= 0);
}

/* `for NAME in FIRST ...`: the first turn stands for all. */
static void first_turn(struct lexer *x)
{
    const char *name = words_at(&x->words, 0), *first = words_at(&x->words, 2);
    if (goes_over_nothing(x)) {
        shell_branch_no_turn(&x->branches);
        return;
    }
    x->shell->branches = true;
    if (first && strcmp(words_at(&x->words, 1), "in") == 0)
        shell_variable_set(&x->shell->variables, name, first);
}

/* `set -- A B`: what $@ gives from here on. */
static void set_arguments(struct lexer *x)
{
    struct shell_variable *v = shell_variable_make(&x->shell->variables, "@", 1);
    const char *first = words_first(&x->words);
    struct words given = {.count = 0};
    for (const char *w = words_next(&x->words, first); w; w = words_next(&x->words, w))
        words_add(&given, w);
    if (v) {
        words_clear(&v->words);
        words_add_all(&v->words, &given);
        v->array = true;
        v->hidden = false;
    }
    words_free(&given);
}

/* `read NAME ...`: values that nothing here tells, but what a here-document may. */
static void read_names(struct lexer *x)
{
    static const char untold[] = {SETTING_UNRESOLVED, '$', '(', 'r', 'e', 'a', 'd', ')', '\0'};
    const char *first = words_first(&x->words);
    for (const char *w = words_next(&x->words, first); w; w = words_next(&x->words, w)) {
        if (w[0] != '-')
            shell_variable_set(&x->shell->variables, w, untold);
    }
    snprintf(x->reads, sizeof x->reads, "%s", words_at(&x->words, x->words.count - 1));
}

/* `source FILE`, but for the usual files that prepare an environment. */
static bool may_set_variables(const struct words *words)
{
    static const char *const usual[] = {"activate", "conda",   "/etc/",
                                        "bashrc",   "profile", "set_env"};
    const char *first = words_first(words), *file = words_at(words, 1);
    bool source = strcmp(first, "source") == 0 || strcmp(first, ".") == 0;
    for (size_t i = 0; source && file && i < sizeof usual / sizeof *usual; i++)
        source = strstr(file, usual[i]) == NULL;
    return source && file;
}

/* What `eval` says is the script that run_inner reads, not a command of its own. */
static void start_command(struct lexer *x)
{
    const char *first = words_first(&x->words);
    bool piece = x->branches.in_test; /* of [[ a && b ]] */
    x->reads[0] = '\0';
    if (first && strcmp(first, "read") == 0)
        read_names(x);
    if (first && strcmp(first, "--") == 0)
        set_arguments(x);
    if (first && may_set_variables(&x->words))
        x->shell->sourced = x->branches.sourced = true;
    if (first && !piece && shell_function_call(x->shell, &x->words, x->depth))
        return;
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
    if (c == '(' && !shell_branch_dead(&x->branches) && shell_function_define(x))
        return;
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

void lexer_step(struct lexer *x)
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
        lexer_equals(x);
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

void shell_run(struct shell *shell, const char *text, size_t n, int line, int depth)
{
    if (depth > DEPTH_MAX) {
        shell->too_large = true;
        return;
    }
    struct lexer x = {
        .shell = shell, .s = text, .n = n, .line = line, .command_line = line, .depth = depth};
    x.branches.sourced = shell->sourced;
    while (x.at < x.n)
        lexer_step(&x);
    end_command(&x, LINK_NONE);
    shell->assumed = shell->assumed || x.branches.assumed;
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
    shell_run(shell, clean, n, 1, 0);
    shell_functions_finish(shell);
    free(clean);
}

void shell_free(struct shell *shell)
{
    shell_variables_free(&shell->variables);
    shell_functions_free(shell);
}
