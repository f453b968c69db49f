/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/resource_env: OTEL_RESOURCE_ATTRIBUTES. */
#include "collector/spans/resource_env.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct cs_arena arena;
static struct cs_attrs attrs;

static void clear(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(resource_env, .fini = clear);

struct row {
	char text[128];
	char told[128]; /* "key=value;…"; "!": refused */
};

static struct row rows[] = {
	{ "", "" },
	{ "a=1", "a=1;" },
	{ "a=1,b=x y", "a=1;b=x y;" },
	{ " a = 1 ,\tb=2,", "a=1;b=2;" },
	{ "a=", "a=;" },
	{ "a=b=c", "a=b=c;" },
	{ "a=x%2Cy%3dz", "a=x,y=z;" },
	{ "a=%e2%82%ac", "a=\xe2\x82\xac;" },
	{ "a=%ff", "a=\xef\xbf\xbd;" },
	{ "a=%0a", "a= ;" },
	{ "a=1,a=2", "a=2;" },
	{ "a=1,b=2,a=", "a=;b=2;" },
	{ "a%2Cb%3d=1", "a,b==1;" },
	{ "%61=1,a=2", "a=2;" },
	{ "a%0ab=1", "a b=1;" },
	{ ",,", "" },
	{ "a", "!" },
	{ "a=1,b", "!" },
	{ "=1", "!" },
	{ "a=%", "!" },
	{ "a%=1", "!" },
	{ "a%00=1", "!" },
	{ "a=%4", "!" },
	{ "a=%zz", "!" },
	{ "a=%00", "!" },
	{ "a=1,b=%2", "!" },
};

ParameterizedTestParameters(resource_env, is_read_as_specified)
{
	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, resource_env, is_read_as_specified)
{
	char told[256] = "";
	size_t used = 0;
	int r = cs_resource_env_read(row->text, &arena, &attrs);

	for (size_t i = 0; i < attrs.count; i++)
		used += (size_t)snprintf(told + used, sizeof(told) - used, "%s=%s;",
					 attrs.items[i].key, attrs.items[i].value.string);
	cr_assert(eq(int, r, *row->told == '!' ? -EBADMSG : 0), "%s", row->text);
	cr_assert(eq(str, told, *row->told == '!' ? (char *)"" : row->told), "%s", row->text);
}

Test(resource_env, too_many_are_counted)
{
	char text[256] = "";
	size_t used = 0;

	for (unsigned i = 0; i < CS_RESOURCE_ENV_MAX + 3; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "k%u=v,", i);
	cr_assert(eq(int, cs_resource_env_read(text, &arena, &attrs), 0));
	cr_assert(eq(sz, attrs.count, CS_RESOURCE_ENV_MAX));
	cr_assert(eq(u32, attrs.dropped_count, 3));
}

Test(resource_env, no_memory_is_told)
{
	cs_arena_init(&arena, 1);
	cr_assert(eq(int, cs_resource_env_read("a=1", &arena, &attrs), -ENOMEM));
}
