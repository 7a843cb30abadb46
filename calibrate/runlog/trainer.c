/* Hugging Face's Trainer and the programs on it (TRL, axolotl, LLaMA-Factory, ms-swift). Its lines
 * of losses tell no time; what stands around them does: the progress bar (tqdm/std.py,
 * format_meter; one step of it is one of the optimizer), LLaMA-Factory's trainer_log.jsonl
 * (train/callbacks.py), ms-swift's lines and logging.jsonl (trainers/callback.py), and the summary
 * at the end, in trainer_state.json too (transformers/trainer_utils.py, speed_metrics). */
#include "base/c_locale.h"
#include "calibrate/runlog/run_log.h"
#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct run_log_pattern fact[] = {
    {"Total train batch size (w. parallel, distributed & accumulation)", RUN_LOG_GLOBAL_BATCH,   1   },
    {"Total optimization steps",                                         RUN_LOG_TOTAL_STEPS,    1   },
    {"\"global_step\"",                                                  RUN_LOG_TOTAL_STEPS,    1   },
    {"TrainOutput(global_step",                                          RUN_LOG_TOTAL_STEPS,    1   },
    {"Continuing training from global step",                             RUN_LOG_ITERATION,      1   },
    {" world size: ",                                                    RUN_LOG_GPUS,           1   },
    {" world_size: ",                                                    RUN_LOG_GPUS,           1   },
    {"train_samples_per_second",                                         RUN_LOG_SAMPLES_PER_S,  1   },
    {"train_steps_per_second",                                           RUN_LOG_STEPS_PER_S,    1   },
 /* axolotl; ms-swift (of what the allocator holds) */
    {"memory/max_mem_allocated(gib)",                                    RUN_LOG_MEMORY_BYTES,   GIBI},
    {"memory/max_allocated (GiB)",                                       RUN_LOG_MEMORY_BYTES,   GIBI},
    {"memory/device_mem_reserved(gib)",                                  RUN_LOG_RESERVED_BYTES, GIBI},
    {"memory/device_reserved (GiB)",                                     RUN_LOG_RESERVED_BYTES, GIBI},
    {"memory(GiB)",                                                      RUN_LOG_RESERVED_BYTES, GIBI},
 /* what DeepSpeed prints beside it */
    {"train_batch_size .............",                                   RUN_LOG_GLOBAL_BATCH,   1   },
    {"world_size ...................",                                   RUN_LOG_GPUS,           1   },
    {NULL,                                                               RUN_LOG_ITERATION,      0   },
};

/* Beyond any run: more is damage. */
static const double count_most = 1e9, seconds_most = 1e9;

/* The digits at *s, which moves behind them; false: none. */
static bool digits_at(const char **s, double *value)
{
    char digits[24];
    char *end = digits;
    size_t n = strspn(*s, "0123456789.");
    if (!isdigit((unsigned char)**s) || n >= sizeof digits)
        return false;
    memcpy(digits, *s, n);
    digits[n] = '\0';
    *value = c_locale_strtod(digits, &end);
    *s += n;
    return end == digits + n && *value <= seconds_most;
}

/* Seconds of "1183.4", "02:03", "27:32:50", "0:20:30.12", "1 day, 2:03:04", "1h 7m 30s"; false:
 * none. */
static bool duration_at(const char *s, double *seconds)
{
    static const struct {
        char letter;
        double seconds;
    } units[] = {
        {'d', 86400},
        {'h', 3600 },
        {'m', 60   },
        {'s', 1    },
    };
    double whole = 0, part = 0, digits;
    bool any = false;
    s += strspn(s, " \t'\":=");
    while (digits_at(&s, &digits)) {
        any = true;
        part += digits;
        s += *s == ' ' && s[1] == 'd'; /* "1 day" */
        if (*s == ':') {
            part *= 60;
            s++;
            continue;
        }
        size_t u = 0;
        while (u < sizeof units / sizeof *units && units[u].letter != *s)
            u++;
        if (u == sizeof units / sizeof *units)
            break;
        whole += part * units[u].seconds;
        part = 0;
        s += strspn(s, "abcdefghijklmnopqrstuvwxyz, ");
    }
    *seconds = whole + part;
    return any && *seconds <= seconds_most;
}

