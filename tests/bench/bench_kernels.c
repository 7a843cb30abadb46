/* What the forecast of one kernel costs: a cold product, over shapes from 1 to 65,536, and one that
 * the memo holds, over the shapes of a search. CPU time.
 *
 *     build-dev/tests/bench_kernels
 */
#include "hardware/roofline.h"
#include "parallelism/memo.h"
#include "parallelism/step_parts.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Mean seconds of a product, never the same shape twice. */
static double cold_s(const struct gpu *gpu, double *sum)
{
    double from = now_s(), n = 0;
    for (double round = 0; round < 4; round++)
        for (double m = 1; m <= 32768; m *= 2)
            for (double columns = 64; columns <= 65536; columns *= 2)
                for (double k = 64; k <= 65536; k *= 2, n++)
                    *sum += gemm_s(gpu, DTYPE_BF16,
                                   &(struct gemm){m + round, columns, k, 1, 2, false, 1});
    return (now_s() - from) / n;
}

/* Mean seconds of an op that is asked for again, over the products of 16 shards of a search. */
static double cached_s(struct memo *memo, const struct scenario *scenario, double *sum)
{
    enum { SHAPES = 256 };
    const long times = 20000;
    static struct op op[SHAPES];
    struct strategy s;
    strategy_default(&s);
    for (int i = 0; i < SHAPES; i++) {
        double m = 1024 << i % 4, n = 1024 * (1 + i / 4 % 16), k = 1024 << i / 64;
        op[i].kind = OP_GEMM;
        op[i].dtype = DTYPE_BF16;
        op[i].repeat = op[i].launches = 1;
        op[i].gemm = (struct gemm){m, n, k, 1, 2, false, 1};
        *sum += memo_op_s(memo, scenario, &s, &op[i]);
    }
    double from = now_s();
    for (long round = 0; round < times; round++)
        for (int i = 0; i < SHAPES; i++)
            *sum += memo_op_s(memo, scenario, &s, &op[i]);
    return (now_s() - from) / (double)(times * SHAPES);
}

int main(void)
{
    static struct scenario scenario;
    static struct memo memo;
    struct error e;
    double sum = 0;
    error_init(&e);
    job_default(&scenario.job);
    if (model_find("llama3-70b", NULL, &scenario.model, &e) ||
        system_find("dgx-h100", NULL, &scenario.system, &e) ||
        stack_find("default", NULL, &scenario.stack, &e)) {
        fprintf(stderr, "%s\n", e.message);
        return 1;
    }
    scenario.system.gpus = 512;
    memo_init(&memo);
    printf("a product, cold:   %7.1f ns\n", 1e9 * cold_s(&scenario.system.gpu, &sum));
    printf("an op, remembered: %7.1f ns\n", 1e9 * cached_s(&memo, &scenario, &sum));
    return sum > 0 ? 0 : 1;
}
