#include "parallelism/frameworks/shell_arithmetic.h"
#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

struct cursor {
    const char *at;
    const struct shell_variables *variables;
    int depth;
    bool failed;
};

static const int64_t limit = INT64_C(1) << 40; /* products of two stay in range */

static int64_t sum(struct cursor *c);

static void skip_blanks(struct cursor *c)
{
    c->at += strspn(c->at, " \t\r\n");
}

static int64_t checked(struct cursor *c, int64_t value)
{
    if (value > limit || value < -limit)
        c->failed = true;
    return c->failed ? 0 : value;
}

static int64_t digits(struct cursor *c)
{
    int64_t value = 0;
    if (!isdigit((unsigned char)*c->at))
        c->failed = true;
    while (isdigit((unsigned char)*c->at) && !c->failed)
        value = checked(c, 10 * value + (*c->at++ - '0'));
    return value;
}

/* "NAME", "$NAME", "${NAME}": the number it is assigned. */
static int64_t named(struct cursor *c)
{
    bool braced = false;
    if (*c->at == '$') {
        c->at++;
        braced = *c->at == '{';
        c->at += braced;
    }
    size_t n = 0;
    while (isalnum((unsigned char)c->at[n]) || c->at[n] == '_')
        n++;
    const struct shell_variable *v = shell_variable_find(c->variables, c->at, n);
    c->at += n;
    if (braced && *c->at != '}')
        c->failed = true;
    else
        c->at += braced;
    const char *word = v && v->words.count == 1 ? words_first(&v->words) : "";
    struct cursor inner = {.at = word, .variables = c->variables, .depth = c->depth};
    int64_t value = *word != '\0' ? digits(&inner) : 0;
    if (*word == '\0' || inner.failed || *inner.at != '\0')
        c->failed = true;
    return value;
}

static int64_t atom(struct cursor *c)
{
    skip_blanks(c);
    if (c->failed || ++c->depth > DEPTH_MAX) {
        c->failed = true;
        return 0;
    }
    int64_t value = 0;
    if (*c->at == '(') {
        c->at++;
        value = sum(c);
        skip_blanks(c);
        if (*c->at != ')')
            c->failed = true;
        else
            c->at++;
    } else if (*c->at == '-') {
        c->at++;
        value = -atom(c);
    } else if (isdigit((unsigned char)*c->at)) {
        value = digits(c);
    } else {
        value = named(c);
    }
    c->depth--;
    skip_blanks(c);
    return value;
}

/* "2**3"; the exponent is small, so that the product stays in range. */
static int64_t power(struct cursor *c)
{
    int64_t base = atom(c), value = base;
    if (c->failed || c->at[0] != '*' || c->at[1] != '*')
        return base;
    c->at += 2;
    int64_t exponent = power(c);
    if (exponent < 0 || exponent > 40 || base > 1024 || base < -1024)
        c->failed = true;
    value = 1;
    for (int64_t i = 0; i < exponent && !c->failed; i++)
        value = checked(c, value * base);
    return value;
}

static int64_t product(struct cursor *c)
{
    int64_t value = power(c);
    while (!c->failed && (*c->at == '*' || *c->at == '/' || *c->at == '%')) {
        char op = *c->at++;
        int64_t right = power(c);
        if (op != '*' && right == 0) {
            c->failed = true;
            break;
        }
        if (op == '*' && right != 0 &&
            (value > limit / (right < 0 ? -right : right) ||
             value < -limit / (right < 0 ? -right : right)))
            c->failed = true;
        else
            value = op == '*' ? value * right : op == '/' ? value / right : value % right;
    }
    return value;
}

static int64_t sum(struct cursor *c)
{
    int64_t value = product(c);
    while (!c->failed && (*c->at == '+' || *c->at == '-')) {
        char op = *c->at++;
        int64_t right = product(c);
        value = checked(c, op == '+' ? value + right : value - right);
    }
    return value;
}

bool shell_arithmetic(const char *expression, const struct shell_variables *variables,
                      int64_t *value)
{
    struct cursor c = {.at = expression, .variables = variables};
    int64_t result = sum(&c);
    skip_blanks(&c);
    if (c.failed || *c.at != '\0')
        return false;
    *value = result;
    return true;
}
