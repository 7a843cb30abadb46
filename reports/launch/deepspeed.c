/* DeepSpeed: the JSON beside a command that trains with transformers' run_clm.py. */
#include "base/json_write.h"
#include "base/number.h"
#include "reports/launch/formats.h"
#include <stdio.h>
#include <string.h>

/* Settings that are arguments of the program, not of the JSON. */
static const char *const arguments[] = {"config_name", "block_size", "gradient_checkpointing",
                                        "attn_implementation", NULL};

static bool is_argument(const char *key)
{
    for (size_t i = 0; arguments[i]; i++) {
        if (strcmp(arguments[i], key) == 0)
            return true;
    }
    return false;
}

static void put_value(struct json_writer *w, const char *key, const char *value)
{
    struct error bad;
    double number;
    error_init(&bad);
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        json_put_bool(w, key, *value == 't');
    else if (number_parse(value, &number, &bad) == STATUS_OK)
        json_put_number(w, key, number);
    else
        json_put_string(w, key, value);
}

/* True if an earlier setting has the same first `n` characters: its object is written already. */
static bool is_repeated(const struct settings *settings, size_t i, const char *key, size_t n)
{
    for (size_t k = 0; k < i; k++) {
        if (strncmp(setting_key(settings, k), key, n) == 0)
            return true;
    }
    return false;
}

/* The members under a prefix such as "zero_optimization."; dotted keys nest at most three deep. */
static void add_members(struct json_writer *w, const struct settings *settings, const char *prefix)
{
    size_t start = strlen(prefix);
    for (size_t i = 0; i < settings->count; i++) {
        const char *key = setting_key(settings, i);
        if (strncmp(key, prefix, start) != 0 || is_argument(key))
            continue;
        const char *dot = strchr(key + start, '.');
        char part[96];
        if (!dot) {
            put_value(w, key + start, setting_value(settings, i));
            continue;
        }
        size_t n = (size_t)(dot - key) + 1;
        if (is_repeated(settings, i, key, n) || n >= sizeof part)
            continue;
        snprintf(part, sizeof part, "%.*s", (int)(n - 1 - start), key + start);
        json_open_object(w, part);
        snprintf(part, sizeof part, "%.*s", (int)n, key);
        add_members(w, settings, part);
        json_close_object(w);
    }
}

static void add_argument(const char *key, const char *value, struct text *out)
{
    struct text flag = {0};
    launch_flag(key, value, &flag);
    for (size_t i = 2; i < flag.length && flag.data[i] != ' '; i++)
        flag.data[i] = flag.data[i] == '-' ? '_' : flag.data[i]; /* transformers' spelling */
    text_addf(out, " \\\n    %s", text_string(&flag));
    text_free(&flag);
}

static void add_copy(const struct settings *settings, const char *key, const char *as,
                     struct text *out)
{
    const struct setting *s = settings_find(settings, key);
    if (s)
        add_argument(as, settings->pool.data + s->value, out);
}

void launch_deepspeed(const struct settings *settings, const struct launch_shape *shape,
                      struct text *out)
{
    struct json_writer w;
    text_add(out, "cat > ds_config.json <<'END_OF_CONFIG'\n");
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    add_members(&w, settings, "");
    json_close_object(&w);
    text_add(out,
             "END_OF_CONFIG\n\n# name the model's configuration, a tokenizer and a data set as "
             "they are called where it runs\n");
    launch_torchrun(shape, out);
    text_add(out, "run_clm.py --deepspeed ds_config.json --do_train --output_dir out");
    for (size_t i = 0; arguments[i]; i++)
        add_copy(settings, arguments[i], arguments[i], out);
    add_copy(settings, "train_micro_batch_size_per_gpu", "per_device_train_batch_size", out);
    add_copy(settings, "gradient_accumulation_steps", "gradient_accumulation_steps", out);
    if (settings_find(settings, "bf16.enabled"))
        add_argument("bf16", "true", out);
    if (settings_find(settings, "fp16.enabled"))
        add_argument("fp16", "true", out);
    text_add(out, "\n");
}
