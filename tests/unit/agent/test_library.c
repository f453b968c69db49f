/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/library. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

#include "agent/library.h"

static struct cs_arena arena;

static const char *merged(const char *current)
{
	return cs_library_preload(&arena, "/opt/libcoldspan.so", current);
}

Test(library, what_is_preloaded_already_is_kept_in_order)
{
	cr_assert(eq(str, (char *)merged(NULL), (char *)"/opt/libcoldspan.so"));
	cr_assert(eq(str, (char *)merged(""), (char *)"/opt/libcoldspan.so"));
	cr_assert(eq(str, (char *)merged("libfoo.so libbar.so"),
		     (char *)"/opt/libcoldspan.so:libfoo.so libbar.so"));
	cs_arena_deinit(&arena);
}

Test(library, an_entry_that_is_there_is_not_repeated)
{
	cr_assert(eq(str, (char *)merged("libfoo.so:/opt/libcoldspan.so"),
		     (char *)"libfoo.so:/opt/libcoldspan.so"));
	cr_assert(eq(str, (char *)merged("a.so /opt/libcoldspan.so b.so"),
		     (char *)"a.so /opt/libcoldspan.so b.so"));
	cs_arena_deinit(&arena);
}

Test(library, a_name_that_cannot_be_read_is_an_error_that_says_so)
{
	struct cs_diag diag = { 0 };
	const char *path = "untouched";

	setenv("COLDSPAN_LIBRARY", "/nonexistent/libcoldspan.so", 1);
	cr_assert(eq(int, cs_library_find(&arena, &path, &diag), -ENOENT));
	cr_assert(eq(str, (char *)path, (char *)"untouched"));
	cr_assert(eq(
		str, diag.text,
		(char *)"COLDSPAN_LIBRARY names /nonexistent/libcoldspan.so, which cannot be read"));
}
