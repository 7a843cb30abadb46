/* Shell scripts read without running them: words as bash gives them (checked against bash by hand).
 */
#include "base/fields.h"
#include "parallelism/frameworks/settings.h"
#include "parallelism/frameworks/shell.h"
#include "parallelism/frameworks/shell_arithmetic.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

/* Commands as lines, words between bars. */
static void on_command(void *context, const struct words *words, int line)
{
    struct text *out = context;
    text_addf(out, "%d:", line);
    for (const char *w = words_first(words); w; w = words_next(words, w)) {
        text_add(out, w == words->pool.data ? "" : "|");
        value_show(w, out);
    }
    text_add(out, "\n");
}

static void on_document(void *context, const char *body, size_t n, int line)
{
    struct text *out = context;
    text_addf(out, "%d<", line);
    text_add_n(out, body, n);
    text_add(out, ">\n");
}

/* The first word of each command that is no test. */
static void on_branch(void *context, const struct words *words, int line)
{
    static const char *const tests[] = {"[", "[[", "test", "true", "false", "cat", NULL};
    struct text *out = context;
    const char *first = words_first(words);
    if (names_find(tests, first) < 0)
        text_addf(out, "%s%d:%s", out->length > 0 ? " " : "", line, first);
}

static void check_read(const char *script, const char *expected)
{
    struct text out = {0};
    struct shell shell = {.command = on_command, .document = on_document, .context = &out};
    shell_read(&shell, script, strlen(script));
    shell_free(&shell);
    assert_string_equal(text_string(&out), expected);
    text_free(&out);
}

static void test_words(void **state)
{
    (void)state;
    check_read("a b  c\n", "1:a|b|c\n");
    check_read("a 'b  c' \"d e\"f\\ g", "1:a|b  c|d ef g\n");
    check_read("a \\\n  b \\\n  c\nd", "1:a|b|c\n4:d\n");
    check_read("a # comment\nb#no c", "1:a\n2:b#no|c\n");
    check_read("a; b && c | d & e", "1:a\n1:b\n1:c\n1:d\n1:e\n");
    check_read("a '' \"\"", "1:a||\n");
    check_read("a > out.txt 2>&1 b < in", "1:a|b\n");
    check_read("\n\n  a", "3:a\n");
    check_read("a\r\nb \\\r\n c\r\n", "1:a\n2:b|c\n");
    check_read("A=\"b \\\r\n c\"\r\nd $A\r\n", "3:d|b|c\n");
}

static void test_variables(void **state)
{
    (void)state;
    check_read("X=8\na $X ${X} \"$X$X\" '$X'", "2:a|8|8|88|$X\n");
    check_read("export X=8 Y=\"1 2\"\na $X $Y \"$Y\"", "2:a|8|1|2|1 2\n");
    check_read("X=1; X+=2\na $X", "2:a|12\n");
    check_read("X=\"a b\"\nX=\"$X c\"\nrun $X", "3:run|a|b|c\n");
    check_read("a ${X:-4} ${X:-\"${Y:-5}\"} ${Z:+no}", "1:a|4|5\n");
    check_read("X=7\na ${X:-4} ${X:+yes}", "2:a|7|yes\n");
    check_read("X=\nrun a$X b $X \"$X\"", "2:run|a|b|\n");
    check_read(": \"${X:=4}\" ${Y:=$X}\n: ${X:=5}\nrun $X $Y", "1::|4|4\n2::|4\n3:run|4|4\n");
    check_read("if false; then : ${X:=4}; fi\nrun ${X:-5}", "1:false\n2:run|5\n");
    check_read("A=(7 8)\nrun ${A[${I:=1}]} $I", "2:run|8|1\n");
    check_read("N=3 run $N", "1:run|3\n");
    check_read("if true; then X=2; else X=3; fi\nrun $X", "1:true\n2:run|2\n");
    check_read("for X in 4 8; do run $X; done", "1:run|4\n");
}

