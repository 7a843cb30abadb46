/* Every allocation of the program fails in turn, once alone and once with all after it: each time
 * the answer is the same bytes, or exit 4 with a message and no file. Linked with the program's
 * main under another name and with --wrap=malloc,calloc,realloc; without a sanitizer libc's and the
 * libraries' own allocations fail too, and with one the leaks that a failure leaves are found.
 *     allocations FOLDER    runs the commands below, their files written to and read from FOLDER
 * Of a command with many allocations some are tried, spread evenly; STEPCAST_FAULTS=all tries each.
 */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int stepcast_main(int argc, char **argv);

/* ---- allocations ---- */

static atomic_long count; /* since the start of a run */
static long failing = -1; /* the first that fails; negative: none */
static bool all_after;    /* so does every one after it */

static bool allowed(void)
{
    long n = atomic_fetch_add(&count, 1);
    return failing < 0 || (all_after ? n < failing : n != failing);
}

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
#else
/* glibc's own, so that malloc below stands for that of every library. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
#define __real_malloc __libc_malloc
#define __real_calloc __libc_calloc
#define __real_realloc __libc_realloc

void *malloc(size_t size)
{
    return __wrap_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return __wrap_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
    return __wrap_realloc(p, size);
}
#endif

static void *failed(void)
{
    errno = ENOMEM;
    return NULL;
}

void *__wrap_malloc(size_t size)
{
    return allowed() ? __real_malloc(size) : failed();
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allowed() ? __real_calloc(n, size) : failed();
}

void *__wrap_realloc(void *p, size_t size)
{
    return allowed() ? __real_realloc(p, size) : failed();
}

/* ---- one run ---- */

enum { WORDS_MAX = 48, NAME_SIZE = 256, TEXT_MAX = 1 << 22 };

/* A run's standard output, standard error and file, as far as they fit. */
struct outcome {
    int code; /* 128 + signal where one ended it */
    long allocations;
    size_t length[3];
    char text[3][TEXT_MAX];
};

static const char *folder;
static const char *const file_names[3] = {"stdout", "stderr", "result"};

static const char *path_of(const char *name)
{
    static char path[2][NAME_SIZE];
    static int turn;
    turn = !turn;
    snprintf(path[turn], NAME_SIZE, "%s/%s", folder, name);
    return path[turn];
}

static void redirect(int fd, const char *path)
{
    int to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0 || dup2(to, fd) < 0)
        _exit(99);
    close(to);
}

static void *counted_malloc(size_t size)
{
    return __wrap_malloc(size);
}

/* The words of a command; '@' stands for the folder. */
static int split(const char *command, char words[WORDS_MAX][NAME_SIZE], char **argv)
{
    int argc = 0;
    argv[argc++] = strcpy(words[0], "stepcast");
    while (*command && argc < WORDS_MAX) {
        size_t n = strcspn(command, " ");
        if (*command == '@')
            snprintf(words[argc], NAME_SIZE, "%s%.*s", folder, (int)n - 1, command + 1);
        else
            snprintf(words[argc], NAME_SIZE, "%.*s", (int)n, command);
        argv[argc] = words[argc];
        argc++;
        command += n + strspn(command + n, " ");
    }
    argv[argc] = NULL;
    return argc;
}

/* The child's part: the program, then the number of its allocations into `report`. */
static void run_child(const char *command, long first, bool all, int report)
{
    static char words[WORDS_MAX][NAME_SIZE];
    char *argv[WORDS_MAX + 1];
    int argc = split(command, words, argv);
    redirect(STDOUT_FILENO, path_of("stdout"));
    redirect(STDERR_FILENO, path_of("stderr"));
#ifdef SANITIZED
    cJSON_Hooks hooks = {counted_malloc, free};
    cJSON_InitHooks(&hooks);
#else
    (void)counted_malloc;
#endif
    atomic_store(&count, 0);
    all_after = all;
    failing = first;
    int code = stepcast_main(argc, argv);
    failing = -1;
    long used = atomic_load(&count);
    if (write(report, &used, sizeof used) != (ssize_t)sizeof used)
        _exit(98);
    exit(code); /* with the check for leaks, if it is built in */
}