/* "12/1000": both numbers. */
static bool counts_at(const char *s, struct run_step *out)
{
    double *n = &out->value[RUN_LOG_ITERATION], *all = &out->value[RUN_LOG_TOTAL_STEPS];
    const char *slash = strchr(s, '/');
    return slash && run_log_number(s, n) && run_log_number(slash + 1, all) && *n <= *all &&
           *all <= count_most;
}

/* Other bars name what they count, "Map: 5%|", "Epoch 1: 5%|" (of micro-batches); ms-swift calls
 * the Trainer's "Train". What a launcher puts before a line ("0: ", "[rank0]: ") has no letters
 * there.
 */
static bool is_of_training(const char *line, const char *counts)
{
    const char *percent = counts;
    while (percent > line && *percent != '%')
        percent--;
    while (percent > line && strchr(" 0123456789", percent[-1]))
        percent--;
    if (percent == line || percent[-1] != ':')
        return true;
    const char *end = percent - 1, *start = end;
    bool letters = false;
    while (start > line && (isalnum((unsigned char)start[-1]) || strchr(" _-", start[-1]))) {
        start--;
        letters = letters || isalpha((unsigned char)*start);
    }
    start += strspn(start, " ");
    return !letters || (end - start == 5 && strncmp(start, "Train", 5) == 0);
}

/* Where "12/1000 " begins that ends at `end`; NULL: no counts stand there. */
static const char *counts_before(const char *line, const char *end)
{
    for (int number = 0; number < 2; number++) {
        while (number == 0 && end > line && end[-1] == ' ')
            end--;
        const char *last = end;
        while (end > line && isdigit((unsigned char)end[-1]))
            end--;
        if (end == last || (number == 0 && (end == line || *--end != '/')))
            return NULL;
    }
    return end;
}

/* "  1%|1  | 12/1000 [01:23<1:54:05,  6.93s/it]"; open: the bracket; any: whatever it counts. */
static bool bar_at(const char *line, const char *open, bool any, struct run_step *out)
{
    const char *counts = counts_before(line, open), *left = strchr(open, '<');
    const char *rate = left ? strchr(left, ',') : NULL;
    double each = 0;
    if (!counts || !rate || !run_log_number(rate + 1, &each) || !counts_at(counts, out) ||
        !duration_at(open + 1, &out->value[RUN_LOG_ELAPSED_S]) ||
        (!any && !is_of_training(line, counts)))
        return false;
    rate += 1 + strspn(rate + 1, " ");
    rate += strspn(rate, "0123456789.");
    bool seconds = strncmp(rate, "s/it", 4) == 0;
    out->value[RUN_LOG_STEP_S] = seconds ? each : 1 / each;
    return (seconds || strncmp(rate, "it/s", 4) == 0) && out->value[RUN_LOG_STEP_S] <= seconds_most;
}

static bool find_bar(const char *line, bool any, struct run_step *out)
{
    for (const char *open = strchr(line, '['); open; open = strchr(open + 1, '[')) {
        *out = (struct run_step){.value = {0}};
        if (bar_at(line, open, any, out))
            return true;
    }
    return false;
}

static bool bar_step(const char *line, struct run_step *out)
{
    return find_bar(line, false, out);
}

/* Seconds a step between two lines at least so many seconds apart; 0: too near. */
static double between(const struct run_step *from, const struct run_step *to, double least_s)
{
    double n = to->value[RUN_LOG_ITERATION] - from->value[RUN_LOG_ITERATION];
    double s = to->value[RUN_LOG_ELAPSED_S] - from->value[RUN_LOG_ELAPSED_S];
    return n >= 1 && s >= least_s ? s / n : 0;
}

/* How far apart two clocks are read. They are of whole seconds: 50 are told within 2 %; of a short
 * log its fifth. 0: too short for its clocks. */
