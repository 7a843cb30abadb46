#include "cli/arguments.h"
#include "base/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The walk over argv. */
struct walk {
    int argc, next;
    char **argv;
    struct arguments *out;
    struct error *e;
};

struct name_list {
    char text[512][64];
    const char *name[512];
    size_t count;
};

static void collect_name(void *context, const char *name, size_t n)
{
    struct name_list *list = context;
    if (list->count == sizeof list->name / sizeof *list->name || n >= sizeof *list->text)
        return;
    memcpy(list->text[list->count], name, n);
    list->text[list->count][n] = '\0';
    list->name[list->count] = list->text[list->count];
    list->count++;
}

static enum status unknown_option(const struct arguments *a, const char *name, size_t n,
                                  struct error *e)
{
    unsigned own = 1u << a->command->id;
    struct name_list *list = calloc(1, sizeof *list);
    error_set(e, STATUS_USAGE, "unknown option --%.*s", (int)n, name);
    const struct option *elsewhere = option_find(a->table, ~0u, name, n);
    if (elsewhere) {
        error_set_hint(e, "it is no option of stepcast %s; see stepcast %s --help",
                       a->command->name, a->command->name);
    } else if (list) {
        for (size_t i = 0; i < a->table->count; i++) {
            if ((a->table->row[i].commands & own) != 0)
                option_names(&a->table->row[i], collect_name, list);
        }
        char word[64];
        snprintf(word, sizeof word, "%.*s", (int)n, name);
        const char *nearest = nearest_name(word, list->name, list->count);
        if (nearest)
            error_set_hint(e, "did you mean --%s?", nearest);
        else
            error_set_hint(e, "stepcast %s --help lists the options", a->command->name);
    }
    free(list);
    return e->status;
}

static void add_given(struct arguments *out, const struct option *option, const char *value)
{
    out->given[out->given_count++] = (struct given){option, value};
}

/* Takes the value of `option` from after the '=' or from the next word. */
static enum status take_value(struct walk *w, const struct option *option, const char *equals)
{
    bool next_is_value =
        w->next < w->argc && (w->argv[w->next][0] != '-' || w->argv[w->next][1] == '\0');
    const char *value = equals ? equals + 1 : NULL;
    switch (option->kind) {
    case OPTION_SWITCH:
        if (value)
            return error_set(w->e, STATUS_USAGE, "--%s takes no value", option->name);
        break;
    case OPTION_BOOL:
        if (!value)
            value = "true";
        break;
    case OPTION_VALUE:
        if (!value && w->next == w->argc) {
            error_set(w->e, STATUS_USAGE, "--%s needs a value (%s)", option->name,
                      option->argument);
            return w->e->status;
        }
        if (!value)
            value = w->argv[w->next++];
        break;
    case OPTION_OPTIONAL:
        if (!value && next_is_value)
            value = w->argv[w->next++];
        break;
    }
    add_given(w->out, option, value);
    return STATUS_OK;
}

/* --name, --name=value, --name value, --no-name. */
static enum status parse_long(struct walk *w, const char *word)
{
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    unsigned own = 1u << w->out->command->id;
    const struct option *option = option_find(w->out->table, own, name, n);
    if (option)
        return take_value(w, option, equals);
    if (strncmp(name, "no-", 3) == 0 && !equals) {
        option = option_find(w->out->table, own, name + 3, n - 3);
        if (option && option->kind == OPTION_BOOL) {
            add_given(w->out, option, "false");
            return STATUS_OK;
        }
    }
    return unknown_option(w->out, name, n, w->e);
}

/* -o FILE, -oFILE, -q. */
static enum status parse_letter(struct walk *w, const char *word)
{
    unsigned own = 1u << w->out->command->id;
    const struct option *option = option_find_letter(w->out->table, own, word[1]);
    if (!option || (word[2] != '\0' && option->kind != OPTION_VALUE)) {
        error_set(w->e, STATUS_USAGE, "unknown option %s", word);
        error_set_hint(w->e, "stepcast %s --help lists the options", w->out->command->name);
        return w->e->status;
    }
    return take_value(w, option, word[2] != '\0' ? word + 1 : NULL);
}

