/* `case WORD in PATTERN | PATTERN) ... ;; esac` */
#include "parallelism/frameworks/settings.h"
#include "parallelism/frameworks/shell_lexer.h"
#include <string.h>

/* `case WORD in`, of which WORD may be empty and a pattern may follow. */
void lexer_open_case(struct lexer *x)
{
    const char *first = words_at(&x->words, 0), *second = words_at(&x->words, 1);
    bool one = second && strcmp(second, "in") == 0;
    bool empty = !one && first && strcmp(first, "in") == 0;
    static const char untold[] = {SETTING_UNRESOLVED, '\0'};
    bool undecided = shell_branch_case(&x->branches, one ? first : empty ? "" : untold);
    x->shell->branches = x->shell->branches || undecided;
    for (size_t i = one ? 2 : 1; (one || empty) && i < x->words.count; i++)
        shell_branch_pattern(&x->branches, words_at(&x->words, i));
    words_clear(&x->words);
    x->chooses = false;
}

/* Patterns of a `case` end at '|', ')' or a line's end. */
void lexer_take_patterns(struct lexer *x, char c)
{
    for (const char *w = words_first(&x->words); w; w = words_next(&x->words, w))
        shell_branch_pattern(&x->branches, w);
    words_clear(&x->words);
    if (c == ')')
        x->shell->branches |= shell_branch_body(&x->branches);
}
