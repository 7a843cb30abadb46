#include "calibrate/samples.h"
#include "base/array.h"
#include "base/file.h"
#include "calibrate/sample_columns.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const sample_kind_names[SAMPLE_KINDS + 1] = {
    "gemm", "grouped", "attention", "moe", "collective", "memory", NULL,
};

enum { COLUMNS_MAX = 40, CELL_MAX = 96, LINE_MAX_BYTES = 4096 };

/* One line of cells. */
struct cells {
    size_t n;
    char cell[COLUMNS_MAX][CELL_MAX];
};

/* What a file is read with. */
struct reading {
    const char *name; /* of the file */
    struct samples *samples;
    struct sample_file file;
    size_t line;
    bool header; /* met */
    size_t columns;
    const struct sample_column *column[COLUMNS_MAX]; /* NULL: one that we do not know */
    bool comment;                                    /* the source is from a plain comment */
};

void samples_free(struct samples *samples)
{
    free(samples->items);
    free(samples->files);
    text_free(&samples->notes);
    memset(samples, 0, sizeof *samples);
}

static enum status at_line(const struct reading *r, struct error *e)
{
    error_set_file(e, r->name, (int)r->line, 0);
    return e->status;
}

/* ---- lines ---- */

/* Copies s[0..n) without blanks around it. False: too long. */
static bool copy_trimmed(const char *s, size_t n, char *out, size_t size)
{
    while (n > 0 && strchr(" \t\r\"", s[0]))
        s++, n--;
    while (n > 0 && strchr(" \t\r\"", s[n - 1]))
        n--;
    if (n >= size || memchr(s, '\0', n))
        return false;
    memcpy(out, s, n);
    out[n] = '\0';
    return true;
}

static enum status split(const struct reading *r, const char *line, size_t n, struct cells *cells,
                         struct error *e)
{
    cells->n = 0;
    for (size_t i = 0; i <= n;) {
        const char *comma = memchr(line + i, ',', n - i);
        size_t length = comma ? (size_t)(comma - line) - i : n - i;
        if (cells->n == COLUMNS_MAX ||
            !copy_trimmed(line + i, length, cells->cell[cells->n], CELL_MAX)) {
            error_set(e, STATUS_INPUT, "expected at most %d columns of %d characters",
                      (int)COLUMNS_MAX, (int)CELL_MAX - 1);
            return at_line(r, e);
        }
        cells->n++;
        i += length + 1;
    }
    return STATUS_OK;
}

/* "timing: cold", "timing: alone" or "timing: sustained"; our own benchmarks are cold. */
static void read_timing(struct reading *r, const char *text)
{
    static const struct cell_name words[] = {
        {"timing: cold",      SAMPLE_TIMING_COLD     },
        {"timing: alone",     SAMPLE_TIMING_ALONE    },
        {"timing: sustained", SAMPLE_TIMING_SUSTAINED},
        {"stepcast-bench",    SAMPLE_TIMING_COLD     },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(text, words[i].name)) {
            r->file.timing = (enum sample_timing)words[i].value;
            return;
        }
}

/* "# source: ..." or else the first comment, and how its rows were timed. */
static void read_comment(struct reading *r, const char *line, size_t n)
{
    static const char key[] = "source:";
    char text[LINE_MAX_BYTES];
    while (n > 0 && (*line == '#' || *line == ' '))
        line++, n--;
    if (!copy_trimmed(line, n, text, sizeof text) || text[0] == '\0')
        return;
    read_timing(r, text);
    bool is_source = strncmp(text, key, sizeof key - 1) == 0;
    if (r->file.source[0] != '\0' && !(is_source && r->comment))
        return;
    const char *words =
        is_source ? text + sizeof key - 1 + strspn(text + sizeof key - 1, " ") : text;
    snprintf(r->file.source, sizeof r->file.source, "%.180s", words);
    r->comment = !is_source;
}

/* ---- header ---- */

/* Required columns of a kind that the header lacks; `missing` gets the first. */
static size_t missing_columns(enum sample_kind kind, const struct cells *cells,
                              const char **missing)
{
    size_t count = 0;
    *missing = NULL;
    for (const struct sample_column *c = sample_columns(kind); c->name; c++) {
        bool found = !c->required;
        for (size_t i = 0; i < cells->n && !found; i++)
            found = strcmp(cells->cell[i], c->name) == 0;
        if (!found && !*missing)
            *missing = c->name;
        count += !found;
    }
    return count;
}

/* The first kind whose columns are all there (kinds with more columns stand first where one holds
 * another's); else the one that lacks fewest. */
static enum sample_kind nearest_kind(const struct cells *cells, const char **missing)
{
    static const enum sample_kind order[SAMPLE_KINDS] = {SAMPLE_GROUPED, SAMPLE_ATTENTION,
                                                         SAMPLE_MOE,     SAMPLE_COLLECTIVE,
                                                         SAMPLE_GEMM,    SAMPLE_MEMORY};
    enum sample_kind best = SAMPLE_GEMM;
    size_t least = COLUMNS_MAX;
    for (int i = 0; i < SAMPLE_KINDS; i++) {
        const char *first;
        size_t count = missing_columns(order[i], cells, &first);
        if (count < least) {
            least = count;
            best = order[i];
            *missing = first;
        }
    }
    return best;
}

