/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/loaded_files, on programs that every Linux has, and of agent/page_cache on a file of their own. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/asserting/loaded_files.h"
#include "agent/asserting/page_cache.h"
#include "agent/dispositions.h"

static struct cs_arena arena;
static struct cs_loaded_files files;

static int find(const char *program, const char *folder)
{
	char *argv[] = { (char *)program, NULL };
	struct cs_plan_function function = { .name = "f", .argv = argv };
	struct cs_dispositions dispositions;

	cs_dispositions_take(&dispositions);
	return cs_loaded_files_find(&function, folder, &dispositions, &arena, &files);
}

static bool has(const char *part)
{
	for (size_t i = 0; i < files.count; i++) {
		if (strstr(files.paths[i], part))
			return true;
	}
	return false;
}

Test(loaded_files, a_program_and_its_libraries)
{
	cr_assert(zero(int, find("sh", "/")));
	cr_assert(has("/sh") || has("/dash") || has("/bash") || has("busybox"));
	cr_assert(has("libc."));
	cr_assert(not(has("vdso")));
	for (size_t i = 0; i < files.count; i++)
		cr_assert(zero(int, access(files.paths[i], R_OK)));
	cs_arena_deinit(&arena);
}

Test(loaded_files, a_script_in_its_folder_and_its_interpreter)
{
	char folder[] = "/tmp/coldspan-files-XXXXXX", path[128];
	FILE *script;

	cr_assert(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/start", folder);
	script = fopen(path, "w");
	fputs("#!/bin/sh\nexit 1\n", script);
	fclose(script);
	chmod(path, 0755);
	cr_assert(zero(int, find("./start", folder)));
	cr_assert(has("/./start"));
	cr_assert(has("libc."));
	unlink(path);
	rmdir(folder);
	cr_assert(eq(int, find("./start", "/"), -ENOENT));
	cs_arena_deinit(&arena);
}

Test(page_cache, what_was_just_written_is_resident)
{
	char path[] = "/tmp/coldspan-cache-XXXXXX", page[4096] = { 1 };
	struct cs_page_cache sum = { 0 };
	int fd = mkstemp(path);

	for (unsigned i = 0; i < 3; i++)
		cr_assert(eq(i64, write(fd, page, sizeof(page)), (ssize_t)sizeof(page)));
	cr_assert(zero(int, ftruncate(fd, 1 << 20)));
	close(fd);
	cr_assert(zero(int, cs_page_cache_add(path, &sum)));
	cr_assert(eq(u64, sum.pages, (1 << 20) / 4096));
	cr_assert(eq(u64, sum.resident, 3)); /* the hole has no pages */
	unlink(path);
	cr_assert(eq(int, cs_page_cache_add(path, &sum), -ENOENT));
	cr_assert(eq(int, cs_page_cache_add("/dev/null", &sum), -EINVAL));
	cr_assert(eq(u64, sum.resident, 3));
}
