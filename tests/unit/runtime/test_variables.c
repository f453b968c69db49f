/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/variables.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

/* Criterion wants char * for str. */
static char *get(const struct cs_variables *variables, const char *name)
{
	static char value[256];

	return cs_variables_get(variables, name) ? strcpy(value, cs_variables_get(variables, name))
						 : NULL;
}

Test(variables, set_replaces_what_has_the_same_name_and_no_more)
{
	struct cs_variables variables = { 0 };

	cr_assert(zero(int, cs_variables_set(&variables, "A", "1")));
	cr_assert(zero(int, cs_variables_set(&variables, "AB", "2")));
	cr_assert(zero(int, cs_variables_set(&variables, "A", "3=4")));
	cr_assert(eq(sz, variables.count, 2));
	cr_assert(eq(str, variables.items[0], (char *)"A=3=4"));
	cr_assert(eq(str, variables.items[1], (char *)"AB=2"));
	cr_assert(eq(ptr, variables.items[2], NULL));
	cs_variables_deinit(&variables);
}

Test(variables, a_name_is_not_empty_and_has_no_equals_sign)
{
	struct cs_variables variables = { 0 };

	cr_assert(eq(int, cs_variables_set(&variables, "", "1"), -EINVAL));
	cr_assert(eq(int, cs_variables_set(&variables, "A=B", "1"), -EINVAL));
	cr_assert(eq(sz, variables.count, 0));
	cs_variables_deinit(&variables);
}

Test(variables, many_are_kept_in_order_and_copied)
{
	struct cs_variables variables = { 0 }, copy = { 0 };
	char name[16];

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "N%d", i);
		cr_assert(zero(int, cs_variables_set(&variables, name, name + 1)));
	}
	cr_assert(zero(int, cs_variables_copy(&copy, &variables)));
	cs_variables_deinit(&variables);
	cr_assert(eq(sz, copy.count, 200));
	cr_assert(eq(str, get(&copy, "N199"), (char *)"199"));
	cr_assert(eq(str, copy.items[0], (char *)"N0=0"));
	cr_assert(eq(ptr, copy.items[200], NULL));
	cs_variables_deinit(&copy);
}

Test(variables, only_the_four_and_the_listed_ones_pass)
{
	char *const environment[] = { (char[]){ "PATH=/p" },
				      (char[]){ "HOME=/h" },
				      (char[]){ "LANG=C" },
				      (char[]){ "TZ=UTC" },
				      (char[]){ "LC_ALL=C" },
				      (char[]){ "PATHS=x" },
				      (char[]){ "HOM=x" },
				      (char[]){ "LISTED=" },
				      (char[]){ "PRE_A=a=b" },
				      (char[]){ "PR=x" },
				      (char[]){ "=odd" },
				      (char[]){ "noequals" },
				      NULL };
	struct cs_variables variables = { 0 };

	cr_assert(zero(int, cs_variables_pass(&variables, environment, "LISTED,PRE_*,noequals")));
	cr_assert(eq(sz, variables.count, 6));
	cr_assert(eq(str, get(&variables, "PATH"), (char *)"/p"));
	cr_assert(eq(str, get(&variables, "HOME"), (char *)"/h"));
	cr_assert(eq(str, get(&variables, "LANG"), (char *)"C"));
	cr_assert(eq(str, get(&variables, "TZ"), (char *)"UTC"));
	cr_assert(eq(str, get(&variables, "LISTED"), (char *)""));
	cr_assert(eq(str, get(&variables, "PRE_A"), (char *)"a=b"));
	cs_variables_deinit(&variables);
}

Test(variables, a_missing_path_gets_a_usual_one_and_nothing_else_is_made_up)
{
	char *const environment[] = { NULL };
	struct cs_variables variables = { 0 };

	cr_assert(zero(int, cs_variables_pass(&variables, environment, NULL)));
	cr_assert(eq(sz, variables.count, 1));
	cr_assert(eq(str, get(&variables, "PATH"), (char *)CS_PATH_DEFAULT));
	cs_variables_deinit(&variables);
}

struct match {
	char list[32];
	char name[16];
	bool matches;
};

ParameterizedTestParameters(variables, list_matches_names_and_prefixes)
{
	static struct match matches[] = {
		{ "A", "A", true },          { "A", "AB", false },        { "AB", "A", false },
		{ "A*", "A", true },         { "A*", "ABC", true },       { "A*", "BA", false },
		{ "X,B*,Y", "BOB", true },   { "X,B*,Y", "Y", true },     { "X,B*,Y", "Z", false },
		{ "COLD_*", "COLD", false }, { "COLD_*", "COLD_", true }, { "a", "A", false },
	};

	return cr_make_param_array(struct match, matches, sizeof(matches) / sizeof(matches[0]));
}

ParameterizedTest(struct match *match, variables, list_matches_names_and_prefixes)
{
	cr_assert(eq(int, cs_pass_matches(match->list, match->name, strlen(match->name)),
		     match->matches),
		  "%s %s", match->list, match->name);
}

Test(variables, no_list_matches_nothing)
{
	cr_assert(not(cs_pass_matches(NULL, "A", 1)));
}

Test(variables, a_list_is_checked_item_by_item)
{
	static const char *const good[] = { "A", "A_1,b*", "LD_PRELOAD,COLDSPAN_*" };
	static const char *const bad[] = {
		"", "*", "A,", ",A", "A,,B", "A*B", "A**", "A=1", "A B"
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(eq(ptr, (char *)cs_pass_check(good[i]), NULL), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(ne(ptr, (char *)cs_pass_check(bad[i]), NULL), "\"%s\"", bad[i]);
	cr_assert(eq(str, (char *)cs_pass_check("A,B=1"), (char *)"B=1"));
}
