/* torchtitan: a Python recipe beside the command that names it. */
#include "reports/launch/formats.h"
#include <ctype.h>
#include <string.h>

static const char *value_of(const struct settings *settings, const char *key)
{
    const struct setting *s = settings_find(settings, key);
    return s ? settings->pool.data + s->value : NULL;
}

/* A Python literal: numbers and truth as they are, anything else a string. */
static void add_literal(const char *value, struct text *out)
{
    bool number = *value != '\0' && strspn(value, "0123456789.-") == strlen(value);
    if (number)
        text_add(out, value);
    else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        text_add(out, *value == 't' ? "True" : "False");
    else {
        text_add(out, "\"");
        for (; *value != '\0'; value++) {
            bool plain = isalnum((unsigned char)*value) || strchr("_-. ", *value);
            text_add_n(out, plain ? value : "?", 1);
        }
        text_add(out, "\"");
    }
}

static void add_imports(const struct settings *settings, struct text *out)
{
    const char *recompute = value_of(settings, "activation_checkpoint");
    const char *attention = value_of(settings, "inner_attention_map");
    const char *converter = value_of(settings, "call");
    if (recompute && strcmp(recompute, "none") != 0)
        text_addf(out, "from torchtitan.distributed.activation_checkpoint import %s\n", recompute);
    if (value_of(settings, "compile"))
        text_add(out, "from torchtitan.config import CompileConfig\n");
    if (converter)
        text_addf(out, "from torchtitan.config.transform import %s\n", converter);
    if (attention)
        text_addf(out,
                  "from torchtitan.config.transform import apply_transforms, "
                  "ContextParallelTransform\n"
                  "from torchtitan.models.common.attention import FlexInnerAttention\n"
                  "from torchtitan.models.common.attention.cp_attention import "
                  "%sCPFlexInnerAttention\n",
                  attention);
    text_addf(out, "from %s import %s\n\n\n", value_of(settings, "import.module"),
              value_of(settings, "import"));
}

static void add_compile(const struct settings *settings, struct text *out)
{
    const char *async = value_of(settings, "compile.enable_async_tensor_parallel");
    if (value_of(settings, "compile"))
        text_addf(out, "    config.compile = CompileConfig(%s)\n",
                  async ? "enable_async_tensor_parallel=True" : "");
}

static void add_body(const struct settings *settings, struct text *out)
{
    const char *recompute = value_of(settings, "activation_checkpoint");
    const char *attention = value_of(settings, "inner_attention_map");
    const char *converter = value_of(settings, "call");
    text_addf(out, "def stepcast_run():\n    config = %s()\n", value_of(settings, "import"));
    for (size_t i = 0; i < settings->count; i++) {
        const char *key = setting_key(settings, i);
        bool own =
            strncmp(key, "import", 6) == 0 || strncmp(key, "compile", 7) == 0 || !strchr(key, '.');
        if (own)
            continue;
        text_addf(out, "    config.%s = ", key);
        add_literal(setting_value(settings, i), out);
        text_add(out, "\n");
    }
    bool none = !recompute || strcmp(recompute, "none") == 0;
    text_addf(out, "    config.activation_checkpoint = %s%s\n", none ? "None" : recompute,
              none ? "" : "()");
    add_compile(settings, out);
    if (converter)
        text_addf(out, "    config.model = %s(%s.Config()).convert(config.model)\n", converter,
                  converter);
    if (attention)
        text_addf(out,
                  "    return apply_transforms(config, [ContextParallelTransform(\n"
                  "        inner_attention_map={FlexInnerAttention: %sCPFlexInnerAttention})])\n",
                  attention);
    else
        text_add(out, "    return config\n");
}

void launch_torchtitan(const struct settings *settings, const struct launch_shape *shape,
                       struct text *out)
{
    text_add(out, "cat > stepcast_recipe.py <<'END_OF_RECIPE'\n");
    add_imports(settings, out);
    add_body(settings, out);
    text_add(out, "END_OF_RECIPE\n\n");
    launch_torchrun(shape, out);
    text_add(out, "-m torchtitan.train --module stepcast_recipe --config stepcast_run\n");
}
