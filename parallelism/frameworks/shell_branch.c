#include "parallelism/frameworks/shell_branch.h"
#include "base/number.h"
#include "parallelism/frameworks/settings.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { TEST_WORDS = 4 };

static enum truth truth_of(bool value)
{
    return value ? TRUTH_TRUE : TRUTH_FALSE;
}

static enum truth truth_not(enum truth a)
{
    return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_FALSE);
}

static enum truth truth_and(enum truth a, enum truth b)
{
    if (a == TRUTH_FALSE || b == TRUTH_FALSE)
        return TRUTH_FALSE;
    return a == TRUTH_TRUE && b == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

/* -eq and its like: both sides are numbers. */
static enum truth compare_numbers(const char *a, const char *op, const char *b)
{
    static const struct {
        const char *op;
        bool less, equal, more;
    } ops[] = {
        {"-eq", false, true,  false},
        {"-ne", true,  false, true },
        {"-lt", true,  false, false},
        {"-le", true,  true,  false},
        {"-gt", false, false, true },
        {"-ge", false, true,  true },
    };
    double x, y;
    struct error e;
    error_init(&e);
    if (number_parse(a, &x, &e) != STATUS_OK || number_parse(b, &y, &e) != STATUS_OK)
        return TRUTH_UNKNOWN;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(ops[i].op, op) == 0)
            return truth_of(x < y ? ops[i].less : x > y ? ops[i].more : ops[i].equal);
    }
    return TRUTH_UNKNOWN;
}

/* The words of a test without its brackets. */
static enum truth evaluate(const char *const *w, int n)
{
    for (int i = 0; i < n; i++) {
        if (value_is_unresolved(w[i]))
            return TRUTH_UNKNOWN;
    }
    if (n == 4 && strcmp(w[0], "!") == 0)
        return truth_not(evaluate(w + 1, 3));
    if (n == 3 && strcmp(w[0], "!") == 0)
        return truth_not(evaluate(w + 1, 2));
    if (n == 1)
        return truth_of(*w[0] != '\0');
    if (n == 2 && strcmp(w[0], "-n") == 0)
        return truth_of(*w[1] != '\0');
    if (n == 2 && strcmp(w[0], "-z") == 0)
        return truth_of(*w[1] == '\0');
    bool equal = n == 3 && (strcmp(w[1], "=") == 0 || strcmp(w[1], "==") == 0);
    bool unequal = n == 3 && strcmp(w[1], "!=") == 0;
    if ((equal || unequal) && !strpbrk(w[2], "*?["))
        return truth_of((strcmp(w[0], w[2]) == 0) == equal);
    return n == 3 && !equal && !unequal ? compare_numbers(w[0], w[1], w[2]) : TRUTH_UNKNOWN;
}

/* `[ ... ]`, `[[ ... ]]`, `test ...`, true, false; `[[ a && b ]]` comes in pieces. */
static enum truth test(struct shell_branches *b, const struct words *words)
{
    const char *w[TEST_WORDS], *first = words_first(words);
    int n = 0, most = TEST_WORDS;
    bool piece = b->in_test;
    bool bracket = first && (strcmp(first, "[") == 0 || strcmp(first, "[[") == 0);
    if (first && !piece && (strcmp(first, "true") == 0 || strcmp(first, "false") == 0))
        return truth_of(strcmp(first, "true") == 0);
    if (!first || (!piece && !bracket && strcmp(first, "test") != 0))
        return TRUTH_UNKNOWN;
    b->in_test = piece || strcmp(first, "[[") == 0;
    for (const char *next = piece ? first : words_next(words, first); next;
         next = words_next(words, next)) {
        bool closes = strcmp(next, "]") == 0 || strcmp(next, "]]") == 0;
        if (closes)
            b->in_test = false;
        else if (n == most)
            return TRUTH_UNKNOWN;
        else
            w[n++] = next;
    }
    return n > 0 ? evaluate(w, n) : TRUTH_UNKNOWN;
}

static struct shell_branch *top(struct shell_branches *b)
{
    return b->depth > 0 && b->depth <= BRANCHES_MAX ? &b->open[b->depth - 1] : NULL;
}

static void push(struct shell_branches *b, bool brace, bool active)
{
    if (b->depth < BRANCHES_MAX)
        b->open[b->depth] = (struct shell_branch){.brace = brace, .active = active};
    b->depth++;
    b->link = LINK_NONE;
    b->passed_over = false;
}

