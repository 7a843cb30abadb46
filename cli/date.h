#ifndef CLI_DATE_H
#define CLI_DATE_H

/* Today, or the day that SOURCE_DATE_EPOCH names (reproducible-builds.org), in UTC, ISO; "" where
 * it cannot be told. */
enum { DATE_SIZE = 16 };
void date_today(char date[DATE_SIZE]);

#endif