static void test_arrays(void **state)
{
    (void)state;
    check_read("A=(--x 1 # note\n --y 'b c'\n)\nrun ${A[@]} \"${A[@]}\" ${A[1]}",
               "4:run|--x|1|--y|b|c|--x|1|--y|b c|1\n");
    check_read("A=(a)\nA+=(b c)\nrun \"${A[@]}\" d", "3:run|a|b|c|d\n");
    /* elements of several words, as NVIDIA's examples/llama/train_llama3_8b_h100_fp8.sh has them */
    check_read("A+=(\n \"--fp8-format hybrid\"\n \"--vocab-size 128256\" \n)\nrun ${A[@]}",
               "5:run|--fp8-format|hybrid|--vocab-size|128256\n");
    check_read("A=()\nrun \"${A[@]}\" d", "2:run|d\n");
    check_read("X=3\nA=(--n $X --m=${X}0)\nrun ${A[*]}", "3:run|--n|3|--m=30\n");
}

/* One element of an array, by number, by key, by what a variable says; how many there are. */
static void test_elements(void **state)
{
    (void)state;
    check_read("A=(x y z)\nI=1\na ${A[0]} ${A[$I]} ${A[I+1]} ${A[9]:-none} ${#A[@]}\n",
               "3:a|x|y|z|none|3\n");
    check_read("for i in ${!A[@]}; do a $i; done", "1:a|${!A[@]}\n");
    check_read("A=(8 9)\nfor i in \"${!A[@]}\"; do a $i ${A[$i]}; done", "2:a|0|8\n");
    check_read("declare -A M=([7b]=32 [13b]=40)\nM[70b]=80\nS=13b\na ${M[$S]} ${M[70b]} ${M[7b]}\n",
               "4:a|40|80|32\n");
    check_read("declare -A M=([7b]=32)\nfor k in ${!M[@]}; do a $k ${M[$k]}; done", "2:a|7b|32\n");
    check_read("a ${M[7b]} ${M[7b]:-5}", "1:a|${M[7b]}|5\n");
}

/* A function is read where it is called, with what it is given there; at the end where it is not.
 */
static void test_functions(void **state)
{
    (void)state;
    check_read("f() {\n  local N=$1\n  a $N $2 $#\n}\nb\nf 4 x\nf 8\n",
               "5:b\n3:a|4|x|2\n3:a|8|1\n");
    check_read("f() { a \"$@\"; }\nf 'x y' z\nb $1\n", "1:a|x y|z\n3:b|$1\n");
    check_read("g() {\n a $1\n}\nf() {\n g 7\n a $1\n}\nf 8\n", "2:a|7\n6:a|8\n");
    check_read("f() {\n  a $1\n}\nb\n", "4:b\n2:a|$1\n");
    check_read("function f {\n a\n}\nb\n", "1:function|f|{\n2:a\n4:b\n");
    check_read("function f() {\n if true; then\n  a ${1:-2}\n fi\n}\nf\n", "2:true\n3:a|2\n");
    check_read("f() {\n  f\n  f\n}\nf\na\n", "6:a\n"); /* ends */
    check_read("f() {\n  a", "1:f\n2:a\n");            /* has no end: read in place */
}

/* ${NAME<what becomes of it>}, as bash has it. */
static void test_transformed(void **state)
{
    (void)state;
    check_read("A=FP8\nB=a/b.c.d\nC=1_000\n"
               "a ${A,,} ${B##*/} ${B#*/} ${B%.*} ${B%%.*} ${C//_} ${C/_/-} ${#A} ${A:?unset}\n",
               "4:a|fp8|b.c.d|b.c.d|a/b.c|a/b|1000|1-000|3|FP8\n");
    check_read("B=x\na ${B^^} ${B%y} ${U,,} ${B/$U/z} ${B:1} ${U:?unset}\n",
               "2:a|X|x|${U,,}|${B/$U/z}|${B:1}|${U:?unset}\n");
}

static void test_arithmetic(void **state)
{
    (void)state;
    check_read("G=8\nN=4\nW=$(($G*$N))\nrun $W $((W / 2 + 1)) $(( (1+2)*3 % 4 ))",
               "4:run|32|17|1\n");
    struct shell_variables none = {.items = NULL};
    int64_t value = 0;
    assert_true(shell_arithmetic("2 * (3 + 4) - 5 / 2", &none, &value));
    assert_int_equal(value, 12);
    assert_false(shell_arithmetic("1 / 0", &none, &value));
    assert_false(shell_arithmetic("x + 1", &none, &value));
    assert_false(shell_arithmetic("1 +", &none, &value));
    assert_false(shell_arithmetic("99999999999999999999", &none, &value));
    assert_false(shell_arithmetic("(((", &none, &value));
    assert_false(shell_arithmetic("${", &none, &value));
}

