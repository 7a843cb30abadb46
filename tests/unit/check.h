#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H
/* cmocka with what it needs before it, and comparisons of doubles (its own cast to float). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

/* |got - want| <= tolerance |want|; for want = 0 the tolerance is absolute. Prints both when it
 * fails. */
#define check_near(got, want, tolerance)                                                           \
    check_near_at((got), (want), (tolerance), #got, __FILE__, __LINE__)

static inline void check_near_at(double got, double want, double tolerance, const char *what,
                                 const char *file, int line)
{
    double scale = want != 0 ? fabs(want) : 1;
    if (!(fabs(got - want) <= tolerance * scale)) {
        print_error("%s: got %.17g, want %.17g (tolerance %g)\n", what, got, want, tolerance);
        _fail(file, line);
    }
}

#endif
