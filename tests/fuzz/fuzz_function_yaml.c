/* SPDX-License-Identifier: Apache-2.0 */

/* function.yaml with any content: a usable function, or one line that says where the mistake is. */
#include <ctype.h>
#include <string.h>

#include "runtime/manifest.h"
#include "tests/fuzz/fuzz.h"

static void check_manifest(const struct cs_manifest *manifest)
{
	CS_FUZZ_CHECK(cs_name_is_good(manifest->name));
	CS_FUZZ_CHECK(manifest->mode == CS_MODE_EXEC || manifest->mode == CS_MODE_HTTP);
	CS_FUZZ_CHECK(manifest->command_count && manifest->command[0][0]);
	CS_FUZZ_CHECK(!manifest->command[manifest->command_count]);
	CS_FUZZ_CHECK(manifest->timeout_ns <= CS_TIMEOUT_MAX);
	CS_FUZZ_CHECK(manifest->concurrency <= CS_CONCURRENCY_MAX);
	for (size_t i = 0; i < manifest->environment.count; i++)
		CS_FUZZ_CHECK(strchr(manifest->environment.items[i], '=') >
			      manifest->environment.items[i]);
}

static void check_problem(const struct cs_problem *problem, const uint8_t *data, size_t size)
{
	unsigned lines = 1, line, column;
	char after;

	for (size_t i = 0; i < size; i++) /* YAML's line breaks, with NEL, LS and PS at most */
		lines += data[i] == '\n' || data[i] == '\r' || data[i] >= 0x80;
	CS_FUZZ_CHECK(sscanf(problem->text, "f.yaml:%u:%u:%c", &line, &column, &after) == 3);
	CS_FUZZ_CHECK(after == ' ' && line >= 1 && line <= lines + 1 && column >= 1);
	for (const char *c = problem->text; *c; c++)
		CS_FUZZ_CHECK(!iscntrl((unsigned char)*c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_manifest manifest = { 0 };
	struct cs_problem problem = { 0 };
	int r = cs_manifest_parse("f.yaml", data, size, &manifest, &problem);

	if (r)
		check_problem(&problem, data, size);
	else
		check_manifest(&manifest);
	cs_manifest_deinit(&manifest);
	return 0;
}