static enum status read_header(struct reading *r, const struct cells *cells, struct error *e)
{
    const char *missing = NULL;
    r->file.kind = nearest_kind(cells, &missing);
    if (missing) {
        error_set(e, STATUS_INPUT, "expected a header of samples; taken for %s it has no column %s",
                  sample_kind_names[r->file.kind], missing);
        error_set_hint(e, "gemm: dtype,m,n,k,time_us; times are microseconds");
        return at_line(r, e);
    }
    r->columns = cells->n;
    for (size_t i = 0; i < cells->n; i++) {
        r->column[i] = sample_column_find(r->file.kind, cells->cell[i]);
        for (size_t j = 0; j < i && r->column[i]; j++)
            if (r->column[j] == r->column[i]) {
                error_set(e, STATUS_INPUT, "column %s stands twice in the header", cells->cell[i]);
                return at_line(r, e);
            }
    }
    r->header = true;
    return STATUS_OK;
}

/* ---- rows ---- */

/* What the columns leave open. Products write bf16, or fp32 where they add up a gradient. */
static void complete(struct sample *s)
{
    s->gemm.batch = s->gemm.batch > 0 ? s->gemm.batch : 1;
    s->gemm.skew = s->gemm.skew > 1 ? s->gemm.skew : 1;
    s->gemm.accumulate = s->phase == PHASE_BACKWARD_WEIGHT;
    s->gemm.output_bytes = s->gemm.accumulate || s->dtype == DTYPE_FP32 ? 4 : 2;
    if (s->attention.head_dim_v <= 0)
        s->attention.head_dim_v = s->attention.head_dim_qk;
    s->prefill = (int)s->pass == SAMPLE_PREFILL;
    s->pass = s->prefill ? ATTENTION_FORWARD : s->pass;
    /* causal: the mean row of queries sees half of the keys; decode sees all */
    double q = s->attention.seq_q, kv = s->attention.seq_kv;
    bool all = s->mask == SAMPLE_MASK_NONE || s->pass == ATTENTION_DECODE || q > kv;
    s->attention.visible_frac = all ? 1 : (kv - (q - 1) / 2) / kv;
}

static enum status check_row(const struct sample *s, struct error *e)
{
    const struct expert_layer *m = &s->moe;
    if (s->kind == SAMPLE_ATTENTION && s->attention.kv_heads > s->attention.heads)
        return error_set(e, STATUS_INPUT, "kv_heads: %.0f are more than the %.0f heads",
                         s->attention.kv_heads, s->attention.heads);
    if (s->kind == SAMPLE_MOE && (m->ep > m->experts || m->top_k > m->experts))
        return error_set(e, STATUS_INPUT, "experts: %.0f are fewer than ep or top_k", m->experts);
    if (s->kind == SAMPLE_COLLECTIVE && s->collective.ranks < 2)
        return error_set(e, STATUS_INPUT, "ranks: a collective needs two or more");
    return STATUS_OK;
}

static struct sample *add(struct samples *samples)
{
    struct sample *items =
        array_grow(samples->items, samples->count, &samples->capacity, sizeof *items);
    if (!items)
        return NULL;
    samples->items = items;
    return &samples->items[samples->count++];
}

static enum status read_row(struct reading *r, const struct cells *cells, struct error *e)
{
    struct sample s;
    memset(&s, 0, sizeof s);
    s.kind = r->file.kind;
    s.timing = r->file.timing;
    s.file = r->samples->file_count;
    s.row = ++r->file.count;
    s.line = r->line;
    if (cells->n != r->columns) {
        error_set(e, STATUS_INPUT, "expected %zu columns as in the header, got %zu", r->columns,
                  cells->n);
        return at_line(r, e);
    }
    for (size_t i = 0; i < cells->n; i++)
        if (r->column[i] && sample_cell_read(r->column[i], cells->cell[i], &s, e) != STATUS_OK)
            return at_line(r, e);
    complete(&s);
    if (check_row(&s, e) != STATUS_OK)
        return at_line(r, e);
    struct sample *kept = add(r->samples);
    if (!kept)
        return error_set(e, STATUS_IO, "out of memory");
    *kept = s;
    return STATUS_OK;
}

/* ---- notes ---- */