/* Nothing is run: what a command would print is not known, and says so. */
static void test_unresolved(void **state)
{
    (void)state;
    struct text out = {0};
    struct shell shell = {.command = on_command, .context = &out};
    const char script[] = "N=$(wc -l < hosts)\nrun $N `date` $MISSING $1 ${A[@]}";
    shell_read(&shell, script, strlen(script));
    const struct shell_variable *n = shell_variable_find(&shell.variables, "N", 1);
    assert_non_null(n);
    assert_true(value_is_unresolved(words_first(&n->words)));
    assert_string_equal(out.data, "2:run|$(wc_-l_<_hosts)|`date`|$MISSING|$1|${A[@]}\n");
    shell_free(&shell);
    text_free(&out);
}

static void test_documents(void **state)
{
    (void)state;
    check_read("cat > f <<EOF\n{\"a\": 1}\nEOF\nrun x", "1:cat\n2<{\"a\": 1}\n>\n4:run|x\n");
    check_read("cat <<-'END' > f\n\tbody\n\tEND\nrun", "1:cat\n2<\tbody\n>\n4:run\n");
    check_read("cat <<EOF\nno end", "1:cat\n");
    check_read("N=4\ncat <<EOF > f\n{\"a\": $N, \"b\": '${N}'}\nEOF",
               "2:cat\n3<{\"a\": 4, \"b\": '4'}\n>\n");
    check_read("N=4\ncat <<'EOF'\n$N\nEOF", "2:cat\n3<$N\n>\n");
}

static void test_inner_scripts(void **state)
{
    (void)state;
    check_read("C=\"run --n 4\"\nsrun bash -c \"$C\"", "2:srun|bash|-c|run --n 4\n2:run|--n|4\n");
    check_read("eval \"run a\"", "1:run|a\n");
}

/* noted: 1, 0, or -1 for either. */
static void check_branch(const char *body, const char *expected, int noted)
{
    char script[200];
    struct text got = {0};
    struct shell shell = {.command = on_branch, .context = &got};
    snprintf(script, sizeof script, "N=8 E= U=$(u); %s", body);
    shell_read(&shell, script, strlen(script));
    if (strcmp(text_string(&got), expected) != 0)
        print_error("%s\n", body);
    assert_string_equal(text_string(&got), expected);
    assert_true(noted < 0 || shell.branches == (noted == 1));
    text_free(&got);
    shell_free(&shell);
}

/* Branches whose tests the script decides; of the others all is read. */
static void test_branches(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"if [ $N -eq 8 ]; then a; else b; fi\nc",                            "1:a 2:c"       },
        {"if [ \"$N\" -gt 8 ]; then a; else b; fi; c",                        "1:b 1:c"       },
        {"if [[ $N -lt 4 ]]; then a; elif [[ $N == 8 ]]; then b; else c; fi", "1:b"           },
        {"if [ $N = 8 ]; then a; elif [ $N = 8 ]; then b; else c; fi",        "1:a"           },
        {"if test $N -le 7; then a; fi; b",                                   "1:b"           },
        {"if ! [ $N -ge 8 ]; then a; else b; fi",                             "1:b"           },
        {"if [ ! -z \"$N\" ]; then a; else b; fi",                            "1:a"           },
        {"if [ -n \"$E\" ]; then a; else b; fi",                              "1:b"           },
        {"if [ \"$E\" ]; then a; else b; fi",                                 "1:b"           },
        {"if [ $U = 8 ]; then a; else b; fi",                                 "1:a 1:b"       },
        {"if [ $U = 8 ]; then a; elif [ $N = 7 ]; then b; else c; fi",        "1:a 1:c"       },
        {"if [ $U = 8 ]; then a; elif [ $N = 8 ]; then b; else c; fi",        "1:a 1:b"       },
        {"if [ $N = 8 ] && [ $U = 1 ]; then a; else b; fi",                   "1:a 1:b"       },
        {"if [ $N = 7 ] && [ $U = 1 ]; then a; else b; fi",                   "1:b"           },
        {"if [ $N = 8 ] || [ $U = 1 ]; then a; else b; fi",                   "1:a"           },
        {"if [[ $N == 8 && $E == x ]]; then a; else b; fi",                   "1:b"           },
        {"if [[ $N == ?* ]]; then a; else b; fi",                             "1:a 1:b"       },
        {"if [ -f x ]; then a; else b; fi",                                   "1:a 1:b"       },
        {"if grep x y; then a; else b; fi",                                   "1:grep 1:a 1:b"},
        {"if [ $N = 7 ]; then if [ $U = 1 ]; then a; else b; fi; c; fi; d",   "1:d"           },
        {"if [ $N = 8 ]\nthen\n a\nelse\n b\nfi\nc",                          "3:a 7:c"       },
        {"[ $N = 7 ] && a; b",                                                "1:b"           },
        {"[ $N = 7 ] && a || b; c",                                           "1:b 1:c"       },
        {"[ $N = 8 ] && a || b; c",                                           "1:a 1:b 1:c"   },
        {"[ $N = 8 ] || {\n a\n b\n}\nc",                                     "5:c"           },
        {"[ $N = 7 ] && N=9\nif [ $N = 8 ]; then a; fi",                      "2:a"           },
        {"[ $N = 8 ] &&\n a",                                                 "2:a"           },
        {"true | false && a",                                                 "1:a"           },
        {"if [ $N = 7 ]; then N+=1; A=(b); fi; [ $N = 8 ] && a ${A[@]}",      "1:a"           },
        {"if false; then\ncat <<EOF\nx\nEOF\nfi; a",                          "5:a"           },
        {"fi; else; then; } ; a",                                             "1:a"           },
        {"if [ $N = ; then a; fi; b",                                         "1:a 1:b"       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_branch(cases[i][0], cases[i][1], -1);
}

