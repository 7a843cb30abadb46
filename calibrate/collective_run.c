#include "calibrate/collective_run.h"
#include "base/array.h"
#include "base/units.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void collective_run_free(struct collective_run *run)
{
    free(run->row);
    *run = (struct collective_run){0};
}

void collective_run_next(struct collective_run *run)
{
    run->op[0] = '\0';
    run->gaps = false;
    run->lines = run->highest = run->trimmed = run->hosts = run->first_host = 0;
    run->host[0] = '\0';
    run->rows = 0;
}

bool collective_run_add(struct collective_run *run, const struct collective_row *row)
{
    struct collective_row *grown = array_grow(run->row, run->rows, &run->capacity, sizeof *grown);
    if (!grown)
        return false;
    run->row = grown;
    run->row[run->rows++] = *row;
    return true;
}

/* ---- names ---- */

/* The collective whose name stands in `text` ("all_reduce_perf", "log-allgather.txt"), in letters
 * of either case; '_', '-' and nothing are the same, and longer names come first. NULL: none. */
static const char *op_named(const char *text)
{
    static const char *const names[][2] = {
        {"reducescatter", "reduce_scatter"},
        {"allreduce",     "all_reduce"    },
        {"allgather",     "all_gather"    },
        {"alltoall",      "alltoall"      },
        {"all2all",       "alltoall"      },
        {"sendrecv",      "sendrecv"      },
        {"broadcast",     "broadcast"     },
        {"hypercube",     "hypercube"     },
        {"gather",        "gather"        },
        {"scatter",       "scatter"       },
        {"reduce",        "reduce"        },
    };
    char bare[1024];
    size_t n = 0;
    for (const char *p = text; *p && n + 1 < sizeof bare; p++)
        if (isalnum((unsigned char)*p))
            bare[n++] = (char)tolower((unsigned char)*p);
        else if (*p != '_' && *p != '-')
            bare[n++] = ' ';
    bare[n] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strstr(bare, names[i][0]))
            return names[i][1];
    return NULL;
}

static void copy_op(char *out, size_t size, const char *word)
{
    const char *op = op_named(word);
    snprintf(out, size, "%.31s", op ? op : word);
    char *perf = strstr(out, "_perf");
    if (perf)
        *perf = '\0';
}

/* ---- talk ---- */

static const char *after(const char *line, const char *words)
{
    const char *at = strstr(line, words);
    return at ? at + strlen(words) + strspn(at + strlen(words), " :") : NULL;
}

/* A word, up to a blank. */
static void copy_word(char *out, size_t size, const char *from)
{
    snprintf(out, size, "%.*s", (int)strcspn(from, " "), from);
}

static double number_after(const char *line, const char *words)
{
    const char *at = after(line, words);
    return at && isdigit((unsigned char)*at) ? strtod(at, NULL) : 0;
}

bool collective_run_starts(const struct collective_run *run, const char *line)
{
    return run->rows > 0 &&
           (strstr(line, "Collective test starting") || strstr(line, "Using devices") ||
            strstr(line, "nThread ") || strstr(line, "# source:") ||
            strstr(line, "# collective:") || (strstr(line, "algbw") && strstr(line, "size")) ||
            (strstr(line, "_perf") && !strstr(line, "concluded")));
}

/* Bus over algorithm bandwidth, where both have digits enough: printed to 0.01 GB/s they are off by
 * 0.1 % at most above 10 GB/s, and two such ratios differ by less than 0.3 %. 0: they have not. */
static double bus_ratio(const struct collective_row *row)
{
    return row->alg_bw > 10 ? row->bus_bw / row->alg_bw : 0;
}

bool collective_run_contradicts(const struct collective_run *run, const struct collective_row *row)
{
    if (run->rows == 0 || row->bytes >= run->row[run->rows - 1].bytes)
        return false;
    double last = bus_ratio(&run->row[run->rows - 1]), next = bus_ratio(row);
    return last > 0 && next > 0 && fabs(next / last - 1) > 0.003;
}

void collective_run_note_rank(struct collective_run *run, double rank, const char *host,
                              const char *gpu)
{
    bool new_host = strcmp(host, run->host) != 0;
    run->gaps = run->gaps || rank > run->highest;
    run->lines++;
    run->highest = fmax(run->highest, rank + 1);
    run->hosts += new_host;
    run->first_host += run->hosts <= 1;
    snprintf(run->host, sizeof run->host, "%.63s", host);
    if (*gpu)
        snprintf(run->gpu, sizeof run->gpu, "%.63s", gpu);
}

