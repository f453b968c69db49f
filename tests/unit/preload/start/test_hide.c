/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/hide: what becomes of LD_PRELOAD, and in whose environment. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>

#include "preload/start/hide.h"

#define OURS "/usr/lib/coldspan/libcoldspan.so"

/* The variable after the entry in a program of this name; @hide NULL: COLDSPAN_HIDE is not set. */
static const char *left(const char *program, const char *hide, const char *preload)
{
	static char hidden[256], variable[512];
	char *argv[] = { (char *)program, NULL };
	char *envp[] = { (char[]){ "A=1" }, variable, hide ? hidden : NULL, NULL };
	struct cs_start start = { .argc = 1, .argv = argv, .envp = envp };

	snprintf(hidden, sizeof(hidden), "COLDSPAN_HIDE=%s", hide ? hide : "");
	snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload);
	cs_hide(&start);
	return strchr(variable, '=') + 1;
}

struct list {
	char before[128];
	char after[128];
};

ParameterizedTestParameters(hide, takes_out_our_entry_and_no_other)
{
	static struct list lists[] = {
		{ OURS, "" },
		{ "libcoldspan.so", "" },
		{ "", "" },
		{ OURS ":/lib/other.so", "/lib/other.so" },
		{ "/lib/other.so:" OURS, "/lib/other.so" },
		{ "/lib/other.so " OURS, "/lib/other.so" },
		{ "a.so " OURS ":b.so", "a.so b.so" },
		{ OURS " " OURS, "" },
		{ "a.so:" OURS ":" OURS, "a.so" },
		{ "a.so:b.so:", "a.so:b.so:" },
		{ " a.so::b.so", " a.so::b.so" },
		{ "/lib/notlibcoldspan.so", "/lib/notlibcoldspan.so" },
		{ "/lib/libcoldspan.so.1", "/lib/libcoldspan.so.1" },
		{ "coldspan.so", "coldspan.so" },
	};

	return cr_make_param_array(struct list, lists, sizeof(lists) / sizeof(lists[0]));
}

ParameterizedTest(struct list *list, hide, takes_out_our_entry_and_no_other)
{
	cr_assert_str_eq(left("x", "x", list->before), list->after, "of \"%s\"", list->before);
}

Test(hide, is_for_programs_on_the_list_only)
{
	cr_assert_str_eq(left("/usr/bin/node", "deno:node", OURS), "");
	cr_assert_str_eq(left("/usr/bin/node", "deno:nodes:a/node", OURS), OURS);
	cr_assert_str_eq(left("node", NULL, OURS), OURS);
}

Test(hide, deno_is_on_the_list_unless_there_is_another)
{
	cr_assert_str_eq(left("/usr/bin/deno", NULL, OURS), "");
	cr_assert_str_eq(left("/usr/bin/deno", "", OURS), OURS);
	cr_assert_str_eq(left("/usr/bin/deno", "node", OURS), OURS);
}

Test(hide, a_program_without_a_name_is_on_no_list)
{
	char *none[] = { NULL };
	char variable[] = "LD_PRELOAD=" OURS;
	char *envp[] = { variable, NULL };
	struct cs_start start = { .argc = 0, .argv = none, .envp = envp };

	cs_hide(&start);
	cr_assert_str_eq(variable, "LD_PRELOAD=" OURS);
}