/* A variable that is never set is empty, as where the script is started by itself, unless a batch
 * system or a launcher sets it, or a file that is read may; there are no arguments. */
static void test_never_set(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"if [ \"$X\" = 8 ]; then a; else b; fi",                         "1:b"             },
        {"if [[ $X == 8 ]]; then a; elif [[ ${X} == 9 ]]; then b; fi; c", "1:c"             },
        {"if [ -z $X ]; then a; else b; fi",                              "1:a"             },
        {"if [[ $X -eq 1 ]]; then a; else b; fi",                         "1:b"             },
        {"if [[ $X -eq 0 ]]; then a; else b; fi",                         "1:a 1:b"         },
        {"if [ -z \"$SLURM_JOB_ID\" ]; then a; else b; fi",               "1:a 1:b"         },
        {"if [ -n \"$1\" ]; then a; fi; b",                               "1:a 1:b"         },
        {"if [ $# -gt 1 ]; then a; fi; b",                                "1:b"             },
        {"case $X in 7) a;; '') b;; esac; c",                             "1:b 1:c"         },
        {"source env.sh; if [ $X = 8 ]; then a; else b; fi",              "1:source 1:a 1:b"},
        {"source venv/bin/activate; [ $X = 8 ] && a; b",                  "1:source 1:b"    },
        {"read X Y < f; if [ $Y = 8 ]; then a; else b; fi",               "1:read 1:a 1:b"  },
        {"[[ -n $E && -n $X ]] && a; b",                                  "1:b"             },
        {"if [[ $N = 7 && $X = 7 ]]; then a; fi; if true; then b; fi",    "1:b"             },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_branch(cases[i][0], cases[i][1], -1);
}

/* The body of a loop is read once, or not at all where its test is false from the start; the last
 * column: whether it is noted. */
