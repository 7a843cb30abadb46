#include "reports/import_report.h"
#include <string.h>

enum { NAMES_MAX = 512, WIDTH = 100 };

static const char *flag_of(const struct framework_import *import)
{
    bool flags = strcmp(import->framework->name, "megatron-lm") == 0;
    return flags ? "--" : "";
}

/* The framework's spelling: Megatron's flags have hyphens. */
static void add_key(const struct framework_import *import, const char *key, struct text *out)
{
    bool flags = *flag_of(import) != '\0';
    text_add(out, flag_of(import));
    for (; *key != '\0'; key++)
        text_add_n(out, flags && *key == '_' ? "-" : key, 1);
}

/* Returns the column behind it. */
static size_t add_piece(const char *piece, size_t column, struct text *out)
{
    text_add(out, piece);
    return column + strlen(piece);
}

static bool named_before(const struct settings *s, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (s->items[j].use == s->items[i].use && strcmp(setting_key(s, j), setting_key(s, i)) == 0)
            return true;
    return false;
}

static void add_list(const struct framework_import *import, enum setting_use use, const char *title,
                     bool values, struct text *out)
{
    const struct settings *s = &import->configuration.settings;
    size_t n = 0, column = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].use != use || (!values && named_before(s, i)))
            continue;
        struct text item = {0};
        const char *value = setting_value(s, i);
        add_key(import, setting_key(s, i), &item);
        if (values && *value != '\0' && strcmp(value, "true") != 0) {
            text_add(&item, " ");
            value_show(value, &item);
        }
        if (n == 0)
            column = add_piece(title, 0, out);
        else
            column = add_piece(",", column, out);
        if (n > 0 && column + item.length > WIDTH)
            column = add_piece("\n   ", 0, out);
        column = add_piece(n > 0 ? " " : "", column, out);
        column = add_piece(text_string(&item), column, out);
        text_free(&item);
        n++;
    }
    if (n > 0)
        text_add(out, "\n");
}

static void add_unmodelled(const struct framework_import *import, struct text *out)
{
    const struct settings *s = &import->configuration.settings;
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].use != SETTING_UNMODELLED)
            continue;
        text_add(out, "not modelled: ");
        add_key(import, setting_key(s, i), out);
        text_addf(out, " (%s)\n", s->items[i].note ? s->items[i].note : "taken as off");
    }
}

static void add_unknown(const struct framework_import *import, struct text *out)
{
    const struct settings *s = &import->configuration.settings;
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (; n < import->framework->row_count && n < NAMES_MAX; n++)
        names[n] = import->framework->rows[n].key;
    for (size_t i = 0; i < s->count; i++) {
        if (s->items[i].use != SETTING_UNKNOWN)
            continue;
        const char *near = nearest_name(setting_key(s, i), names, n);
        text_add(out, "not known: ");
        add_key(import, setting_key(s, i), out);
        if (s->items[i].line > 0)
            text_addf(out, " of line %d", s->items[i].line);
        if (near) {
            text_add(out, "; did you mean ");
            add_key(import, near, out);
            text_add(out, "?");
        }
        text_add(out, "\n");
    }
}

static void add_notes(const struct framework_import *import, struct text *out)
{
    const char *line = text_string(&import->notes);
    while (*line != '\0') {
        size_t n = strcspn(line, "\n");
        text_add(out, "note: ");
        text_add_n(out, line, n);
        text_add(out, "\n");
        line += n + (line[n] == '\n');
    }
}

void import_text(const struct framework_import *import, const char *file, struct text *out)
{
    text_addf(out, "%s: %s", file, import->framework->title);
    if (import->gpus > 0)
        text_addf(out, " on %.0f GPUs", import->gpus);
    if (import->gpus_per_node > 0)
        text_addf(out, ", %.0f a node", import->gpus_per_node);
    if (import->run.model_given)
        text_addf(out, ", model %s", import->run.scenario.model.name);
    text_add(out, "\n");
    add_list(import, SETTING_READ, "understood: ", true, out);
    add_list(import, SETTING_NEUTRAL, "no effect on the cost: ", false, out);
    add_unmodelled(import, out);
    add_unknown(import, out);
    add_notes(import, out);
}
