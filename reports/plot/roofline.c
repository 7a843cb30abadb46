#include "reports/plot/roofline.h"
#include "base/c_locale.h"
#include "hardware/roofline.h"
#include "parallelism/blocks.h"
#include "reports/csv.h"
#include "reports/plot/label_places.h"
#include "reports/plot/words.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_MAX = 256, LISTED = 16 };

/* Norms, activations and copies do about one operation for two bytes read and two written; they are
 * drawn there, and what counts is their distance from the memory roof. */
static const double memory_bound_flop_per_byte = 0.25;

struct kernel {
    char block[48];
    enum op_name name;
    enum phase phase;
    enum op_kind kind;
    double flop, bytes, seconds; /* of all layers of the model for one micro-batch */
};

struct kernels_found {
    int count;
    double seconds;
    struct kernel kernel[KERNELS_MAX];
};

static void add_kernel(void *context, const struct block *block, const struct op *op,
                       struct op_time time)
{
    struct kernels_found *found = context;
    if (op->kind == OP_COLLECTIVE || time.seconds <= 0)
        return;
    double runs = block->layers * op->repeat;
    int i = 0;
    for (; i < found->count; i++) {
        const struct kernel *k = &found->kernel[i];
        if (k->name == op->name && k->phase == op->phase && k->kind == op->kind &&
            strcmp(k->block, block->name) == 0)
            break;
    }
    if (i == KERNELS_MAX)
        return;
    struct kernel *k = &found->kernel[i];
    if (i == found->count) {
        *k = (struct kernel){.name = op->name, .phase = op->phase, .kind = op->kind};
        memcpy(k->block, block->name, sizeof k->block);
        found->count++;
    }
    k->flop += runs * op_flop(op);
    k->bytes += runs * op_bytes(op);
    k->seconds += block->layers * time.seconds;
    found->seconds += block->layers * time.seconds;
}

static int by_time(const void *a, const void *b)
{
    const struct kernel *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return memcmp(&x->name, &y->name, sizeof x->name);
}

static double intensity(const struct kernel *k)
{
    return k->flop > 0 ? k->flop / k->bytes : memory_bound_flop_per_byte;
}

static double rate(const struct kernel *k)
{
    return intensity(k) * k->bytes / k->seconds;
}

static void name_kernel(const struct kernel *k, const struct scenario *s, struct text *out)
{
    static const char *const phases[PHASES] = {"forward", "dgrad", "wgrad", "decode"};
    bool whole = k->kind == OP_ATTENTION || k->kind == OP_SCAN; /* one kernel the backward pass */
    bool several = s->model.kinds > 1 && strncmp(k->block, "layer", 5) != 0;
    text_add(out, op_name_names[k->name]);
    if (several && strcmp(k->block, "head") != 0)
        text_addf(out, " (%s)", k->block);
    text_addf(out, ", %s", whole && k->phase != PHASE_FORWARD ? "backward" : phases[k->phase]);
}

static void add_data(struct figure *f, const struct kernels_found *found,
                     const struct scenario *scenario)
{
    text_add(&f->data, "kernel,kind,flop_per_byte,flop_per_s,bytes_per_s,time_frac\n");
    for (int i = 0; i < found->count; i++) {
        const struct kernel *k = &found->kernel[i];
        struct text words = {0};
        name_kernel(k, scenario, &words);
        csv_text(&f->data, text_string(&words));
        csv_text(&f->data, op_kind_names[k->kind]);
        csv_number(&f->data, k->flop > 0 ? intensity(k) : (double)NAN);
        csv_number(&f->data, k->flop > 0 ? rate(k) : (double)NAN);
        csv_number(&f->data, k->bytes / k->seconds);
        csv_number(&f->data, k->seconds / found->seconds);
        csv_end(&f->data);
        text_free(&words);
    }
}

/* ---- roofs ---- */

struct roof {
    double flop_per_s, bytes_per_s;
};

/* What the calibrated forms give a large product and a large copy. */
static struct roof calibrated_roof(const struct gpu *gpu, enum dtype dtype)
{
    const struct gemm large = {16384, 16384, 16384, 1, 2, false, 1};
    const struct memory_op copy = {MEMORY_ELEMENTWISE, 4e9};
    return (struct roof){gemm_flop(&large) / gemm_s(gpu, dtype, &large),
                         copy.bytes / memory_op_s(gpu, &copy)};
}

