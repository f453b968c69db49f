/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a fuzz target over the files of its corpus, for builds without libFuzzer: a regression test
 * with any compiler. Usage: fuzz_NAME FILE_OR_FOLDER...
 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX_BYTES (16u << 20)

/* Returns the number of inputs run, or -1 after saying what is wrong. */
static int run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL, *exact;
	size_t size = 0;

	if (file)
		data = malloc(INPUT_MAX_BYTES);
	if (!file || !data) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		if (file)
			fclose(file);
		return -1;
	}
	size = fread(data, 1, INPUT_MAX_BYTES, file);
	fclose(file);
	exact = malloc(size ? size : 1);
	if (exact) {
		memcpy(exact, data, size);
		LLVMFuzzerTestOneInput(exact, size);
	}
	free(exact);
	free(data);
	return 1;
}

static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int runs = 0, r = 0;

	if (!folder) {
		fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
		return -1;
	}
	while (r >= 0 && (entry = readdir(folder))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		r = run_file(name);
		runs += r;
	}
	closedir(folder);
	return r < 0 ? -1 : runs;
}

int main(int argc, char **argv)
{
	int runs = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		struct stat st;
		int r = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
								       : run_file(argv[i]);

		if (r < 0)
			return 1;
		runs += r;
	}
	printf("%d inputs replayed\n", runs);
	if (runs == 0)
		fprintf(stderr, "replay: the corpus is empty\n");
	return runs == 0;
}
