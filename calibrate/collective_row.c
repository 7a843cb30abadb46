#include "calibrate/collective_row.h"
#include "base/units.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TOKENS = 96, TOKEN_SIZE = 48 };

struct tokens {
    char text[TOKENS][TOKEN_SIZE]; /* cut to size */
    int n;
};

/* Past an ANSI escape code (ESC [ parameters letter), "[..]<stdout>:" or "[3] " of a launcher that
 * names the rank at p; p where there is none. The last stands before every write to the log, inside
 * a row too, and is one where the line begins with it (`tagged`). */
static const char *past_noise(const char *p, const char *end, bool tagged)
{
    const char *q = p;
    if (*p == '\033') {
        q = p + 1 < end && p[1] == '[' ? p + 2 : p + 1;
        while (q < end && !isalpha((unsigned char)*q))
            q++;
        return q < end ? q + 1 : q;
    }
    if (*p != '[')
        return p;
    while (q < end && *q != ']')
        q++;
    size_t left = (size_t)(end - q);
    if (left >= 10 && (memcmp(q, "]<stdout>:", 10) == 0 || memcmp(q, "]<stderr>:", 10) == 0))
        return q + 10;
    bool rank = tagged && q > p + 1 && left >= 2 && q[1] == ' ';
    for (const char *digit = p + 1; rank && digit < q; digit++)
        rank = isdigit((unsigned char)*digit);
    return rank ? q + 1 : p;
}

void log_line_clean(const char *line, size_t n, char *out, size_t size)
{
    const char *p = line, *end = line + n;
    size_t length = 0;
    bool tagged = n > 0 && *line == '[';
    while (p < end && length + 1 < size) {
        const char *next = past_noise(p, end, tagged);
        if (next != p) {
            if (*p == '[')
                out[length++] = ' ';
            p = next;
        } else {
            if (*p != '\r')
                out[length++] = *p == '\t' || *p == '\0' || *p == '|' ? ' ' : *p;
            p++;
        }
    }
    out[length] = '\0';
}

static void split(const char *line, struct tokens *t)
{
    t->n = 0;
    while (*line && t->n < TOKENS) {
        line += strspn(line, " ");
        size_t n = strcspn(line, " ");
        if (n == 0)
            break;
        snprintf(t->text[t->n++], TOKEN_SIZE, "%.*s", (int)(n < TOKEN_SIZE ? n : TOKEN_SIZE - 1),
                 line);
        line += n;
    }
}

static bool is_number(const char *s, double *value)
{
    struct error e;
    error_init(&e);
    return number_parse(s, value, &e) == STATUS_OK && isfinite(*value);
}

static bool is_whole(const char *s)
{
    return *s && s[strspn(s, "0123456789")] == '\0';
}

