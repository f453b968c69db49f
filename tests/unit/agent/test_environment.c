/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/environment. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "agent/environment.h"

static struct cs_arena arena;

static char **with(const struct cs_environment_variable *variables, size_t count)
{
	static char a[] = "A=1", ab[] = "AB=2", again[] = "A=3";
	static char *const env[] = { a, ab, again, NULL };
	char **made;

	cs_arena_init(&arena, 0);
	made = cs_environment_with(&arena, env, variables, count);
	cr_assert(ne(ptr, made, NULL));
	return made;
}

Test(environment, a_variable_takes_the_place_of_all_of_its_name)
{
	char **made = with((struct cs_environment_variable[]){ { "A", "x=y" } }, 1);

	cr_assert(eq(str, made[0], (char *)"AB=2"));
	cr_assert(eq(str, made[1], (char *)"A=x=y"));
	cr_assert(eq(ptr, made[2], NULL));
	cs_arena_deinit(&arena);
}

Test(environment, the_last_of_two_counts_and_null_takes_out)
{
	char **made = with(
		(struct cs_environment_variable[]){ { "B", "1" }, { "AB", NULL }, { "B", "2" } },
		3);

	cr_assert(eq(str, (char *)cs_environment_get(made, "A"), (char *)"1"));
	cr_assert(eq(str, (char *)cs_environment_get(made, "B"), (char *)"2"));
	cr_assert(eq(ptr, (void *)cs_environment_get(made, "AB"), NULL));
	cr_assert(eq(ptr, made[3], NULL));
	cs_arena_deinit(&arena);
}
