/* Lines are the words of a command line: parsed, they are a scenario with a strategy or choices of
 * a search, or an error with a message. What a strategy costs is finite or has a reason. */
#include "cli/scenario_options.h"
#include "parallelism/step.h"
#include "tests/fuzz/fuzz.h"
#include <math.h>
#include <string.h>

enum { WORDS_MAX = 64 };

static void check_estimate(const struct arguments *a, const struct scenario_input *input)
{
    static struct step_cost cost;
    struct strategy strategy;
    bool given[OPTIONS_MAX];
    struct error e;
    error_init(&e);
    if (strategy_input_read(a, input, &strategy, given, &e) != STATUS_OK) {
        require(e.message[0]);
        return;
    }
    step_estimate(&input->scenario, &strategy, &cost);
    require(cost.legal || cost.reason[0]);
    require(!cost.legal || (isfinite(cost.step_s) && cost.step_s > 0));
    require(!cost.legal || isfinite(cost.memory_total_bytes));
}

static void check_search(const struct arguments *a, const struct scenario_input *input)
{
    static struct search_options options;
    bool fixed[OPTIONS_MAX];
    struct error e;
    error_init(&e);
    search_options_default(&options);
    if (choices_input_read(a, input, &options, fixed, &e) != STATUS_OK)
        require(e.message[0]);
}

/* A word that would open a file is none of this target's. */
static bool opens_files(const struct arguments *a)
{
    static const char *const options[] = {"scenario", "from", "catalog", "output"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (argument_given(a, options[i]))
            return true;
    for (size_t i = 0; i < a->given_count; i++)
        if (a->given[i].value && strchr(a->given[i].value, '/'))
            return true;
    return false;
}

static void run(const struct command *command, int argc, char **argv)
{
    static struct option_table table;
    static struct scenario_input input;
    struct arguments a;
    struct error e;
    error_init(&e);
    if (table.count == 0)
        option_table_init(&table);
    memset(&a, 0, sizeof a);
    if (arguments_parse(&table, command, argc, argv, &a, &e) != STATUS_OK) {
        require(e.status == STATUS_USAGE && e.message[0]);
    } else if (!opens_files(&a)) {
        if (scenario_input_read(&a, &input, &e) != STATUS_OK)
            require(e.message[0]);
        else
            (command->id == COMMAND_ESTIMATE ? check_estimate : check_search)(&a, &input);
        scenario_input_free(&input);
    }
    arguments_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[4096];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    if (size < 1 || size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const struct command *command = command_find(text[0] % 2 ? "estimate" : "search");
    for (char *word = text + 1; word && argc < WORDS_MAX;) {
        char *end = strchr(word, '\n');
        if (end)
            *end++ = '\0';
        argv[argc++] = word;
        word = end;
    }
    run(command, argc, argv);
    return 0;
}
