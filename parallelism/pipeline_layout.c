#include "parallelism/pipeline_layout.h"
#include <ctype.h>
#include <string.h>

enum { FLAT_MAX = 4096, DEPTH_MAX = 8 };

/* The layout with its repetitions written out. */
struct flat {
    const char *at;
    char text[FLAT_MAX];
    int n, depth;
    bool failed;
};

static void append(struct flat *f, char c)
{
    if (f->n == FLAT_MAX)
        f->failed = true;
    else
        f->text[f->n++] = c;
}

/* "*n" behind what was appended since `start`. */
static void repeat(struct flat *f, int start)
{
    int times = 0, length = f->n - start;
    if (*f->at != '*')
        return;
    f->at++;
    if (!isdigit((unsigned char)*f->at))
        f->failed = true;
    while (isdigit((unsigned char)*f->at) && times < FLAT_MAX)
        times = 10 * times + (*f->at++ - '0');
    if (times == 0)
        f->n = start;
    for (int i = length; i < (long long)length * times && !f->failed; i++)
        append(f, f->text[start + i % length]);
}

static void sequence(struct flat *f)
{
    if (++f->depth > DEPTH_MAX)
        f->failed = true;
    while (*f->at != '\0' && *f->at != ')' && !f->failed) {
        int start = f->n;
        char c = *f->at++;
        if (c == '(') {
            sequence(f);
            if (*f->at != ')')
                f->failed = true;
            else
                f->at++;
        } else if (strchr("EtmL|", c)) {
            append(f, c);
        } else if (c != ',' && c != ' ') {
            f->failed = true;
        }
        if (!f->failed)
            repeat(f, start);
    }
    f->depth--;
}

static bool count(const struct flat *f, struct pipeline_layout *out)
{
    int embeddings = 0, losses = 0;
    *out = (struct pipeline_layout){.stages = 1};
    for (int i = 0; i < f->n; i++) {
        int stage = out->stages - 1;
        char c = f->text[i];
        if (c == '|' && ++out->stages > PIPELINE_LAYOUT_STAGES_MAX)
            return false;
        out->layers[stage] += c == 't';
        out->mtp_layers += c == 'm';
        embeddings += c == 'E' ? (stage == 0 ? 1 : 2) : 0;
        losses += c == 'L';
        if (losses > 0 && c == '|')
            return false;
    }
    return embeddings == 1 && losses == 1;
}

bool pipeline_layout_read(const char *text, struct pipeline_layout *out)
{
    struct flat f = {.at = text};
    sequence(&f);
    return !f.failed && *f.at == '\0' && count(&f, out);
}
