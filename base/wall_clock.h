#ifndef BASE_WALL_CLOCK_H
#define BASE_WALL_CLOCK_H
#include <stddef.h>

double wall_clock_s(void); /* since an arbitrary moment; never goes back */
void wall_clock_sleep(double seconds);
void date_utc(char *out, size_t size); /* "2026-11-21T15:04:05Z" */

#endif