static double clock_span_s(const struct run_log *log)
{
    static const double parts = 5, most_s = 50, least_s = 3;
    if (log->count < 2)
        return most_s;
    const double *first = log->steps[0].value, *last = log->steps[log->count - 1].value;
    double s = (last[RUN_LOG_ELAPSED_S] - first[RUN_LOG_ELAPSED_S]) / parts;
    return s < 0 || s > most_s ? most_s : s < least_s ? 0 : s;
}

/* Times from the clocks of lines, not from the rate that a line states: that is a mean in which
 * slow first steps linger (tqdm weighs the last by 0.3), or one of all. The first line's is its
 * rate, or the mean since `before`; a line alone is that mean. */
static void time_from(struct run_step before, struct run_log *log)
{
    double span_s = clock_span_s(log);
    size_t kept = 0, count = log->count;
    for (size_t i = 0; i < count; i++) {
        struct run_step step = log->steps[i];
        double *each = &step.value[RUN_LOG_STEP_S];
        bool rated = *each > 0 && count > 1 && (i == 0 || !(span_s > 0));
        bool again = step.value[RUN_LOG_ITERATION] < before.value[RUN_LOG_ITERATION] ||
                     step.value[RUN_LOG_ELAPSED_S] < before.value[RUN_LOG_ELAPSED_S];
        if (!rated)
            *each = again ? 0 : between(&before, &step, span_s);
        if (*each > 0 || again)
            before = step;
        if (*each > 0)
            log->steps[kept++] = step;
    }
    log->count = kept;
}

static void time_steps(struct run_log *log)
{
    time_from((struct run_step){.value = {0}}, log);
}

/* Evaluation draws bars of its own in between: the one that runs longest is the training's. A copy
 * of its last state alone tells the mean, as the summary does. */
static void finish_bars(struct run_log *log)
{
    double longest = -1, all = 0;
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++) {
        const double *v = log->steps[i].value;
        if (v[RUN_LOG_ELAPSED_S] > longest) {
            longest = v[RUN_LOG_ELAPSED_S];
            all = v[RUN_LOG_TOTAL_STEPS];
        }
    }
    for (size_t i = 0; i < log->count; i++) {
        const double *v = log->steps[i].value;
        bool again = kept > 0 && fabs(log->steps[kept - 1].value[RUN_LOG_ITERATION] -
                                      v[RUN_LOG_ITERATION]) < 0.5;
        if (fabs(v[RUN_LOG_TOTAL_STEPS] - all) < 0.5 && !again)
            log->steps[kept++] = log->steps[i];
    }
    log->count = kept;
    time_steps(log);
    if (kept == 1)
        log->family = &run_log_trainer_summary;
}

static const char *const trainer_words[] = {"'epoch': ",     "train_runtime",
                                            "\"epoch\": ",   "Total optimization steps",
                                            "trainer.py",    "***** Running training *****",
                                            "[INFO:swift] ", NULL};

const struct run_log_family run_log_trainer_bar = {
    .name = "trainer",
    .title = "Hugging Face's Trainer",
    .marker = "<",
    .fact = fact,
    .step_of = bar_step,
    .finish = finish_bars,
    .words = trainer_words,
};

/* Lightning's bar of an epoch, where NeMo 1 tells the optimizer's steps behind it: what the bar
 * counts may be micro-batches, and begins anew with each epoch. Its rate is the mean since then. */
static bool lightning_step(const char *line, struct run_step *out)
{
    const char *at = strstr(line, " global_step=");
    double step = 0;
    if (!at || !run_log_number(at + 13, &step) || step > count_most || !find_bar(line, true, out))
        return false;
    bool same = fabs(out->value[RUN_LOG_ITERATION] - step) < 1.5; /* one more, when it is drawn */
    if (!same)
        out->value[RUN_LOG_STEP_S] = 0;
    out->value[RUN_LOG_ITERATION] = step;
    out->value[RUN_LOG_TOTAL_STEPS] = 0;
    return true;
}

static void finish_lightning(struct run_log *log)
{
    if (log->count > 1)
        time_from(log->steps[0], log);
    else if (log->count == 1 && !(log->steps[0].value[RUN_LOG_STEP_S] > 0))
        log->count = 0;
}