/* "#  Rank  0 Group  0 Pid 48776 on nid005112 device  0 [0x01] NVIDIA GH200 120GB". */
static bool note_rank_line(struct collective_run *run, const char *line)
{
    const char *rank = after(line, "Rank "), *pid = after(line, " Pid "), *on = after(line, " on ");
    const char *device = after(line, " device ");
    if (!rank || !isdigit((unsigned char)*rank) || !pid || !on || !device || on > device)
        return false;
    char host[64];
    copy_word(host, sizeof host, on);
    const char *gpu = strchr(device, ']');
    collective_run_note_rank(run, strtod(rank, NULL), host,
                             gpu ? gpu + 1 + strspn(gpu + 1, " ") : "");
    return true;
}

static void note_versions(struct collective_run *run, const char *line)
{
    const char *tests = after(line, "nccl-tests version"), *library = after(line, "CCL version");
    const char *rccl_tests = after(line, "rccl-tests: Version");
    const char *nccl = after(line, "nccl-library=");
    if (tests)
        snprintf(run->tests, sizeof run->tests, "nccl-tests %.*s", (int)strcspn(tests, " "), tests);
    if (rccl_tests)
        snprintf(run->tests, sizeof run->tests, "rccl-tests %.*s", (int)strcspn(rccl_tests, " "),
                 rccl_tests);
    if (library && strstr(line, "RCCL version"))
        snprintf(run->library, sizeof run->library, "RCCL %.*s", (int)strcspn(library, " "),
                 library);
    else if (library)
        snprintf(run->library, sizeof run->library, "NCCL %.*s", (int)strcspn(library, " "),
                 library);
    if (nccl && !run->library[0])
        snprintf(run->library, sizeof run->library, "NCCL code %.*s", (int)strcspn(nccl, " "),
                 nccl);
}

void collective_run_note(struct collective_run *run, const char *line)
{
    const char *start = after(line, "Collective test starting"), *source = after(line, "# source");
    const char *program = strstr(line, "_perf"), *stated = after(line, "# collective:");
    if (stated && op_named(stated))
        snprintf(run->program_op, sizeof run->program_op, "%s", op_named(stated));
    if (start) {
        copy_op(run->op, sizeof run->op, start);
    } else if (program && !strstr(line, "concluded")) {
        const char *word = program;
        while (word > line && word[-1] != ' ' && word[-1] != '/')
            word--;
        copy_op(run->program_op, sizeof run->program_op, word);
    }
    if (source)
        snprintf(run->origin, sizeof run->origin, "%.399s", source);
    if (source && number_after(line, "; gpus:") > 0) {
        run->stated_ranks = number_after(line, "; gpus:");
        run->stated_nodes = number_after(line, "; nodes:");
    }
    const char *trimmed = strstr(line, " further \"Rank\" lines trimmed");
    if (trimmed) {
        while (trimmed > line && isdigit((unsigned char)trimmed[-1]))
            trimmed--;
        run->trimmed = strtod(trimmed, NULL);
    }
    if (!note_rank_line(run, line))
        note_versions(run, line);
}

/* ---- what the run was ---- */

/* The facts that every row of a run gets. */
struct verdict {
    char op[32];
    double ranks, ranks_per_node; /* 0: not known */
};

static double type_bytes(const char *type)
{
    static const struct {
        const char *part;
        double bytes;
    } sizes[] = {
        {"64",       8},
        {"double",   8},
        {"32",       4},
        {"bfloat16", 2},
        {"16",       2},
        {"half",     2},
        {"8",        1},
        {"char",     1},
        {"float",    4},
        {"int",      4}
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strstr(type, sizes[i].part))
            return sizes[i].bytes;
    return 0;
}

static bool counts_parts(const char *op)
{
    return strcmp(op, "all_gather") == 0 || strcmp(op, "reduce_scatter") == 0 ||
           strcmp(op, "alltoall") == 0;
}

/* All-gather, reduce-scatter and all-to-all count one rank's part of the size: ranks = size /
 * (count type). 0 where the rows do not agree. */
static double ranks_by_count(const struct collective_run *run)
{
    double ranks = 0;
    for (size_t i = 0; i < run->rows; i++) {
        const struct collective_row *r = &run->row[i];
        double part = r->count * type_bytes(r->dtype);
        if (part <= 0)
            continue;
        double n = r->bytes / part;
        if (n < 1.5 || n != floor(n) || (ranks > 0 && n != ranks))
            return 0;
        ranks = n;
    }
    return ranks;
}