/* The one figure of an answer that differs from run to run. */
static void hide_elapsed(struct outcome *out, int i)
{
    static const char key[] = "\"elapsed_s\": ";
    char *digits = strstr(out->text[i], key);
    if (!digits)
        return;
    digits += sizeof key - 1;
    size_t n = strcspn(digits, ",\n");
    memmove(digits, digits + n, strlen(digits + n) + 1);
    out->length[i] = strlen(out->text[i]);
}

static void read_back(struct outcome *out)
{
    for (int i = 0; i < 3; i++) {
        FILE *f = fopen(path_of(file_names[i]), "rb");
        out->length[i] = f ? fread(out->text[i], 1, TEXT_MAX - 1, f) : 0;
        out->text[i][out->length[i]] = '\0';
        if (f)
            fclose(f);
        hide_elapsed(out, i);
    }
}

static void run(const char *command, long first, bool all, struct outcome *out)
{
    int ends[2], how = 0;
    unlink(path_of("result"));
    if (pipe(ends) != 0) {
        perror("pipe");
        exit(4);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_child(command, first, all, ends[1]);
    close(ends[1]);
    if (child < 0 || waitpid(child, &how, 0) != child) {
        perror("fork");
        exit(4);
    }
    if (read(ends[0], &out->allocations, sizeof out->allocations) != (ssize_t)sizeof(long))
        out->allocations = -1;
    close(ends[0]);
    out->code = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
    read_back(out);
}

/* ---- what must hold ---- */

static bool same(const struct outcome *a, const struct outcome *b, int i)
{
    return a->length[i] == b->length[i] && memcmp(a->text[i], b->text[i], a->length[i]) == 0;
}

/* Nothing but what was there and what a run may write. */
static int files_in_folder(void)
{
    int files = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        files += strstr(d->d_name, "tmp") != NULL;
    if (dir)
        closedir(dir);
    return files;
}

static const char *wrong_with(const struct outcome *got, const struct outcome *whole)
{
    bool answered = got->code == whole->code && same(got, whole, 0) && same(got, whole, 2);
    if (files_in_folder() > 0)
        return "a temporary file is left";
    if (answered)
        return NULL;
    if (got->code != 4)
        return got->code == whole->code ? "other bytes" : "another exit code";
    for (int i = 0; i < 3; i += 2)
        if (got->length[i] > 0 && !same(got, whole, i))
            return "half an answer";
    return strstr(got->text[1], "memory") ? NULL : "no message of memory";
}

static const char *const commands[] = {
    "estimate --model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048 --global-batch 8 "
    "--json "
    "-o @/estimate.json",
    "estimate --model llama3-8b --system dgx-h100 --gpus 8 --seq-length 2048 --global-batch 8",
    "estimate --scenario @/estimate.json --explain",
    "estimate --scenario @/estimate.json --csv -o @/result",
    "estimate --scenario @/estimate.json --trace @/result",
    "search --scenario @/estimate.json --threads 1 --top 3 --json",
    "sweep --scenario @/estimate.json --vary gpus=8:32:x2 --tp 8 --threads 1 --csv",
    "plot memory --scenario @/estimate.json --tp 8 --threads 1",
    "plot timeline --scenario @/estimate.json --tp 2 --pp 2 --threads 1 --data @/result",
    "report --diff @/estimate.json @/estimate.json",
    "export --to torchtitan --scenario @/estimate.json",
    "export --to megatron-lm --scenario @/estimate.json -o @/result",
    "show model deepseek-v3 --json",
    "show gpu h100-sxm",
    "show system gb200-nvl72",
    "show stack megatron-core --json -o @/result",
    "list gpus --csv",
    "validate calibrate/published/korthikanti22.json --json",
    "validate --gpu a100-sxm-80gb @/samples.csv",
    "estimate --from tests/data/frameworks/megatron.sh --system dgx-a100",
    "estimate --from tests/data/frameworks/torchtitan.py --system dgx-h100 --gpus 64",
    "estimate --from tests/data/frameworks/megatron.yaml --system dgx-h100 --gpus 64",
    "estimate --from tests/data/frameworks/ds_config.json --model llama3-8b --system dgx-h100 "
    "--gpus 8 --seq-length 2048",
    "compare tests/data/logs/megatron.log --scenario @/estimate.json",
    "compare tests/data/logs/megatron.log --scenario @/estimate.json --kineto "
    "tests/data/logs/kineto.json",
    "calibrate import @/all_reduce_perf.log --ranks 8",
    "calibrate fit --gpu a100-sxm-80gb @/samples.csv -o @/result",
    "calibrate show hardware/catalog/gpus/a100-sxm-80gb.json @/samples.csv",
    "completion bash",
    "help search",
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* What the commands read, made by the first of them or written here. */
static void write_inputs(void)
{
    FILE *log = fopen(path_of("all_reduce_perf.log"), "w");
    FILE *csv = fopen(path_of("samples.csv"), "w");
    if (!log || !csv)
        exit(4);
    fputs("#       size         count      type   redop    root     time   algbw   busbw #wrong\n"
          "     1048576        262144     float     sum      -1    25.00   41.94   73.40      0\n",
          log);
    fputs("# source: made up\ndtype,m,n,k,time_us\n", csv);
    for (int m = 8; m <= 8192; m *= 2)
        for (int n = 1024; n <= 8192; n *= 2)
            for (int k = 1024; k <= 8192; k *= 2)
                fprintf(csv, "bf16,%d,%d,%d,%.3f\n", m, n, k, 3 + 2.0 * m * n * k / 250e6);
    fclose(log);
    fclose(csv);
}

static long faults, broken;

static void try_fault(const char *command, long n, bool all, const struct outcome *whole)
{
    static struct outcome got;
    run(command, n, all, &got);
    const char *wrong = wrong_with(&got, whole);
    faults++;
    if (!wrong)
        return;
    broken++;
    printf("BROKEN: stepcast %s: allocation %ld%s fails: %s (exit %d)\n%.1500s", command, n,
           all ? " and all after it" : "", wrong, got.code, got.text[1]);
}

/* Allocations of a command tried: the first ones each, the others spread. */
static void try_command(const char *command, long most)
{
    static struct outcome whole;
    run(command, -1, false, &whole);
    if (whole.code > 1 || whole.allocations <= 0) {
        printf("BROKEN: stepcast %s: exit %d\n%.1500s", command, whole.code, whole.text[1]);
        broken++;
        return;
    }
    long before = faults, total = whole.allocations;
    double step = most > 0 && total > most ? (double)total / (double)most : 1;
    for (double n = 0; n < (double)total; n += step) {
        try_fault(command, (long)n, false, &whole);
        try_fault(command, (long)n, true, &whole);
    }
    printf("%6ld allocations, %6ld faults: %.60s\n", total, faults - before, command);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *much = getenv("STEPCAST_FAULTS");
#ifdef SANITIZED
    long usual = 6; /* each takes a tenth of a second */
#else
    long usual = 24;
#endif
    long most = much ? strcmp(much, "all") == 0 ? 0 : strtol(much, NULL, 10) : usual;
    if (argc < 2) {
        fprintf(stderr, "usage: allocations FOLDER [COMMAND...]\n");
        return 2;
    }
    folder = argv[1];
    write_inputs();
    if (argc > 2)
        for (int i = 2; i < argc; i++)
            try_command(argv[i], most);
    else
        for (int i = 0; i < COMMANDS; i++)
            try_command(commands[i], most);
    printf("%ld allocation faults injected, %ld answered wrongly\n", faults, broken);
    return broken > 0;
}