/* Order by the cells that say what was measured; 0: the same shape. */
static int compare_shapes(const void *a, const void *b)
{
    const struct sample *x = *(const struct sample *const *)a,
                        *y = *(const struct sample *const *)b;
    for (const struct sample_column *c = sample_columns(x->kind); c->name; c++) {
        if (c->kind == COLUMN_TIME || c->kind == COLUMN_IGNORED)
            continue;
        int order = memcmp((const char *)x + c->offset, (const char *)y + c->offset, c->size);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Rows of one shape; the first pair is named. */
static void note_duplicates(struct samples *samples, const struct sample_file *file)
{
    const struct sample **sorted = malloc((file->count + 1) * sizeof(const struct sample *));
    size_t duplicates = 0, line = 0, of = 0;
    for (size_t i = 0; sorted && i < file->count; i++)
        sorted[i] = &samples->items[file->first + i];
    if (sorted)
        qsort(sorted, file->count, sizeof(const struct sample *), compare_shapes);
    for (size_t i = 1; sorted && i < file->count; i++)
        if (compare_shapes(&sorted[i - 1], &sorted[i]) == 0 && duplicates++ == 0) {
            line = sorted[i]->line;
            of = sorted[i - 1]->line;
        }
    if (duplicates > 0)
        text_addf(&samples->notes, "%s: %zu rows repeat the shape of another (lines %zu and %zu)\n",
                  file->path, duplicates, of < line ? of : line, of < line ? line : of);
    free((void *)sorted);
}

static bool constant_column(const struct samples *samples, const struct sample_file *file,
                            const struct sample_column *column)
{
    const char *first = (const char *)&samples->items[file->first] + column->offset;
    for (size_t i = 1; i < file->count; i++) {
        const char *other = (const char *)&samples->items[file->first + i] + column->offset;
        if (memcmp(first, other, column->size) != 0)
            return false;
    }
    return column->kind == COLUMN_SIZE || column->kind == COLUMN_BYTES ||
           column->kind == COLUMN_TIME;
}

static void note_constant_columns(struct reading *r)
{
    for (size_t i = 0; r->file.count > 1 && i < r->columns; i++)
        if (r->column[i] && r->column[i]->kind != COLUMN_IGNORED &&
            constant_column(r->samples, &r->file, r->column[i]))
            text_addf(&r->samples->notes,
                      "%s: column %s has one value in all rows: how time goes with it is "
                      "not measured\n",
                      r->file.path, r->column[i]->name);
}

/* ---- files ---- */

static enum status read_line(struct reading *r, const char *line, size_t n, struct error *e)
{
    struct cells cells;
    size_t blank = 0;
    while (blank < n && strchr(" \t\r", line[blank]))
        blank++;
    if (blank == n)
        return STATUS_OK;
    if (line[blank] == '#') {
        read_comment(r, line + blank, n - blank);
        return STATUS_OK;
    }
    if (split(r, line, n, &cells, e) != STATUS_OK)
        return e->status;
    return r->header ? read_row(r, &cells, e) : read_header(r, &cells, e);
}

static enum status keep_file(struct reading *r, struct error *e)
{
    struct samples *s = r->samples;
    struct sample_file *files = realloc(s->files, (s->file_count + 1) * sizeof *files);
    if (!files)
        return error_set(e, STATUS_IO, "out of memory");
    s->files = files;
    s->files[s->file_count++] = r->file;
    note_duplicates(s, &r->file);
    note_constant_columns(r);
    return STATUS_OK;
}

static bool is_json(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && strchr(" \t\r\n", text[i]) && text[i] != '\0')
        i++;
    return i < n && (text[i] == '{' || text[i] == '[');
}

static enum status found_json(const char *file, struct error *e)
{
    error_set(e, STATUS_INPUT, "expected samples as CSV, found JSON");
    error_set_file(e, file, 0, 0);
    error_set_hint(e, "measured runs (JSON) fit a --stack; validate takes them without --gpu and "
                      "--system");
    return e->status;
}

enum status samples_parse(const char *text, size_t n, const char *file, struct samples *samples,
                          struct error *e)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order */
    struct reading r = {.name = file, .samples = samples, .file = {.first = samples->count}};
    size_t i = n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0, before = samples->count;
    snprintf(r.file.path, sizeof r.file.path, "%s", file);
    if (is_json(text + i, n - i))
        return found_json(file, e);
    while (i < n && e->status == STATUS_OK) {
        const char *end = memchr(text + i, '\n', n - i);
        size_t length = end ? (size_t)(end - text) - i : n - i;
        r.line++;
        read_line(&r, text + i, length, e);
        i += length + 1;
    }
    if (e->status == STATUS_OK && r.file.count == 0) {
        error_set(e, STATUS_INPUT,
                  r.header ? "expected rows of samples, found the header alone"
                           : "expected samples, found an empty file");
        error_set_file(e, file, 0, 0);
    }
    if (e->status == STATUS_OK)
        keep_file(&r, e);
    if (e->status != STATUS_OK)
        samples->count = before;
    return e->status;
}

enum status samples_load(const char *path, struct samples *samples, struct error *e)
{
    struct text text = {0};
    if (file_read(path, 0, &text, e) == STATUS_OK)
        samples_parse(text_string(&text), text.length, path, samples, e);
    text_free(&text);
    return e->status;
}
