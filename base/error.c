#include "base/error.h"
#include "base/c_locale.h"
#include "base/utf8.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void error_init(struct error *e)
{
    memset(e, 0, sizeof *e);
}

enum status error_set(struct error *e, enum status status, const char *format, ...)
{
    if (e->status != STATUS_OK)
        return e->status;
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(e->message, sizeof e->message, format, args);
    va_end(args);
    e->status = status;
    return status;
}

void error_set_file(struct error *e, const char *file, int line, int column)
{
    if (e->file[0] == '\0' && file)
        snprintf(e->file, sizeof e->file, "%s", file);
    if (e->line == 0) {
        e->line = line;
        e->column = column;
    }
}

void error_set_path(struct error *e, const char *path)
{
    if (e->path[0] == '\0' && path)
        snprintf(e->path, sizeof e->path, "%s", path);
}

void error_set_hint(struct error *e, const char *format, ...)
{
    if (e->hint[0] != '\0')
        return;
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(e->hint, sizeof e->hint, format, args);
    va_end(args);
}

/* A text of fixed size that is written piece by piece. */
struct buffer {
    char *out;
    size_t size, length;
};

static void buffer_add_char(struct buffer *b, char c)
{
    if (b->length + 1 < b->size)
        b->out[b->length++] = c;
}

static void buffer_add(struct buffer *b, const char *s)
{
    for (; *s; s++)
        buffer_add_char(b, *s);
}

/* What came from the input must not steer the terminal: control characters and bytes that are not
 * UTF-8 (a text that was cut inside a character ends so) are shown as '?'. */
static void buffer_add_shown(struct buffer *b, const char *s)
{
    for (size_t left = strlen(s); left > 0;) {
        size_t n = utf8_char_length(s, left);
        unsigned char c = (unsigned char)*s;
        bool control = n == 1 && (c < 0x20 || c == 0x7F);
        /* C1 controls, U+0080 to U+009F, are C2 80 to C2 9F */
        control = control || (n == 2 && c == 0xC2 && (unsigned char)s[1] < 0xA0);
        if (n == 0 || control)
            buffer_add_char(b, '?');
        else if (b->length + n < b->size)
            for (size_t i = 0; i < n; i++)
                buffer_add_char(b, s[i]);
        s += n > 0 ? n : 1;
        left -= n > 0 ? n : 1;
    }
}

static void buffer_add_position(struct buffer *b, int position)
{
    char digits[16];
    if (position <= 0)
        return;
    snprintf(digits, sizeof digits, "%d:", position);
    buffer_add(b, digits);
}

static void buffer_add_place(struct buffer *b, const struct error *e)
{
    if (e->file[0]) {
        buffer_add_shown(b, e->file);
        buffer_add_char(b, ':');
    }
    buffer_add_position(b, e->line);
    if (e->line > 0)
        buffer_add_position(b, e->column);
    if (b->length > 0)
        buffer_add_char(b, ' ');
    if (e->path[0]) {
        buffer_add_shown(b, e->path);
        buffer_add(b, ": ");
    }
}

void error_format(const struct error *e, char *out, size_t size)
{
    struct buffer b = {out, size, 0};
    if (size == 0)
        return;
    buffer_add_place(&b, e);
    buffer_add_shown(&b, e->message);
    buffer_add_char(&b, '\n');
    if (e->hint[0]) {
        buffer_add(&b, "  hint: ");
        buffer_add_shown(&b, e->hint);
        buffer_add_char(&b, '\n');
    }
    out[b.length] = '\0';
}

enum { WORD_MAX = 64 }; /* names of ours are far shorter */

static char folded(char c)
{
    return c == '_' ? '-' : ascii_lower(c);
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance with transpositions of neighbours (optimal string alignment), any case, '_' as '-':
 *     d[i][j] = min(d[i-1][j] + 1, d[i][j-1] + 1, d[i-1][j-1] + (a_i != b_j), d[i-2][j-2] + 1 if
 * swapped) Both lengths <= WORD_MAX. */
static size_t edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *previous = rows[1], *row = rows[2];
    memset(rows, 0, sizeof rows);
    for (size_t j = 0; j <= nb; j++)
        previous[j] = j;
    for (size_t i = 1; i <= na; i++) {
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            char x = folded(a[i - 1]), y = folded(b[j - 1]);
            row[j] = smallest(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2]) &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        size_t *oldest = before;
        before = previous;
        previous = row;
        row = oldest;
    }
    return previous[nb];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
    size_t length = strlen(word);
    if (length == 0 || length > WORD_MAX)
        return NULL;
    size_t allowed = length / 3 > 1 ? length / 3 : 1;
    size_t best_distance = allowed + 1;
    const char *best = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_length = names[i] ? strlen(names[i]) : 0;
        if (name_length == 0 || name_length > WORD_MAX || name_length > length + allowed ||
            length > name_length + allowed)
            continue;
        size_t distance = edit_distance(word, length, names[i], name_length);
        if (distance < best_distance && distance < length) {
            best_distance = distance;
            best = names[i];
        }
    }
    return best;
}
