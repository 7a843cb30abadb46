#include "calibrate/fit/stack_fits_write.h"
#include "base/json_write.h"

static void write_constants(struct json_writer *w, const struct stack_fit *fit)
{
    for (int i = 0; i < STACK_CONSTANTS; i++) {
        json_open_object_compact(w, stack_constant_names[i]);
        json_put_number(w, "value", fit->constant[i].value);
        if (fit->constant[i].standard_error > 0)
            json_put_number(w, "standard_error", fit->constant[i].standard_error);
        json_close_object(w);
    }
}

void stack_fits_write(const struct stack_fits *fits, const char *source, const char *date,
                      struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "source", source);
    json_put_string(&w, "date", date);
    json_open_object(&w, "stacks");
    for (int i = 0; i < fits->count; i++) {
        const struct stack_fit *fit = &fits->fit[i];
        json_open_object(&w, fit->name);
        json_put_number(&w, "runs", fit->runs);
        json_put_number(&w, "residual", fit->residual_frac);
        write_constants(&w, fit);
        json_close_object(&w);
    }
    json_close_object(&w);
    json_close_object(&w);
}

void stack_fit_write(const struct stack *stack, const char *source, const char *date,
                     struct text *out)
{
    struct json_writer w;
    struct text words = {0};
    json_writer_init(&w, out);
    text_addf(&words, "measured: %s, %s", source, date);
    json_open_object(&w, NULL);
    json_put_string(&w, "source", words.data);
    fields_write(&w, stack_fields, stack_field_count, stack, NULL);
    json_close_object(&w);
    out->failed = out->failed || words.failed;
    text_free(&words);
}
