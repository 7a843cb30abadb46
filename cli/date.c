#include "cli/date.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

void date_today(char date[DATE_SIZE])
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *end = NULL;
    errno = 0;
    long long seconds = epoch ? strtoll(epoch, &end, 10) : 0;
    bool given = epoch && *epoch != '\0' && *end == '\0' && errno == 0;
    time_t now = given ? (time_t)seconds : time(NULL);
    struct tm day;
    if (!gmtime_r(&now, &day) || strftime(date, DATE_SIZE, "%Y-%m-%d", &day) == 0)
        date[0] = '\0';
}
