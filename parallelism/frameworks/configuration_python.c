/* Python recipes (torchtitan): assignments such as `config.parallelism.tensor_parallel_degree = 8`
 * and keyword arguments such as `parallelism=ParallelismConfig(tensor_parallel_degree=8)`, both as
 * "parallelism.tensor_parallel_degree". Values are literals and products of literals; anything else
 * is marked as unresolved. Nothing is run. */
#include "parallelism/frameworks/configuration.h"
#include "parallelism/frameworks/shell_arithmetic.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 32, KEY_MAX = 192 };

struct python {
    struct configuration *out;
    const char *s;
    size_t n, at;
    int line, depth;
    char section[DEPTH_MAX][192]; /* what each open parenthesis belongs to; "": nothing */
};

static char peek(const struct python *p, size_t ahead)
{
    return p->at + ahead < p->n ? p->s[p->at + ahead] : '\0';
}

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.';
}

static void skip_blanks(struct python *p)
{
    while (peek(p, 0) == ' ' || peek(p, 0) == '\t' || (p->depth > 0 && peek(p, 0) == '\n')) {
        p->line += peek(p, 0) == '\n';
        p->at++;
    }
}

static size_t read_name(struct python *p, char *out, size_t size)
{
    size_t n = 0;
    for (; is_name_char(peek(p, 0)); p->at++) {
        if (n + 1 < size)
            out[n++] = peek(p, 0);
    }
    out[n] = '\0';
    return n;
}

/* Past a string; its text, or NULL to drop it. Three quotes may span lines. */
static void read_string(struct python *p, struct text *out)
{
    char quote = peek(p, 0);
    bool triple = peek(p, 1) == quote && peek(p, 2) == quote;
    p->at += triple ? 3 : 1;
    while (p->at < p->n) {
        char c = peek(p, 0);
        if (c == quote && (!triple || (peek(p, 1) == quote && peek(p, 2) == quote))) {
            p->at += triple ? 3 : 1;
            return;
        }
        if (c == '\n' && !triple)
            return;
        p->line += c == '\n';
        bool escape = c == '\\' && p->at + 1 < p->n;
        p->at += escape;
        if (out && p->at < p->n && peek(p, 0) != SETTING_UNRESOLVED)
            text_add_n(out, p->s + p->at, 1);
        p->at++;
    }
}

/* The sections of the open parentheses and the name; a first name of a statement is the recipe's
 * own variable. */
static void full_key(const struct python *p, const char *name, char key[KEY_MAX])
{
    const char *dot = strchr(name, '.');
    size_t n = 0;
    key[0] = '\0';
    for (int i = 0; i < p->depth && i < DEPTH_MAX; i++) {
        if (p->section[i][0] != '\0' && n < KEY_MAX)
            n += (size_t)snprintf(key + n, KEY_MAX - n, "%s.", p->section[i]);
    }
    if (n < KEY_MAX)
        snprintf(key + n, KEY_MAX - n, "%s", p->depth == 0 && dot ? dot + 1 : name);
}

static void open_call(struct python *p, const char *section)
{
    if (p->depth < DEPTH_MAX)
        snprintf(p->section[p->depth], sizeof p->section[0], "%s", section);
    p->depth++;
    p->at++;
}

static void add(struct python *p, const char *key, const char *value, int line)
{
    settings_add(&p->out->settings, key, value, line);
}

/* The rest of an expression: to the end of the statement, or to the comma or parenthesis that ends
 * the argument. */
static void raw_expression(struct python *p, struct text *out)
{
    int nested = 0;
    for (; p->at < p->n; p->at++) {
        char c = peek(p, 0);
        if (nested == 0 && (c == ',' || c == ')' || c == ']' || (c == '\n' && p->depth == 0)))
            break;
        if (c == '#')
            break;
        nested += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
        p->line += c == '\n';
        if (c != SETTING_UNRESOLVED)
            text_add_n(out, isspace((unsigned char)c) ? " " : &c, 1);
    }
    while (out->length > 0 && out->data[out->length - 1] == ' ')
        out->data[--out->length] = '\0';
}

