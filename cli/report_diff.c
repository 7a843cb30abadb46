#include "base/file.h"
#include "base/json_read.h"
#include "cli/output.h"
#include "cli/report.h"
#include "reports/diff_report.h"

/* A report's folder holds its answer; a file is one. */
static struct json *load(const char *name, struct error *e)
{
    struct text path = {0};
    text_addf(&path, "%s%s", name, path_is_folder(name) ? "/answer.json" : "");
    struct json *json = path.failed ? NULL : json_load(path.data, e);
    if (path.failed)
        error_set(e, STATUS_IO, "out of memory");
    text_free(&path);
    return json;
}

static enum status write_diff(const struct arguments *a, const struct diff_side sides[2],
                              struct error *e)
{
    const char *folder = argument_value(a, "output");
    struct text out = {0};
    if (folder) {
        diff_page(&sides[0], &sides[1], &out);
        return report_write_page(folder, &out, e);
    }
    diff_text(&sides[0], &sides[1], &out);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

enum status report_diff(const struct arguments *a, struct error *e)
{
    struct json *documents[2] = {NULL, NULL};
    struct diff_side sides[2];
    if (a->operand_count != 2) {
        error_set(e, STATUS_USAGE, "--diff takes two reports, got %zu", a->operand_count);
        error_set_hint(e, "folders that report -o wrote, or files of search or estimate --json");
        return e->status;
    }
    for (int i = 0; i < 2 && e->status == STATUS_OK; i++) {
        documents[i] = load(a->operands[i], e);
        if (documents[i])
            diff_side_find(documents[i], a->operands[i], &sides[i], e);
    }
    if (e->status == STATUS_OK)
        write_diff(a, sides, e);
    json_free(documents[0]);
    json_free(documents[1]);
    return e->status;
}
