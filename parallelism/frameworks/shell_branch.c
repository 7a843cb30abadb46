#include "parallelism/frameworks/shell_branch.h"
#include "base/fields.h"
#include "parallelism/frameworks/settings.h"
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { TEST_WORDS = 4 };

/* `[ ... ]`, `[[ ... ]]`, `test ...`, true, false; `[[ a && b ]]` comes in pieces. Without
 * arguments getopts finds none. */
static enum truth test(struct shell_branches *b, const struct words *words)
{
    const char *w[TEST_WORDS], *first = words_first(words);
    int n = 0, most = TEST_WORDS;
    bool piece = b->in_test;
    bool bracket = first && (strcmp(first, "[") == 0 || strcmp(first, "[[") == 0);
    if (first && !piece && (strcmp(first, "true") == 0 || strcmp(first, "false") == 0))
        return truth_of(strcmp(first, "true") == 0);
    if (first && !piece && strcmp(first, "getopts") == 0)
        return TRUTH_FALSE;
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
    return n > 0 ? shell_test(w, n, b->sourced ? NULL : &b->assumed) : TRUTH_UNKNOWN;
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
    b->result = branch->until ? truth_not(b->result) : b->result;
    bool undecided = branch->active && is_open(b) && b->result == TRUTH_UNKNOWN;
    if (branch->active && b->result == TRUTH_TRUE)
        branch->taken = true;
    else if (b->result == TRUTH_FALSE)
        branch->active = false;
    return undecided;
}

/* `while`, `until`, `for`, their `do` and `done`. True: the body is read, and it is not told
 * whether it runs once. */
static bool loop_keyword(struct shell_branches *b, const char *word)
{
    struct shell_branch *branch = top(b);
    bool inside = branch && branch->loop;
    bool until = strcmp(word, "until") == 0, turns = strcmp(word, "for") == 0;
    if (until || turns || strcmp(word, "while") == 0) {
        push(b, false, !b->passed_over);
        branch = top(b);
        if (branch) {
            branch->loop = true;
            branch->turns = turns;
            branch->until = until;
        }
        return false;
    }
    if (strcmp(word, "do") == 0 && inside && !branch->turns)
        return begin_body(b, branch) || is_open(b);
    if (strcmp(word, "done") == 0 && (inside || b->depth > BRANCHES_MAX)) {
        b->depth--;
        b->result = TRUTH_UNKNOWN;
    }
    return false;
}

void shell_branch_no_turn(struct shell_branches *b)
{
    struct shell_branch *branch = top(b);
    if (branch && branch->turns)
        branch->active = false;
}

bool shell_branch_keyword(struct shell_branches *b, const char *word)
{
    static const char *const loops[] = {"while", "until", "for", "do", "done", NULL};
    struct shell_branch *branch = top(b);
    bool inside = branch && !branch->brace && !branch->chooses && !branch->loop;
    const char *end = !branch || inside ? "fi" : branch->brace ? "}" : branch->loop ? "" : "esac";
    if (names_find(loops, word) >= 0)
        return loop_keyword(b, word);
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
    bool unset = !b->sourced && shell_value_is_unset(subject);
    b->assumed = b->assumed || unset;
    subject = unset ? "" : subject;
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

/* A piece of [[ ... ]] that is not looked at may be its last. */
static void pass_over(struct shell_branches *b, const struct words *words)
{
    for (const char *w = words_first(words); w; w = words_next(words, w)) {
        bool opens = w == words_first(words) && strcmp(w, "[[") == 0;
        b->in_test = strcmp(w, "]]") != 0 && (b->in_test || opens);
    }
}

void shell_branch_end(struct shell_branches *b, const struct words *words, enum shell_link next)
{
    if (b->passed_over) {
        pass_over(b, words);
    } else {
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