/* Bus over algorithm bandwidth is 2 (n-1)/n for an all-reduce: the range of n that the printed
 * digits of the fastest row leave. */
static void ranks_by_bandwidth(const struct collective_run *run, double *low, double *high)
{
    const double digit = 0.005;
    *low = 0;
    *high = HUGE_VAL;
    for (size_t i = 0; i < run->rows; i++) {
        const struct collective_row *r = &run->row[i];
        if (r->alg_bw <= 1 || r->bus_bw <= r->alg_bw * 0.999)
            continue;
        double least = (r->bus_bw - digit) / (r->alg_bw + digit);
        double most = (r->bus_bw + digit) / (r->alg_bw - digit);
        *low = fmax(*low, least < 2 ? 2 / (2 - least) : HUGE_VAL);
        *high = fmin(*high, most < 2 ? 2 / (2 - most) : HUGE_VAL);
    }
}

static double ranks_from_bandwidth(const struct collective_run *run)
{
    double low, high;
    ranks_by_bandwidth(run, &low, &high);
    double n = ceil(low - 1e-6);
    return low > 0 && n <= high + 1e-6 && n + 1 > high && n >= 2 ? n : 0;
}

/* Ranks that the log lists, checked against its bandwidths: a list that was cut short is off by
 * more than a factor of two, or has gaps and names too few; less is told, and the list believed. */
static double listed_ranks(const struct collective_run *run, const char *file, bool all_reduce,
                           struct text *warnings)
{
    double low, high, listed = fmax(run->highest, run->lines + run->trimmed);
    if (listed == 0)
        listed = run->stated_ranks;
    ranks_by_bandwidth(run, &low, &high);
    if (listed == 0 || !all_reduce || low > high || (listed > 0.99 * low && listed < 1.01 * high))
        return listed;
    text_addf(warnings, "%s: lists %.0f ranks, but its bandwidths say %.0f\n", file, listed,
              ceil(low));
    return low > (run->gaps ? 1 : 2) * listed || high < listed / 2 ? 0 : listed;
}

static double decide_ranks(const struct collective_run *run, const char *file,
                           const struct verdict *v, const struct log_hints *hints,
                           struct text *warnings)
{
    bool all_reduce = strcmp(v->op, "all_reduce") == 0;
    double listed = listed_ranks(run, file, all_reduce, warnings),
           counted = counts_parts(v->op) ? ranks_by_count(run) : 0;
    if (counted > 1 && listed > 0 && counted != listed)
        text_addf(warnings, "%s: lists %.0f ranks, but its counts say %.0f, which is taken\n", file,
                  listed, counted);
    double ranks = counted > 1 ? counted : listed > 0 ? listed : hints->ranks;
    if (ranks == 0 && all_reduce) {
        ranks = ranks_from_bandwidth(run);
        if (ranks > 0)
            text_addf(warnings, "%s: %.0f ranks, as its bandwidths say\n", file, ranks);
    }
    if (hints->ranks > 0 && hints->ranks != ranks)
        text_addf(warnings, "%s: has %.0f ranks; --ranks %.0f is not needed\n", file, ranks,
                  hints->ranks);
    if (ranks == 0)
        text_addf(warnings, "%s: the number of ranks is not told; give --ranks\n", file);
    return ranks;
}

/* From the nodes stated, from all hosts listed, or from the first host when another one follows it
 * and no rank of either was left out. */
static double decide_per_node(const struct collective_run *run, double ranks)
{
    double nodes = run->stated_nodes > 0 ? run->stated_nodes : run->lines == ranks ? run->hosts : 0;
    if (nodes > 0 && ranks > 0)
        return fmod(ranks, nodes) == 0 ? ranks / nodes : 0;
    return run->hosts >= LOG_HOSTS && !run->gaps ? run->first_host : 0;
}

static bool reduces(const struct collective_run *run)
{
    const char *operation = run->row[0].operation;
    return operation[0] && strcmp(operation, "none") != 0;
}

/* What moves parts: an all-gather's rows are checked in place, an all-to-all's are not. NULL: the
 * rows do not show either. */
static const char *op_of_moves(const struct collective_run *run)
{
    bool shown = true, checked_in_place = true;
    for (size_t i = 0; i < run->rows; i++) {
        shown = shown && run->row[i].checked && run->row[i].in_place;
        checked_in_place = checked_in_place && run->row[i].checked_in_place;
    }
    return !shown ? NULL : checked_in_place ? "all_gather" : "alltoall";
}

