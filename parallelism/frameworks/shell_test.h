#ifndef PARALLELISM_FRAMEWORKS_SHELL_TEST_H
#define PARALLELISM_FRAMEWORKS_SHELL_TEST_H
#include <stdbool.h>

/* What a test of a script comes to. A variable that the script never sets, and no launcher or
 * batch system does, is empty, as it is where the script is started by itself; a script so started
 * has no arguments: $# is 0. */
enum truth { TRUTH_UNKNOWN, TRUTH_FALSE, TRUTH_TRUE };

enum truth truth_of(bool value);
enum truth truth_not(enum truth a);
enum truth truth_and(enum truth a, enum truth b);

/* The n words of a test without its brackets; *assumed becomes true where a variable taken as
 * empty decided it. NULL: none is taken so (a file that the script reads may set it). */
enum truth shell_test(const char *const *words, int n, bool *assumed);
/* True if the value is one such variable alone. */
bool shell_value_is_unset(const char *value);

#endif