/* The drawing's ranges, in FLOP/byte and FLOP/s. */
struct frame {
    double x0, x1, y0, y1;
};

static struct frame frame_of(const struct kernels_found *found, double peak)
{
    struct frame frame = {0.1, 4000, peak / 1e4, 2.2 * peak};
    for (int i = 0; i < found->count; i++) {
        const struct kernel *k = &found->kernel[i];
        if (k->seconds < 1e-3 * found->seconds)
            continue;
        frame.y0 = fmin(frame.y0, rate(k) / 2);
        frame.x1 = fmax(frame.x1, intensity(k) * 2);
    }
    frame.y0 = fmax(frame.y0, peak / 1e5);
    return frame;
}

static void add_roof(struct figure *f, const struct roof *r, const struct frame *frame,
                     const char *name)
{
    figure_open_block(f, name);
    figure_add(f, "%.9g %.9g\n%.9g %.9g\n%.9g %.9g\n", frame->x0, frame->x0 * r->bytes_per_s / 1e12,
               r->flop_per_s / r->bytes_per_s, r->flop_per_s / 1e12, frame->x1,
               r->flop_per_s / 1e12);
    figure_close_block(f);
}

/* Position of a value on the page: the plot's area of 960 x 540, upwards. */
static const double left = 0.085, right = 0.655, bottom = 0.13, top = 0.85;

static struct spot spot_of(const struct kernel *k, const struct frame *frame, double total_s)
{
    double x = log(intensity(k) / frame->x0) / log(frame->x1 / frame->x0);
    double y = log(rate(k) / frame->y0) / log(frame->y1 / frame->y0);
    return (struct spot){960 * (left + x * (right - left)), 540 * (bottom + y * (top - bottom)),
                         3 + 20 * sqrt(k->seconds / total_s)};
}

static void add_points(struct figure *f, const struct kernels_found *found,
                       const struct frame *frame, enum op_kind kind)
{
    figure_open_block(f, op_kind_names[kind]);
    figure_add(f, "NaN NaN NaN\n");
    for (int i = 0; i < found->count; i++) {
        const struct kernel *k = &found->kernel[i];
        /* a point of size 1 reaches about 4.5 pixels */
        double size = spot_of(k, frame, found->seconds).radius / 4.5;
        if (k->kind == kind)
            figure_add(f, "%.9g %.9g %.9g\n", intensity(k), rate(k) / 1e12, size);
    }
    figure_close_block(f);
}

/* Numbers beside the points, names in a list outside. */
static void label_kernels(struct figure *f, const struct kernels_found *found,
                          const struct frame *frame, const struct scenario *scenario)
{
    struct spot spots[KERNELS_MAX] = {
        {0, 0, 0}
    };
    struct label_place places[LISTED];
    int n = found->count < LISTED ? found->count : LISTED;
    for (int i = 0; i < found->count; i++)
        spots[i] = spot_of(&found->kernel[i], frame, found->seconds);
    label_places(spots, found->count, n, 17, 14, places);
    for (int i = 0; i < n; i++) {
        struct text words = {0};
        if (places[i].far)
            figure_add(f,
                       "set arrow from screen %.4f,%.4f to screen %.4f,%.4f nohead lw 0.7 lc rgb "
                       "'%s' front\n",
                       spots[i].x / 960, spots[i].y / 540, places[i].x / 960, places[i].y / 540,
                       figure_grey);
        text_addf(&words, "%d", i + 1);
        figure_label(f, text_string(&words), "at screen %.4f,%.4f center font ',11' front",
                     places[i].x / 960, places[i].y / 540);
        text_clear(&words);
        text_addf(&words, "%d  ", i + 1);
        name_kernel(&found->kernel[i], scenario, &words);
        text_addf(&words, "  %.1f %%", 100 * found->kernel[i].seconds / found->seconds);
        figure_label(f, text_string(&words), "at screen 0.675,%.4f left font ',11' front",
                     0.795 - 0.033 * i);
        text_free(&words);
    }
    figure_label(f, "kernels by share of the kernels' time",
                 "at screen 0.675,0.835 left font ',12' front");
}

static void label_ridge(struct figure *f, const struct roof *r, const char *colour, double dx,
                        double dy)
{
    char words[48];
    c_locale_format(words, sizeof words, "ridge at %.0f FLOP/byte", r->flop_per_s / r->bytes_per_s);
    figure_label(f, words,
                 "at first %.9g,%.9g right offset character %g,%g font ',11' tc rgb '%s' point pt "
                 "6 ps 0.8 lc rgb '%s' front",
                 r->flop_per_s / r->bytes_per_s, r->flop_per_s / 1e12, dx, dy, colour, colour);
}

