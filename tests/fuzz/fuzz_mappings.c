/* SPDX-License-Identifier: Apache-2.0 */

/* Memory maps with any content: paths are whoever's process it is. */
#include <string.h>

#include "agent/doctor/running.h"
#include "tests/fuzz/fuzz.h"

static void check_mapped(const struct cs_mapped *mapped, const char *name)
{
	const char *base = strrchr(mapped->path, '/');

	if (!*mapped->path)
		return;
	CS_FUZZ_CHECK(mapped->path[0] == '/' && strlen(mapped->path) < sizeof(mapped->path));
	CS_FUZZ_CHECK(base && !strcmp(base + 1, name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cs_mappings mappings;
	char *text = malloc(size + 1), *line, *rest = text;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	mappings = (struct cs_mappings){ 0 };
	while ((line = strsep(&rest, "\n")))
		cs_mappings_parse(&mappings, line);
	check_mapped(&mappings.shim, "libcoldspan.so");
	check_mapped(&mappings.other, "libcoldspan.so");
	check_mapped(&mappings.segment, "memfd:coldspan");
	CS_FUZZ_CHECK(!*mappings.other.path || *mappings.shim.path);
	CS_FUZZ_CHECK(mappings.company_count <= CS_RUNNING_COMPANY_MAX);
	for (unsigned i = 0; i < mappings.company_count; i++)
		CS_FUZZ_CHECK(mappings.company[i] && *mappings.company[i]->what);
	free(text);
	return 0;
}
