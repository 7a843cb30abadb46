#ifndef REPORTS_LAUNCH_SHELL_TEXT_H
#define REPORTS_LAUNCH_SHELL_TEXT_H
#include "base/text.h"

/* Shell scripts out: whatever a text holds, it stays one word or one comment. */

/* The word as it stands, or in single quotes where a shell would read more into it. */
void shell_word(struct text *out, const char *word);
/* "# text" and a line break; control characters become '?'. */
void shell_comment(struct text *out, const char *text);

#endif