/* The collective by its rows: what counts one rank's part of the size reduces (reduce-scatter) or
 * not; of what counts the whole an all-reduce alone has more on its bus than its size, beyond two
 * ranks. NULL: several have such rows. */
static const char *op_of_rows(const struct collective_run *run)
{
    double low, high;
    if (run->rows == 0 || run->row[0].rooted)
        return NULL;
    if (ranks_by_count(run) > 1)
        return reduces(run) ? "reduce_scatter" : op_of_moves(run);
    ranks_by_bandwidth(run, &low, &high);
    return reduces(run) && low > 2 && low <= high ? "all_reduce" : NULL;
}

static struct verdict decide(const struct collective_run *run, const char *file,
                             const struct log_hints *hints, struct text *warnings)
{
    struct verdict v = {{0}, 0, 0};
    const char *base = strrchr(file, '/'), *named = op_named(base ? base + 1 : file);
    const char *op = run->op[0]           ? run->op
                     : hints->op          ? hints->op
                     : run->program_op[0] ? run->program_op
                                          : named;
    const char *told = op ? op : op_of_rows(run);
    if (told)
        snprintf(v.op, sizeof v.op, "%.31s", told);
    if (told && !op)
        text_addf(warnings, "%s: %s, as its rows say\n", file, told);
    else if (!told)
        text_addf(warnings, "%s: the collective is not told; give --op\n", file);
    if (run->op[0] && hints->op && strcmp(run->op, hints->op) != 0)
        text_addf(warnings, "%s: is %s; --op %s is not needed\n", file, run->op, hints->op);
    v.ranks = decide_ranks(run, file, &v, hints, warnings);
    v.ranks_per_node = decide_per_node(run, v.ranks);
    return v;
}

/* ---- writing ---- */

static void add_number(struct text *out, double value)
{
    char buffer[32];
    if (value > 0) {
        number_format(value, buffer, sizeof buffer);
        text_add(out, buffer);
    }
}

static void write_provenance(const struct collective_run *run, const char *file,
                             const struct verdict *v, struct text *csv)
{
    text_addf(csv, "# log: %s", file);
    if (run->tests[0])
        text_addf(csv, "; %s", run->tests);
    if (run->library[0])
        text_addf(csv, "; %s", run->library);
    if (run->gpu[0])
        text_addf(csv, "; gpu: %s", run->gpu);
    if (v->ranks > 0)
        text_addf(csv, "; ranks: %.0f", v->ranks);
    if (v->ranks > 0 && v->ranks_per_node > 0)
        text_addf(csv, "; nodes: %.0f; ranks per node: %.0f", v->ranks / v->ranks_per_node,
                  v->ranks_per_node);
    text_add(csv, "\n");
    if (run->origin[0])
        text_addf(csv, "# source: %s\n", run->origin);
}

void collective_run_write(const struct collective_run *run, const char *file,
                          const struct log_hints *hints, struct text *csv, struct text *warnings)
{
    struct verdict v = decide(run, file, hints, warnings);
    write_provenance(run, file, &v, csv);
    double empty = 0, instant = 0;
    for (size_t i = 0; i < run->rows; i++) {
        const struct collective_row *r = &run->row[i];
        instant += r->time_us <= 0;
        if (r->time_us <= 0)
            continue;
        const char *dtype = r->dtype[0] ? r->dtype : hints->dtype ? hints->dtype : "";
        char time[32], bytes[32];
        number_format(r->time_us, time, sizeof time);
        number_format(r->bytes, bytes, sizeof bytes);
        text_addf(csv, "%s,%s,", v.op, dtype);
        add_number(csv, v.ranks);
        text_addf(csv, ",%s,%s,", bytes, time);
        add_number(csv, v.ranks_per_node);
        text_add(csv, "\n");
        empty += r->bytes <= 0;
    }
    if (instant > 0)
        text_addf(warnings, "%s: %.0f rows say 0 us, which is no time: left out\n", file, instant);
    if (v.ranks == 1)
        text_addf(warnings, "%s: one rank moves no data: samples of it are refused\n", file);
    if (empty > 0)
        text_addf(warnings,
                  "%s: %.0f rows of 0 bytes (no data was moved) are kept; no fit uses them\n", file,
                  empty);
}