static void add_expression(struct python *p, const char *key, int line)
{
    struct shell_variables none = {.items = NULL};
    struct text value = {0}, shown = {0};
    int64_t number = 0;
    raw_expression(p, &value);
    const char *text = text_string(&value);
    bool plain = strspn(text, "0123456789.eE+-_") == strlen(text) && *text != '\0';
    if (strcmp(text, "True") == 0 || strcmp(text, "False") == 0)
        text_add(&shown, *text == 'T' ? "true" : "false");
    else if (plain)
        text_add(&shown, text);
    else if (shell_arithmetic(text, &none, &number))
        text_addf(&shown, "%" PRId64, number);
    else if (strcmp(text, "None") == 0)
        text_add(&shown, "none");
    else if (*text == '[' && text_ends_with(key, "converters")) /* their names tell */
        text_add(&shown, text);
    else if (*text == '{' && strcmp(key, "deepspeed_config") != 0) /* a path, or it is not read */
        text_add(&shown, text);
    else
        text_addf(&shown, "%c%s", SETTING_UNRESOLVED, text);
    add(p, key, text_string(&shown), line);
    text_free(&value);
    text_free(&shown);
}

/* Behind "name =". */
static void assignment(struct python *p, const char *name)
{
    char key[KEY_MAX], word[128];
    int line = p->line;
    full_key(p, name, key);
    skip_blanks(p);
    if (peek(p, 0) == '"' || peek(p, 0) == '\'') {
        struct text value = {0};
        read_string(p, &value);
        add(p, key, text_string(&value), line);
        text_free(&value);
        return;
    }
    size_t start = p->at;
    bool name_first = isalpha((unsigned char)peek(p, 0)) || peek(p, 0) == '_';
    if (name_first && read_name(p, word, sizeof word) > 0 && peek(p, 0) == '(') {
        add(p, key, word, line);
        open_call(p, p->depth == 0 && !strchr(name, '.') ? "" : p->depth > 0 ? name : key);
        return;
    }
    p->at = start;
    add_expression(p, key, line);
}

/* `from MODULE import NAME, NAME` */
static void import_names(struct python *p)
{
    char name[128];
    skip_blanks(p);
    read_name(p, name, sizeof name);
    add(p, "import.module", name, p->line);
    skip_blanks(p);
    read_name(p, name, sizeof name); /* import */
    while (p->at < p->n && peek(p, 0) != '\n' && peek(p, 0) != '#') {
        if (is_name_char(peek(p, 0)) && read_name(p, name, sizeof name) > 0)
            add(p, "import", name, p->line);
        else if (peek(p, 0) == '(')
            open_call(p, "import");
        else
            p->at++;
        if (p->depth > 0)
            return;
    }
}

static void statement(struct python *p)
{
    char name[128];
    read_name(p, name, sizeof name);
    if (strcmp(name, "from") == 0 && p->depth == 0) {
        import_names(p);
        return;
    }
    bool importing =
        p->depth > 0 && p->depth <= DEPTH_MAX && strcmp(p->section[p->depth - 1], "import") == 0;
    if (importing)
        add(p, "import", name, p->line);
    size_t before = p->at;
    skip_blanks(p);
    if (peek(p, 0) == '(') {
        add(p, "call", name, p->line);
        open_call(p, "");
    } else if (peek(p, 0) == '=' && peek(p, 1) != '=') {
        p->at++;
        assignment(p, name);
    } else if (p->at == before && name[0] == '\0') {
        p->at++;
    }
}

static void step(struct python *p)
{
    char c = peek(p, 0);
    if (c == '#') {
        while (p->at < p->n && peek(p, 0) != '\n')
            p->at++;
    } else if (c == '"' || c == '\'') {
        read_string(p, NULL);
    } else if (is_name_char(c)) {
        statement(p);
    } else if (c == '(') {
        open_call(p, "");
    } else {
        p->depth -= c == ')' && p->depth > 0;
        p->line += c == '\n';
        p->at++;
    }
}

void configuration_read_python(const char *text, size_t n, int line, struct configuration *out)
{
    struct python p = {.out = out, .s = text, .n = n, .line = line};
    while (p.at < p.n)
        step(&p);
}