const struct run_log_family run_log_lightning = {
    .name = "lightning",
    .title = "Lightning",
    .marker = " global_step=",
    .step_of = lightning_step,
    .finish = finish_lightning,
};

static bool json_step(const char *line, struct run_step *out)
{
    const char *n = strstr(line, "\"current_steps\""), *all = strstr(line, "\"total_steps\"");
    const char *elapsed = strstr(line, "\"elapsed_time\"");
    return n && all && elapsed && run_log_number(n + 15, &out->value[RUN_LOG_ITERATION]) &&
           run_log_number(all + 13, &out->value[RUN_LOG_TOTAL_STEPS]) &&
           out->value[RUN_LOG_ITERATION] <= count_most &&
           duration_at(elapsed + 14, &out->value[RUN_LOG_ELAPSED_S]);
}

const struct run_log_family run_log_trainer_json = {
    .name = "llama-factory",
    .title = "LLaMA-Factory",
    .marker = "\"current_steps\"",
    .fact = fact,
    .step_of = json_step,
    .finish = time_steps,
};

/* 'global_step/max_steps': '5/60', 'elapsed_time': '3m 53s', 'train_speed(s/it)': '46.6', which is
 * the mean since the start */
static bool swift_step(const char *line, struct run_step *out)
{
    const char *counts = strstr(line, "global_step/max_steps");
    const char *elapsed = strstr(line, "elapsed_time");
    const char *each = strstr(line, "train_speed(s/it)");
    const char *rate = strstr(line, "train_speed(iter/s)");
    double value = 0;
    if (!counts || !elapsed || !duration_at(elapsed + 12, &out->value[RUN_LOG_ELAPSED_S]))
        return false;
    if (!counts_at(counts + 21, out))
        return false;
    if (each && run_log_number(each + 17, &value))
        out->value[RUN_LOG_STEP_S] = value;
    else if (rate && run_log_number(rate + 19, &value))
        out->value[RUN_LOG_STEP_S] = 1 / value;
    return out->value[RUN_LOG_STEP_S] <= seconds_most;
}

const struct run_log_family run_log_swift = {
    .name = "ms-swift",
    .title = "ms-swift",
    .marker = "global_step/max_steps",
    .fact = fact,
    .step_of = swift_step,
    .finish = time_steps,
};

static bool summary_step(const char *line, struct run_step *out)
{
    const char *at = strstr(line, "train_runtime");
    return at && duration_at(at + 13, &out->value[RUN_LOG_ELAPSED_S]) &&
           out->value[RUN_LOG_ELAPSED_S] > 0;
}

/* Of the last summary: the run's time over its steps; else its rates, of three decimals, the
 * sequences' first. Until transformers 4.6 the rate of sequences was that of steps. */
static void finish_summary(struct run_log *log)
{
    const double *said = log->fact;
    double steps = said[RUN_LOG_TOTAL_STEPS] - said[RUN_LOG_ITERATION];
    bool older = !(said[RUN_LOG_STEPS_PER_S] > 0);
    double rate = older ? said[RUN_LOG_SAMPLES_PER_S] : said[RUN_LOG_STEPS_PER_S];
    if (log->count == 0)
        return;
    struct run_step *step = &log->steps[0];
    *step = log->steps[log->count - 1];
    log->count = 1;
    if (steps >= 1)
        step->value[RUN_LOG_STEP_S] = step->value[RUN_LOG_ELAPSED_S] / steps;
    else if (!older && said[RUN_LOG_SAMPLES_PER_S] > 0)
        step->value[RUN_LOG_SAMPLES_PER_S] = said[RUN_LOG_SAMPLES_PER_S];
    else if (rate > 0)
        step->value[RUN_LOG_STEP_S] = 1 / rate;
}

const struct run_log_family run_log_trainer_summary = {
    .name = "trainer",
    .title = "Hugging Face's Trainer",
    .marker = "train_runtime",
    .fact = fact,
    .step_of = summary_step,
    .finish = finish_summary,
    .caveat = "the log tells the mean of the whole run alone: its start, evaluations and "
              "checkpoints are in it",
};