static void test_loops(void **state)
{
    (void)state;
    static const struct {
        const char *script, *commands;
        int noted;
    } cases[] = {
        {"while [ $# -gt 0 ]; do case $1 in -t) N=1; a;; esac; shift; done; b",            "1:b",            0},
        {"while getopts t:h o; do case $o in t) N=1; a;; esac; done; [ $N = 8 ] && b",
         "1:getopts 1:b",                                                                                    0},
        {"while [ $N -lt 9 ]; do a; done; b",                                              "1:a 1:b",        1},
        {"until [ $N = 8 ]; do a; done; b",                                                "1:b",            0},
        {"while read -r l; do a; done < f; b",                                             "1:read 1:a 1:b", 1},
        {"if false; then while true; do a; done; fi; b",                                   "1:b",            0},
        {"for i in 7 8; do [ $i = 7 ] && a; done; b",                                      "1:a 1:b",        1},
        {"while false; do for i in 1; do a; done; if true; then b; fi; done; c",           "1:c",            0},
        {"for i in $*; do a; done; for i in \"$@\"; do a; done; b",                        "1:b",            0},
        {"for i; do a; done; for i in; do a; done; E=(); for i in ${E[@]}; do a; done; b", "1:b",
         0                                                                                                    },
        {"for i in $* 7; do a; done; b",                                                   "1:a 1:b",        1},
        {"set -- 7 8; for i in \"$@\"; do a; done",                                        "1:-- 1:a",       1},
        {"f() {\nfor i in \"$@\"; do $i; done\n}\nf a",                                    "2:a",            1},
        {"done; do; a",                                                                    "1:a",            0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_branch(cases[i].script, cases[i].commands, cases[i].noted);
}

/* `case`: the first body whose pattern is the word's, or all of them where the script does not tell
 * the word; the last column: whether that is noted. */
static void test_cases(void **state)
{
    (void)state;
    static const struct {
        const char *script, *commands;
        int noted;
    } cases[] = {
        {"case $N in 7) a;; 8) b;; *) c;; esac; d",                          "1:b 1:d",     0},
        {"case \"$N\" in\n \"7\")\n a\n ;;\n 8|9)\n b; c\n ;;\nesac\nd",     "6:b 6:c 9:d", 0},
        {"case $N in 7|8) a;; 8) b;; esac",                                  "1:a",         0},
        {"case x$N in y*) a;; x[0-9]) b;; *) c;; esac",                      "1:b",         0},
        {"case $N in (7) a;; (8) b;; esac",                                  "1:b",         0},
        {"case $N in 7) a;; *) b; esac; c",                                  "1:b 1:c",     0},
        {"case $N in 7) a;; esac; c",                                        "1:c",         0},
        {"case $E in '') a;; *) b;; esac",                                   "1:a",         0},
        {"case $U in 7) a;; *) b;; esac; c",                                 "1:a 1:b 1:c", 1},
        {"case $N in $U) a;; *) b;; esac; c",                                "1:a 1:b 1:c", 1},
        {"case $N in 8) if [ $N = 7 ]; then a; else b; fi; c;; *) d;; esac", "1:b 1:c",     0},
        {"if [ $N = 7 ]; then case $U in 7) a;; esac; b; fi; c",             "1:c",         0},
        {"case $N in 8) case $E in x) a;; *) b;; esac; c;; *) d;; esac",     "1:b 1:c",     0},
        {"case $N in 7) N=1;; esac; [ $N = 8 ] && a",                        "1:a",         0},
        {"case $N in 8) M=9;; *) M=1;; esac; [ $M = 9 ] && a",               "1:a",         0},
        {"case in 8) a;; esac; b",                                           "1:b",         0},
        {"esac; ;; ) a",                                                     "1:a",         0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_branch(cases[i].script, cases[i].commands, cases[i].noted);
}

/* One `if` in another, more than are kept. */
static void test_deep_branches(void **state)
{
    (void)state;
    struct text script = {0}, got = {0};
    for (int i = 0; i < 40; i++)
        text_add(&script, "if true; then\n");
    text_add(&script, "a\n");
    for (int i = 0; i < 40; i++)
        text_add(&script, "fi\n");
    text_add(&script, "if false; then b; fi; c\n");
    struct shell shell = {.command = on_branch, .context = &got};
    shell_read(&shell, script.data, script.length);
    assert_string_equal(text_string(&got), "41:a 82:c");
    text_free(&script);
    text_free(&got);
    shell_free(&shell);
}

/* Hostile input ends, and is cut where it grows. */
static void test_limits(void **state)
{
    (void)state;
    struct text script = {0};
    struct shell shell = {.branches = false};
    text_add(&script, "A=0123456789\n");
    for (int i = 0; i < 64; i++)
        text_add(&script, "A=$A$A$A\n");
    text_add(&script,
             "bash -c 'bash -c \"eval eval eval eval eval eval eval eval $A\"'\n((((((${${${$(((");
    shell_read(&shell, script.data, script.length);
    assert_true(shell.too_large);
    shell_free(&shell);
    text_free(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),         cmocka_unit_test(test_variables),
        cmocka_unit_test(test_arrays),        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_transformed),   cmocka_unit_test(test_functions),
        cmocka_unit_test(test_arithmetic),    cmocka_unit_test(test_unresolved),
        cmocka_unit_test(test_documents),     cmocka_unit_test(test_inner_scripts),
        cmocka_unit_test(test_branches),      cmocka_unit_test(test_never_set),
        cmocka_unit_test(test_loops),         cmocka_unit_test(test_cases),
        cmocka_unit_test(test_deep_branches), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
