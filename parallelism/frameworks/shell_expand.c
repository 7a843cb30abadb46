#include "parallelism/frameworks/shell_expand.h"
#include "parallelism/frameworks/settings.h"
#include "parallelism/frameworks/shell_arithmetic.h"
#include "parallelism/frameworks/shell_transform.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16, TEXT_MAX = 1 << 16 };

struct expander {
    struct shell_variables *variables;
    int depth;
    struct text *out;
};

static size_t name_length(const char *s, size_t n)
{
    size_t i = 0;
    if (n > 0 && isdigit((unsigned char)s[0]))
        return 1; /* $1 */
    while (i < n && (isalnum((unsigned char)s[i]) || s[i] == '_'))
        i++;
    if (i == 0 && n > 0 && strchr("@*#?$!-", s[0]))
        return 1;
    return i;
}

/* Characters up to and with the `close` that ends what `open` began; n where none does. Quotes hide
 * both. */
static size_t find_close(const char *s, size_t n, char open, char close)
{
    int depth = 1;
    char quote = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\\' && i + 1 < n) {
            i++;
        } else if (quote) {
            quote = s[i] == quote ? 0 : quote;
        } else if (s[i] == '"' || s[i] == '\'') {
            quote = s[i];
        } else if (s[i] == close) {
            if (--depth == 0)
                return i + 1;
        } else if (s[i] == open) {
            depth++;
        }
    }
    return n;
}

static void add(struct expander *x, const char *s, size_t n)
{
    if (x->out->length + n <= TEXT_MAX)
        text_add_n(x->out, s, n);
}

static void add_unresolved(struct expander *x, const char *s, size_t n)
{
    char mark = SETTING_UNRESOLVED;
    add(x, &mark, 1);
    for (size_t i = 0; i < n; i++) /* one line, one word */
        add(x, isspace((unsigned char)s[i]) ? "_" : s + i, 1);
}

/* What stands in "${...}", shown as it is written. */
static void add_braced(struct expander *x, const char *s, size_t n)
{
    add_unresolved(x, "${", 2);
    for (size_t i = 0; i < n; i++)
        add(x, isspace((unsigned char)s[i]) ? "_" : s + i, 1);
    add(x, "}", 1);
}

static bool add_variable(struct expander *x, const char *name, size_t n)
{
    const struct shell_variable *v = shell_variable_find(x->variables, name, n);
    for (const char *w = v ? words_first(&v->words) : NULL; w; w = words_next(&v->words, w)) {
        if (w != v->words.pool.data)
            add(x, " ", 1);
        add(x, w, strlen(w));
    }
    return v != NULL;
}

static bool is_set(const struct expander *x, const char *name, size_t n)
{
    const struct shell_variable *v = shell_variable_find(x->variables, name, n);
    return v && v->words.count > 0 && *words_first(&v->words) != '\0';
}

static void expand_string(const char *s, size_t n, struct shell_variables *variables, int depth,
                          struct text *out);

/* ${NAME:=default} of a name that is not set. */
static void assign_default(struct expander *x, const char *name, size_t n, const char *word,
                           size_t length)
{
    struct text value = {0};
    char variable[sizeof x->variables->items->name];
    expand_string(word, length, x->variables, x->depth + 1, &value);
    add(x, text_string(&value), value.length);
    snprintf(variable, sizeof variable, "%.*s", (int)(n < sizeof variable ? n : 0), name);
    if (!x->variables->kept && (isalpha((unsigned char)variable[0]) || variable[0] == '_'))
        shell_variable_set(x->variables, variable, text_string(&value));
    text_free(&value);
}

/* ${NAME:-default}, ${NAME-default}, ${NAME:=default}, ${NAME:+other}, ${NAME:?message} of a name
 * that is set: true if it was one. */
static bool expand_default(struct expander *x, const char *name, size_t n, const char *rest,
                           size_t length)
{
    bool colon = length > 0 && rest[0] == ':';
    char op = length > (size_t)colon ? rest[colon] : '\0';
    const char *word = rest + colon + 1;
    bool set = is_set(x, name, n);
    if (op != '-' && op != '=' && op != '+' && !(op == '?' && set))
        return false;
    size_t word_length = length - (size_t)colon - 1;
    if (set && op != '+')
        return add_variable(x, name, n);
    if (op == '=')
        assign_default(x, name, n, word, word_length);
    else if (set == (op == '+'))
        expand_string(word, word_length, x->variables, x->depth + 1, x->out);
    return true;
}