static bool kind_shows(const struct kernels_found *found, enum op_kind kind)
{
    for (int i = 0; i < found->count; i++)
        if (found->kernel[i].kind == kind)
            return true;
    return false;
}

static void add_plot(struct figure *f, const struct kernels_found *found, const struct roof *sheet,
                     const struct roof *own, enum dtype dtype)
{
    static const struct {
        enum op_kind kind;
        const char *colour, *title;
    } kinds[] = {
        {OP_GEMM,         "#0072b2", "matrix products"                 },
        {OP_GROUPED_GEMM, "#6a3d9a", "expert products"                 },
        {OP_ATTENTION,    "#d55e00", "attention"                       },
        {OP_SCAN,         "#cc79a7", "scans"                           },
        {OP_MEMORY,       "#009e73", "memory-bound (at 0.25 FLOP/byte)"},
    };
    figure_add(f,
               "plot $sheet with lines lw 1.5 dt 2 lc rgb '%s' title 'datasheet: %.4g TFLOP/s %s, "
               "%.3g TB/s', $own with lines lw 2 lc rgb '%s' title 'calibrated: %.4g TFLOP/s, %.3g "
               "TB/s'",
               figure_grey, sheet->flop_per_s / 1e12, dtype_names[dtype], sheet->bytes_per_s / 1e12,
               figure_ink, own->flop_per_s / 1e12, own->bytes_per_s / 1e12);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kind_shows(found, kinds[i].kind))
            figure_add(f, ", $%s using 1:2:3 with points pt 7 ps variable lc rgb '%s' title '%s'",
                       op_kind_names[kinds[i].kind], kinds[i].colour, kinds[i].title);
    figure_add(f, "\n");
}

static void draw(struct figure *f, const struct scenario *scenario, const struct strategy *strategy,
                 const struct kernels_found *found)
{
    enum dtype dtype = scenario->job.precision;
    const struct gpu *gpu = &scenario->system.gpu;
    struct roof sheet = {gpu->peak_flop_per_s[dtype], gpu->memory_bandwidth_bytes_per_s};
    struct roof own = calibrated_roof(gpu, dtype);
    struct frame frame = frame_of(found, sheet.flop_per_s);
    struct text remark = {0};
    add_data(f, found, scenario);
    text_add(&remark, "\n");
    strategy_describe(strategy, &remark);
    plot_title_with(f, "Roofline of a GPU: every kernel of the step", scenario,
                    text_string(&remark));
    add_roof(f, &sheet, &frame, "sheet");
    add_roof(f, &own, &frame, "own");
    for (int kind = 0; kind < OP_KINDS; kind++)
        if (kind != OP_COLLECTIVE)
            add_points(f, found, &frame, (enum op_kind)kind);
    figure_set(f, "set xlabel", "arithmetic intensity, FLOP/byte of device memory");
    figure_set(f, "set ylabel", "rate, TFLOP/s");
    figure_add(f,
               "set logscale xy\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n"
               "set lmargin at screen %g\nset rmargin at screen %g\nset bmargin at screen %g\n"
               "set tmargin at screen %g\nset format '%%g'\n"
               "set key at screen 0.675,0.26 left top vertical Left reverse samplen 2 font ',11'\n"
               "set style fill transparent solid 0.6 noborder\n",
               frame.x0, frame.x1, frame.y0 / 1e12, frame.y1 / 1e12, left, right, bottom, top);
    label_ridge(f, &sheet, figure_grey, -0.8, 0.7);
    label_ridge(f, &own, figure_ink, -5.5, -0.9);
    label_kernels(f, found, &frame, scenario);
    add_plot(f, found, &sheet, &own, dtype);
    text_free(&remark);
}

enum status plot_roofline(struct figure *f, const struct scenario *scenario,
                          const struct strategy *strategy, struct error *e)
{
    struct kernels_found *found = calloc(1, sizeof *found);
    if (!found)
        return error_set(e, STATUS_IO, "out of memory");
    blocks_visit(scenario, strategy, add_kernel, found);
    qsort(found->kernel, (size_t)found->count, sizeof *found->kernel, by_time);
    draw(f, scenario, strategy, found);
    free(found);
    return STATUS_OK;
}
