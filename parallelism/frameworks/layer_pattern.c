#include "parallelism/frameworks/layer_pattern.h"
#include <ctype.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

struct cursor {
    const char *at;
    bool *flags;
    int n, max, depth;
    bool failed;
};

static void sum(struct cursor *c);

static void skip_blanks(struct cursor *c)
{
    c->at += strspn(c->at, " \t");
}

static int number(struct cursor *c)
{
    int value = 0;
    skip_blanks(c);
    if (!isdigit((unsigned char)*c->at))
        c->failed = true;
    while (isdigit((unsigned char)*c->at) && value <= c->max)
        value = 10 * value + (*c->at++ - '0');
    if (value > c->max)
        c->failed = true;
    skip_blanks(c);
    return c->failed ? 0 : value;
}

static void take(struct cursor *c, char expected)
{
    skip_blanks(c);
    if (*c->at != expected)
        c->failed = true;
    else
        c->at++;
    skip_blanks(c);
}

static void append(struct cursor *c, bool flag)
{
    if (c->n == c->max)
        c->failed = true;
    else
        c->flags[c->n++] = flag;
}

/* [0,1,1] */
static void list(struct cursor *c)
{
    take(c, '[');
    while (!c->failed && *c->at != ']') {
        append(c, number(c) != 0);
        if (*c->at != ']')
            take(c, ',');
    }
    take(c, ']');
}

/* A list or a sum in parentheses, times a number. */
static void product(struct cursor *c)
{
    int start = c->n;
    skip_blanks(c);
    if (++c->depth > DEPTH_MAX)
        c->failed = true;
    if (*c->at == '(' && !c->failed) {
        take(c, '(');
        sum(c);
        take(c, ')');
    } else {
        list(c);
    }
    c->depth--;
    while (!c->failed && *c->at == '*') {
        take(c, '*');
        int times = number(c), length = c->n - start;
        if (times == 0)
            c->n = start;
        for (int i = length; i < length * times && !c->failed; i++)
            append(c, c->flags[start + i % length]);
    }
}

static void sum(struct cursor *c)
{
    product(c);
    while (!c->failed && *c->at == '+') {
        take(c, '+');
        product(c);
    }
}

int layer_pattern_read(const char *pattern, bool *flags, int max)
{
    struct cursor c = {.at = pattern, .flags = flags, .max = max};
    sum(&c);
    skip_blanks(&c);
    return c.failed || *c.at != '\0' ? -1 : c.n;
}

void layer_pattern_write(const bool *flags, int n, struct text *out)
{
    text_add(out, "(");
    for (int i = 0; i < n;) {
        int end = i;
        while (end < n && flags[end] == flags[i])
            end++;
        text_addf(out, "%s[%d]*%d", i > 0 ? "+" : "", flags[i], end - i);
        i = end;
    }
    text_add(out, ")");
}