/* What stands between the brackets, s[name + 1 .. name + 1 + n): a key, or an expression where the
 * variable has no such key. */
static const char *find_element(struct expander *x, const char *s, size_t name, size_t n)
{
    struct text key = {0};
    int64_t value = 0;
    expand_string(s + name + 1, n, x->variables, x->depth + 1, &key);
    const struct shell_variable *v = shell_variable_find(x->variables, s, name);
    const char *found = v && key.data ? shell_variable_element(v, key.data) : NULL;
    if (v && !found && key.data && shell_arithmetic(key.data, x->variables, &value)) {
        text_clear(&key);
        text_addf(&key, "%" PRId64, value);
        found = shell_variable_element(v, text_string(&key));
    }
    text_free(&key);
    return found;
}

/* "[@]", "[*]", "[0]", "[$i]", "[key]" behind a name, and a default behind them. */
static struct expansion expand_element(struct expander *x, const char *s, size_t name, size_t n)
{
    struct expansion e = {.array = NULL};
    const struct shell_variable *v = shell_variable_find(x->variables, s, name);
    const char *index = s + name;
    size_t length = n - name, close = 1 + find_close(index + 1, length - 1, '[', ']');
    if (v && length == 3 && (index[1] == '@' || index[1] == '*')) {
        e.array = &v->words;
        return e;
    }
    bool ends = index[close - 1] == ']', plain = !v || !v->array;
    const char *found = v && ends && close > 2 ? find_element(x, s, name, close - 2) : NULL;
    bool otherwise = ends && close + 2 <= length && strncmp(index + close, ":-", 2) == 0;
    if (found && (close == length || otherwise))
        add(x, found, strlen(found));
    else if (otherwise)
        expand_string(index + close + 2, length - close - 2, x->variables, x->depth + 1, x->out);
    else if (plain || close != length)
        add_braced(x, s, n);
    return e;
}

/* "!NAME[@]": the first of its keys, as a loop over them begins; "#NAME[@]", "#NAME": how many. */
static bool expand_count(struct expander *x, const char *s, size_t n)
{
    size_t name = name_length(s + 1, n - 1);
    const char *rest = s + 1 + name;
    bool all = n - 1 - name == 3 && (strncmp(rest, "[@]", 3) == 0 || strncmp(rest, "[*]", 3) == 0);
    const struct shell_variable *v = shell_variable_find(x->variables, s + 1, name);
    const char *first = v ? words_first(&v->words) : NULL;
    char number[32] = "0";
    if (!first || (!all && (s[0] == '!' || name + 1 != n)) || value_is_unresolved(first))
        return false;
    if (s[0] == '!' && first[0] == '[') {
        add(x, first + 1, strcspn(first + 1, "]"));
        return true;
    }
    if (s[0] == '#')
        snprintf(number, sizeof number, "%zu", all ? v->words.count : strlen(first));
    add(x, number, strlen(number));
    return true;
}

/* "NAME,,", "NAME%pattern" and their like, of a value that is told. */
static bool expand_transformed(struct expander *x, const char *s, size_t name, size_t n)
{
    const struct shell_variable *v = shell_variable_find(x->variables, s, name);
    const char *value = v && v->words.count == 1 ? words_first(&v->words) : NULL;
    struct text changed = {0};
    bool done = value && !value_is_unresolved(value) &&
                shell_transform(value, s + name, n - name, &changed);
    if (done)
        add(x, text_string(&changed), changed.length);
    text_free(&changed);
    return done;
}

/* s[0 .. n) is what stands between the braces of ${...}. */
static struct expansion expand_braced(struct expander *x, const char *s, size_t n)
{
    struct expansion e = {.array = NULL};
    size_t name = name_length(s, n);
    if (n > 1 && (s[0] == '#' || s[0] == '!') && expand_count(x, s, n))
        return e;
    if (name == 0 || s[0] == '#' || s[0] == '!')
        add_braced(x, s, n);
    else if (name < n && s[name] == '[')
        return expand_element(x, s, name, n);
    else if (name < n &&
             (expand_default(x, s, name, s + name, n - name) || expand_transformed(x, s, name, n)))
        return e;
    else if (name < n || !add_variable(x, s, name))
        add_braced(x, s, n);
    return e;
}