enum status arguments_parse(const struct option_table *table, const struct command *command,
                            int argc, char **argv, struct arguments *out, struct error *e)
{
    *out = (struct arguments){.table = table, .command = command};
    size_t most = (size_t)argc + 1;
    out->given = calloc(most, sizeof *out->given);
    out->operands = calloc(most, sizeof *out->operands);
    if (!out->given || !out->operands)
        return error_set(e, STATUS_IO, "out of memory");
    struct walk w = {argc, 0, argv, out, e};
    bool options_end = false;
    while (w.next < argc && e->status == STATUS_OK) {
        const char *word = argv[w.next++];
        if (options_end || word[0] != '-' || word[1] == '\0')
            out->operands[out->operand_count++] = word;
        else if (strcmp(word, "--") == 0)
            options_end = true;
        else if (word[1] == '-')
            parse_long(&w, word);
        else
            parse_letter(&w, word);
    }
    return e->status;
}

void arguments_free(struct arguments *a)
{
    free(a->given);
    free(a->operands);
    *a = (struct arguments){0};
}

static const struct given *last_given(const struct arguments *a, const char *name)
{
    for (size_t i = a->given_count; i-- > 0;) {
        if (strcmp(a->given[i].option->name, name) == 0)
            return &a->given[i];
    }
    return NULL;
}

const char *argument_value(const struct arguments *a, const char *name)
{
    const struct given *given = last_given(a, name);
    return given ? given->value : NULL;
}

bool argument_given(const struct arguments *a, const char *name)
{
    return last_given(a, name) != NULL;
}

const struct given *argument_of_field(const struct arguments *a, const struct field *field)
{
    for (size_t i = a->given_count; i-- > 0;) {
        if (a->given[i].option->field == field)
            return &a->given[i];
    }
    return NULL;
}

enum status argument_count(const struct arguments *a, const char *name, double min, double *out,
                           struct error *e)
{
    const struct given *given = last_given(a, name);
    if (!given)
        return STATUS_OK;
    double value = 0;
    if (number_parse(given->value, &value, e) != STATUS_OK)
        return argument_error(given->option, e);
    const double most = 9007199254740992.0; /* 2^53: doubles count no further one by one */
    if (value < min || floor(value) < value || value > most) {
        error_set(e, STATUS_USAGE, "expected a whole number of at %s %.0f, got %s",
                  value > most ? "most" : "least", value > most ? most : min, given->value);
        return argument_error(given->option, e);
    }
    *out = value;
    return STATUS_OK;
}

enum status argument_int(const struct arguments *a, const char *name, int most, int *out,
                         struct error *e)
{
    const struct given *given = last_given(a, name);
    double value = *out;
    if (!given || argument_count(a, name, 1, &value, e) != STATUS_OK)
        return e->status;
    if (value > most) {
        error_set(e, STATUS_USAGE, "expected a whole number from 1 to %d, got %s", most,
                  given->value);
        return argument_error(given->option, e);
    }
    *out = (int)value;
    return STATUS_OK;
}

enum status argument_name(const struct arguments *a, const char *name, int *out, struct error *e)
{
    const struct given *given = last_given(a, name);
    size_t count = 0;
    if (!given)
        return STATUS_OK;
    const char *const *names = given->option->values;
    *out = names_find(names, given->value);
    if (*out >= 0)
        return STATUS_OK;
    struct text list = {0};
    for (; names[count]; count++)
        text_addf(&list, "%s%s", count > 0 ? ", " : "", names[count]);
    error_set(e, STATUS_USAGE, "expected one of %s, got \"%.40s\"", text_string(&list),
              given->value);
    text_free(&list);
    const char *near = nearest_name(given->value, names, count);
    if (near)
        error_set_hint(e, "did you mean %s?", near);
    return argument_error(given->option, e);
}

enum status argument_error(const struct option *option, struct error *e)
{
    e->status = STATUS_USAGE;
    snprintf(e->path, sizeof e->path, "--%s", option->name);
    return e->status;
}
