/* Megatron-LM's flags and Megatron-Bridge's overrides. */
#include "reports/launch/formats.h"
#include "reports/launch/shell_text.h"
#include <string.h>

void launch_megatron_lm(const struct settings *settings, const struct launch_shape *shape,
                        struct text *out)
{
    text_add(out,
             "# mock data and a null tokenizer, so that it runs as it stands: give --data-path "
             "and a tokenizer\nARGS=(\n");
    for (size_t i = 0; i < settings->count; i++) {
        if (strcmp(setting_value(settings, i), "false") == 0)
            continue; /* a switch that is off is not given */
        text_add(out, "    ");
        launch_flag(setting_key(settings, i), setting_value(settings, i), out);
        text_add(out, "\n");
    }
    bool hybrid = settings_find(settings, "hybrid_override_pattern") != NULL;
    if (hybrid)
        text_add(out, "    --spec megatron.core.models.mamba.mamba_layer_specs mamba_stack_spec\n");
    text_add(out, ")\n\n");
    launch_torchrun(shape, out);
    text_addf(out, "%s \"${ARGS[@]}\"\n", hybrid ? "pretrain_mamba.py" : "pretrain_gpt.py");
}

void launch_megatron_bridge(const struct settings *settings, const struct launch_shape *shape,
                            struct text *out)
{
    const struct setting *recipe = settings_find(settings, "recipe");
    text_add(out, "OVERRIDES=(\n");
    for (size_t i = 0; i < settings->count; i++) {
        struct text word = {0};
        if (&settings->items[i] == recipe)
            continue;
        text_addf(&word, "%s=%s", setting_key(settings, i), setting_value(settings, i));
        text_add(out, "    ");
        shell_word(out, text_string(&word));
        text_add(out, "\n");
        text_free(&word);
    }
    text_add(out, ")\n\n");
    launch_torchrun(shape, out);
    text_add(out, "scripts/training/run_recipe.py --recipe ");
    shell_word(out, recipe ? settings->pool.data + recipe->value : "");
    text_add(out, " \"${OVERRIDES[@]}\"\n");
}