/* $(( )): true if it could be computed. */
static bool expand_arithmetic(struct expander *x, const char *s, size_t n)
{
    struct text expression = {0};
    char number[32];
    int64_t value = 0;
    text_add_n(&expression, s, n);
    bool known = expression.data && shell_arithmetic(expression.data, x->variables, &value);
    if (known) {
        text_clear(&expression);
        text_addf(&expression, "%" PRId64, value);
        size_t length = expression.length < sizeof number ? expression.length : 0;
        add(x, expression.data, length);
    }
    text_free(&expression);
    return known;
}

/* $(expr A / B), \* for a product: true if it could be computed. */
static bool expand_expr(struct expander *x, const char *s, size_t n)
{
    struct text plain = {0};
    size_t start = n > 5 && memcmp(s, "expr ", 5) == 0 ? 5 : n;
    for (size_t i = start; i < n; i++) {
        if (s[i] != '\\')
            text_add_n(&plain, s + i, 1);
    }
    bool known = plain.length > 0 && expand_arithmetic(x, plain.data, plain.length);
    text_free(&plain);
    return known;
}

static struct expansion expand_dollar(struct expander *x, const char *s, size_t n)
{
    struct expansion e = {.array = NULL, .length = n};
    if (n >= 3 && s[1] == '(' && s[2] == '(') {
        size_t inner = find_close(s + 3, n - 3, '(', ')');
        e.length = 3 + inner + (3 + inner < n && s[3 + inner] == ')');
        if (inner == 0 || !expand_arithmetic(x, s + 3, inner - 1))
            add_unresolved(x, s, e.length);
    } else if (n >= 2 && s[1] == '(') {
        e.length = 2 + find_close(s + 2, n - 2, '(', ')');
        if (!expand_expr(x, s + 2, e.length - 3))
            add_unresolved(x, s, e.length);
    } else if (n >= 2 && s[1] == '{') {
        size_t length = 2 + find_close(s + 2, n - 2, '{', '}');
        e = expand_braced(x, s + 2, s[length - 1] == '}' ? length - 3 : length - 2);
        e.length = length;
    } else {
        size_t name = name_length(s + 1, n - 1);
        const struct shell_variable *all =
            name == 1 && s[1] == '@' ? shell_variable_find(x->variables, s + 1, 1) : NULL;
        e.length = 1 + name;
        e.array = all ? &all->words : NULL;
        if (all)
            return e;
        if (name == 0)
            add(x, "$", 1);
        else if (!add_variable(x, s + 1, name))
            add_unresolved(x, s, e.length);
    }
    return e;
}

struct expansion shell_expand(const char *s, size_t n, struct shell_variables *variables,
                              struct text *out)
{
    struct expander x = {variables, 0, out};
    if (s[0] == '`') {
        size_t length = 1 + find_close(s + 1, n - 1, '\0', '`');
        add_unresolved(&x, s, length);
        return (struct expansion){.length = length};
    }
    return expand_dollar(&x, s, n);
}

static void expand_text(struct expander *x, const char *s, size_t n, bool keeps_quotes)
{
    for (size_t i = 0; i < n;) {
        if (s[i] == '$' || s[i] == '`') {
            struct expansion e = s[i] == '$' ? expand_dollar(x, s + i, n - i)
                                             : shell_expand(s + i, n - i, x->variables, x->out);
            if (e.array)
                words_join(e.array, x->out);
            i += e.length;
        } else if (!keeps_quotes && (s[i] == '"' || s[i] == '\'')) {
            i++; /* quotes inside ${NAME:-"default"} */
        } else if (s[i] == '\\' && i + 1 < n && strchr("$`\"\\", s[i + 1])) {
            add(x, s + i + 1, 1);
            i += 2;
        } else {
            add(x, s + i, 1);
            i++;
        }
    }
}

/* As a double-quoted string. */
static void expand_string(const char *s, size_t n, struct shell_variables *variables, int depth,
                          struct text *out)
{
    struct expander x = {variables, depth, out};
    if (depth > DEPTH_MAX)
        add_unresolved(&x, s, n);
    else
        expand_text(&x, s, n, false);
}

void shell_expand_document(const char *s, size_t n, struct shell_variables *variables,
                           struct text *out)
{
    struct expander x = {variables, 0, out};
    expand_text(&x, s, n, true);
}