static bool is_open(const struct shell_branches *b)
{
    return !shell_branch_dead(b);
}

static bool begin_body(struct shell_branches *b, struct shell_branch *branch)
{
    bool undecided = branch->active && is_open(b) && b->result == TRUTH_UNKNOWN;
    if (branch->active && b->result == TRUTH_TRUE)
        branch->taken = true;
    else if (b->result == TRUTH_FALSE)
        branch->active = false;
    return undecided;
}

bool shell_branch_keyword(struct shell_branches *b, const char *word)
{
    struct shell_branch *branch = top(b);
    bool inside = branch && !branch->brace && !branch->chooses;
    const char *end = !branch || inside ? "fi" : branch->brace ? "}" : "esac";
    if (strcmp(word, "!") == 0)
        b->negated = !b->negated;
    else if (strcmp(word, "if") == 0)
        push(b, false, !b->passed_over);
    else if (strcmp(word, "{") == 0)
        push(b, true, !b->passed_over);
    else if (strcmp(word, "then") == 0 && inside)
        return begin_body(b, branch);
    else if ((strcmp(word, "else") == 0 || strcmp(word, "elif") == 0) && inside)
        branch->active = !branch->taken;
    else if (b->depth > 0 && strcmp(word, end) == 0)
        b->depth--;
    if (strcmp(word, "fi") == 0 || strcmp(word, "}") == 0 || strcmp(word, "esac") == 0)
        b->result = TRUTH_UNKNOWN;
    return false;
}

bool shell_branch_case(struct shell_branches *b, const char *subject)
{
    bool dead = shell_branch_dead(b);
    push(b, false, false);
    struct shell_branch *branch = top(b);
    if (!branch)
        return true;
    branch->chooses = branch->pattern = true;
    branch->decided = !value_is_unresolved(subject) && strlen(subject) < sizeof branch->subject;
    if (branch->decided)
        snprintf(branch->subject, sizeof branch->subject, "%s", subject);
    return !branch->decided && !dead;
}

static struct shell_branch *open_case(struct shell_branches *b)
{
    struct shell_branch *branch = top(b);
    return branch && branch->chooses ? branch : NULL;
}

bool shell_branch_in_pattern(struct shell_branches *b)
{
    const struct shell_branch *branch = open_case(b);
    return branch && branch->pattern;
}

/* A pattern that the script does not tell may be the word's, and decides no more. */
void shell_branch_pattern(struct shell_branches *b, const char *pattern)
{
    struct shell_branch *branch = open_case(b);
    if (branch && value_is_unresolved(pattern))
        branch->decided = false;
    else if (branch && branch->decided && fnmatch(pattern, branch->subject, 0) == 0)
        branch->matched = true;
}

bool shell_branch_body(struct shell_branches *b)
{
    struct shell_branch *branch = open_case(b);
    if (!branch)
        return false;
    branch->pattern = false;
    branch->active = !branch->decided || (branch->matched && !branch->taken);
    branch->taken = branch->taken || (branch->decided && branch->matched);
    branch->matched = false;
    return !branch->decided && !shell_branch_dead(b);
}

bool shell_branch_next(struct shell_branches *b)
{
    struct shell_branch *branch = open_case(b);
    if (!branch)
        return false;
    branch->pattern = true;
    branch->active = false;
    b->result = TRUTH_UNKNOWN;
    b->link = LINK_NONE;
    b->passed_over = false;
    return true;
}

bool shell_branch_dead(const struct shell_branches *b)
{
    for (int i = 0; i < b->depth && i < BRANCHES_MAX; i++) {
        if (!b->open[i].active)
            return true;
    }
    return b->passed_over;
}

void shell_branch_end(struct shell_branches *b, const struct words *words, enum shell_link next)
{
    if (!b->passed_over) {
        enum truth own = words->count > 0 ? test(b, words) : TRUTH_TRUE;
        own = b->negated ? truth_not(own) : own;
        if (b->link == LINK_AND)
            own = truth_and(b->result, own);
        else if (b->link == LINK_OR)
            own = truth_not(truth_and(truth_not(b->result), truth_not(own)));
        b->result = b->link == LINK_PIPE || next == LINK_PIPE ? TRUTH_UNKNOWN : own;
    }
    b->link = next;
    b->negated = false;
    b->passed_over = (next == LINK_AND && b->result == TRUTH_FALSE) ||
                     (next == LINK_OR && b->result == TRUTH_TRUE);
}
