/* A fuzz target without libFuzzer: runs it on every file of the folders given, so that each input
 * that ever broke something stays a test of every build. */
#include "base/file.h"
#include "tests/fuzz/fuzz.h"
#include <dirent.h>

static int replay_folder(const char *folder)
{
    struct text path = {0}, input = {0};
    DIR *d = opendir(folder);
    int count = 0;
    if (!d)
        return 0;
    for (const struct dirent *entry; (entry = readdir(d)) != NULL;) {
        struct error e;
        error_init(&e);
        text_clear(&path);
        text_addf(&path, "%s/%s", folder, entry->d_name);
        if (path_is_folder(path.data))
            continue;
        require(file_read(path.data, 0, &input, &e) == STATUS_OK);
        static const uint8_t none[1];
        LLVMFuzzerTestOneInput(input.length ? (const uint8_t *)input.data : none, input.length);
        count++;
    }
    closedir(d);
    text_free(&path);
    text_free(&input);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += replay_folder(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
