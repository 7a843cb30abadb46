/* Any bytes are a run's configuration or an error: shell script, YAML, JSON, Python or TOML, told by the
 * first byte, a digit in the kept ones. What was read can be written as a scenario that is JSON. */
#include "base/json_read.h"
#include "parallelism/frameworks/import.h"
#include "reports/import_report.h"
#include "tests/fuzz/fuzz.h"

static const char *const files[] = {"run.sh", "run.yaml", "run.json", "run.py", "run.toml"};
enum { FILES = sizeof files / sizeof *files };

static void check_import(const struct framework_import *import, const char *file)
{
    struct text json = {0}, told = {0};
    struct error e;
    error_init(&e);
    framework_import_json(import, &json);
    import_text(import, file, &told);
    require(!json.failed && !told.failed);
    struct json *document = json_parse(json.data, json.length, "import", &e);
    require(document != NULL);
    json_free(document);
    struct unresolved u;
    for (size_t i = 0; framework_import_unresolved(import, i, &u); i++)
        require(u.key && u.value);
    text_free(&json);
    text_free(&told);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct import_options options = {NULL, 0};
    static struct framework_import import;
    struct error e;
    if (size < 1)
        return 0;
    const char *file = files[(unsigned char)(data[0] - '0') % FILES];
    error_init(&e);
    enum status status =
        framework_import_text((const char *)data + 1, size - 1, file, &options, &import, &e);
    if (status == STATUS_OK)
        check_import(&import, file);
    else
        require(e.message[0]);
    framework_import_free(&import);
    return 0;
}