static bool is_word(const char *s)
{
    return isalpha((unsigned char)*s) &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static bool is_missing(const char *s)
{
    return strcmp(s, "N/A") == 0 || strcmp(s, "n/a") == 0 || strcmp(s, "-") == 0;
}

static bool is_type(const char *s)
{
    static const char *const types[] = {
        "int8",   "char",   "uint8",   "int32",   "int",      "uint32",   "int64",
        "uint64", "half",   "float",   "double",  "bfloat16", "fp16",     "bf16",
        "fp32",   "fp64",   "float16", "float32", "float64",  "fp8_e4m3", "fp8_e5m2",
        "f8e4m3", "f8e5m2", "fp8",     "uint16",  "int16",    NULL};
    for (int i = 0; types[i]; i++)
        if (strcmp(types[i], s) == 0)
            return true;
    return false;
}

/* Index of the size column: two whole numbers and a type stand there; -1: nowhere. A glued prefix
 * such as "0:1024" is taken off. */
static int find_size(struct tokens *t)
{
    for (int i = 0; i + 2 < t->n; i++) {
        char *colon = strrchr(t->text[i], ':');
        char *size = colon && colon[1] ? colon + 1 : t->text[i];
        if (!is_whole(size) || !is_whole(t->text[i + 1]) || !is_type(t->text[i + 2]))
            continue;
        memmove(t->text[i], size, strlen(size) + 1);
        return i;
    }
    return -1;
}

/* One group of columns: time, algorithm and bus bandwidth, errors. False: no such group. */
static bool read_body(const struct tokens *t, int at, struct collective_row *row, bool *known)
{
    double time_us, alg_bw, bus_bw, wrong = 0;
    *known = is_number(t->text[at], &time_us);
    if (!*known)
        return is_missing(t->text[at]);
    if (!is_number(t->text[at + 1], &alg_bw) || !is_number(t->text[at + 2], &bus_bw) || time_us < 0)
        return false;
    if (!is_number(t->text[at + 3], &wrong) && !is_missing(t->text[at + 3]))
        return false;
    row->time_us = time_us;
    row->alg_bw = alg_bw;
    row->bus_bw = bus_bw;
    row->wrong = wrong > 0;
    row->checked = !is_missing(t->text[at + 3]);
    return true;
}

/* Columns behind the type: [operation] [root], then two bodies of four (one more with bits that
 * differ, four more with per-iteration times), or one where only in-place was run; a time stamp may
 * end the line. */
static bool read_columns(const struct tokens *t, int at, bool bitwise, struct collective_row *row)
{
    const int body = bitwise ? 5 : 4, both = 2 * body, timed = 2 * (body + 4);
    int end = t->n;
    if (end - at > 2 && strchr(t->text[end - 1], ':') && strlen(t->text[end - 2]) == 10)
        end -= 2;
    double root;
    if (at < end && is_word(t->text[at]) && !is_missing(t->text[at]))
        snprintf(row->operation, sizeof row->operation, "%.7s", t->text[at++]);
    int left = end - at;
    if ((left == body + 1 || left == both + 1 || left == timed + 1) &&
        is_number(t->text[at], &root)) {
        row->rooted = root >= 0;
        at++;
        left--;
    }
    if (left != body && left != both && left != timed)
        return false;
    bool first = false, second = false;
    struct collective_row in_place = *row;
    if (!read_body(t, at, row, &first))
        return false;
    if (left > body && !read_body(t, at + left / 2, &in_place, &second))
        return false;
    bool wrong = row->wrong || in_place.wrong, checked_in_place = second && in_place.checked;
    if (!first && second)
        *row = in_place;
    row->wrong = wrong;
    row->in_place = second;
    row->checked_in_place = checked_in_place;
    return first || second;
}

/* nccom-test names its columns, "time:avg(us)" among them. */
static bool read_nccom_row(const struct tokens *t, int at, const struct log_table *table,
                           struct collective_row *row)
{
    return t->n - at == table->all_columns &&
           is_number(t->text[at + table->time_column], &row->time_us) && row->time_us >= 0;
}

/* The bandwidths of nccom-test are its last two columns. */
static void read_nccom_bandwidth(const struct tokens *t, struct collective_row *row)
{
    if (!is_number(t->text[t->n - 2], &row->alg_bw) || !is_number(t->text[t->n - 1], &row->bus_bw))
        row->alg_bw = row->bus_bw = 0;
}

static bool has(const char *line, const char *word)
{
    return strstr(line, word) != NULL;
}

static void read_header(const char *line, const struct tokens *t, struct log_table *table)
{
    if (has(line, "size(B)") && (has(line, "time:") || has(line, "time(us)"))) {
        *table = (struct log_table){.open = true};
        int first = 0;
        while (first < t->n && strcmp(t->text[first], "size(B)") != 0)
            first++;
        table->all_columns = t->n - first;
        for (int i = t->n - 1; i > first; i--)
            if (strncmp(t->text[i], "time", 4) == 0 &&
                (!table->time_column || has(t->text[i], "avg")))
                table->time_column = i - first;
    } else if (has(line, "size") && has(line, "count") && has(line, "algbw")) {
        *table = (struct log_table){
            .open = true, .counts_wrong = has(line, "#wrong"), .bitwise = has(line, "#bitdiff")};
    } else if (has(line, "Out of bounds values") || has(line, "Avg bus bandwidth") ||
               has(line, "Collective test concluded")) {
        *table = (struct log_table){0};
    }
}

/* Inside a table, a line of numbers is a row that lost something. */
static bool looks_like_row(const struct tokens *t)
{
    int numbers = 0;
    double value;
    for (int i = 0; i < t->n; i++)
        numbers += is_number(t->text[i], &value);
    return numbers >= 6 || (numbers >= 2 && numbers == t->n);
}

enum log_line collective_row_read(const char *line, struct log_table *table,
                                  struct collective_row *row)
{
    struct tokens t;
    split(line, &t);
    read_header(line, &t, table);
    bool comment = false;
    for (int i = 0; i < t.n; i++)
        comment = comment || t.text[i][0] == '#';
    if (comment)
        return LOG_TALK;
    int at = find_size(&t);
    if (at < 0)
        return table->open && looks_like_row(&t) ? LOG_DAMAGED : LOG_TALK;
    struct collective_row read = {0};
    if (!is_number(t.text[at], &read.bytes) || !is_number(t.text[at + 1], &read.count))
        return LOG_DAMAGED;
    snprintf(read.dtype, sizeof read.dtype, "%.15s", t.text[at + 2]);
    bool good = table->time_column > 0 ? read_nccom_row(&t, at, table, &read)
                                       : read_columns(&t, at + 3, table->bitwise, &read);
    if (!good || (table->columns > 0 && table->columns != t.n - at))
        return LOG_DAMAGED;
    if (table->time_column > 0)
        read_nccom_bandwidth(&t, &read);
    read.wrong = read.wrong && table->counts_wrong;
    table->open = true;
    table->columns = t.n - at;
    *row = read;
    return LOG_ROW;
}
