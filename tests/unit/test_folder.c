#include "base/file.h"
#include "base/folder.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_empty(const char *folder, const char *name)
{
    char path[256];
    struct error e;
    error_init(&e);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(path, "{}", 2, &e), STATUS_OK);
}

static void test_names_are_sorted_and_cut(void **state)
{
    (void)state;
    char path[] = "/tmp/folder-XXXXXX";
    static const char *const files[] = {"b.json", "a.json", "c.txt", ".json"};
    struct folder folder;
    struct error e;
    error_init(&e);
    assert_non_null(mkdtemp(path));
    for (size_t i = 0; i < 4; i++)
        write_empty(path, files[i]);
    assert_int_equal(folder_read(path, &folder, &e), STATUS_OK);
    assert_int_equal(folder.count, 2);
    assert_string_equal(folder.names[0], "a");
    assert_string_equal(folder.names[1], "b");
    folder_free(&folder);
    for (size_t i = 0; i < 4; i++) {
        char name[256];
        snprintf(name, sizeof name, "%s/%s", path, files[i]);
        unlink(name);
    }
    rmdir(path);
}

static void test_a_folder_that_is_not_there(void **state)
{
    (void)state;
    struct folder folder;
    struct error e;
    error_init(&e);
    assert_int_equal(folder_read("/no/such/folder", &folder, &e), STATUS_OK);
    assert_int_equal(folder.count, 0);
    folder_free(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_sorted_and_cut),
        cmocka_unit_test(test_a_folder_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
