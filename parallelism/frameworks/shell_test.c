#include "parallelism/frameworks/shell_test.h"
#include "base/error.h"
#include "base/number.h"
#include "parallelism/frameworks/settings.h"
#include <ctype.h>
#include <string.h>

enum { WORDS_MAX = 4 };

enum truth truth_of(bool value)
{
    return value ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth truth_not(enum truth a)
{
    return a == TRUTH_UNKNOWN ? a : truth_of(a == TRUTH_FALSE);
}

enum truth truth_and(enum truth a, enum truth b)
{
    if (a == TRUTH_FALSE || b == TRUTH_FALSE)
        return TRUTH_FALSE;
    return a == TRUTH_TRUE && b == TRUTH_TRUE ? TRUTH_TRUE : TRUTH_UNKNOWN;
}

/* Names that batch systems, launchers and the login set, whatever the script says. */
static bool is_set_outside(const char *name, size_t n)
{
    static const char *const starts[] = {"SLURM",  "PBS_", "LSB_",        "OMPI_",  "PMI",
                                         "BEAKER", "RANK", "WORLD_SIZE",  "NODE_",  "LOCAL_",
                                         "MASTER", "KUBE", "HOST",        "HOME",   "USER",
                                         "PWD",    "PATH", "OLDPWD",      "SHELL",  "CONDA",
                                         "BASH",   "LD_",  "CUDA_VISIBL", "PET_",   "TORCHELASTIC",
                                         "VC_",    "MLP_", "VIRTUAL_ENV", "COBALT", "FLUX_"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t length = strlen(starts[i]);
        if (n >= length && strncmp(name, starts[i], length) == 0)
            return true;
    }
    return false;
}

/* "$NAME" or "${NAME}" behind the mark, and nothing else. */
bool shell_value_is_unset(const char *value)
{
    if (value[0] != SETTING_UNRESOLVED || value[1] != '$')
        return false;
    const char *name = value + 2 + (value[2] == '{');
    size_t n = 0;
    while (isalnum((unsigned char)name[n]) || name[n] == '_')
        n++;
    bool whole = strcmp(name + n, value[2] == '{' ? "}" : "") == 0;
    return whole && n > 0 && !isdigit((unsigned char)name[0]) && !is_set_outside(name, n);
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
    double x = 0, y = 0;
    struct error e;
    error_init(&e);
    bool empty = *a == '\0' || *b == '\0';
    if ((*a != '\0' && number_parse(a, &x, &e) != STATUS_OK) ||
        (*b != '\0' && number_parse(b, &y, &e) != STATUS_OK))
        return TRUTH_UNKNOWN;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        bool holds = x < y ? ops[i].less : x > y ? ops[i].more : ops[i].equal;
        /* an empty side is 0 between [[ ]] and fails between [ ] */
        if (strcmp(ops[i].op, op) == 0)
            return empty && holds ? TRUTH_UNKNOWN : truth_of(holds);
    }
    return TRUTH_UNKNOWN;
}

static enum truth decide(const char *const *w, int n)
{
    if ((n == 4 || n == 3) && strcmp(w[0], "!") == 0)
        return truth_not(decide(w + 1, n - 1));
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

enum truth shell_test(const char *const *words, int n, bool *assumed)
{
    static const char count[] = {SETTING_UNRESOLVED, '$', '#', '\0'};
    const char *w[WORDS_MAX] = {"", "", "", ""};
    bool any = false;
    if (n < 1 || n > WORDS_MAX)
        return TRUTH_UNKNOWN;
    for (int i = 0; i < n; i++) {
        bool unset = assumed && shell_value_is_unset(words[i]);
        w[i] = unset ? "" : strcmp(words[i], count) == 0 ? "0" : words[i];
        any = any || unset;
        if (value_is_unresolved(w[i]))
            return TRUTH_UNKNOWN;
    }
    enum truth result = decide(w, n);
    if (any && result != TRUTH_UNKNOWN)
        *assumed = true;
    return result;
}
