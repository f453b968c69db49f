/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/attributes: a copy needs nothing of what it was made of. */
#include "exporters/attributes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

static struct cs_arena arena;

static void clear(void)
{
	cs_arena_deinit(&arena);
}

TestSuite(attributes, .fini = clear);

Test(attributes, a_copy_stands_for_itself)
{
	char key[] = "s", text[] = "one", listed[] = "two";
	const char *list[] = { listed };
	struct cs_attr items[] = {
		{ key, { CS_VALUE_STRING, .string = text } },
		{ "l", { CS_VALUE_STRINGS, .strings = { list, 1 } } },
		{ "i", { CS_VALUE_INT, .integer = -7 } },
	};
	struct cs_attrs attrs = { .items = items, .count = 3, .dropped_count = 2 }, copy;

	cr_assert(eq(int, cs_attributes_copy(&attrs, true, &arena, &copy), 0));
	memset(key, 'x', 1);
	memset(text, 'x', 3);
	memset(listed, 'x', 3);
	list[0] = NULL;
	memset(items, 0, sizeof(items));
	cr_assert(eq(sz, copy.count, 3));
	cr_assert(eq(u32, copy.dropped_count, 2));
	cr_assert(eq(str, (char *)cs_attributes_find(&copy, "s")->string, (char *)"one"));
	cr_assert(eq(str, (char *)cs_attributes_find(&copy, "l")->strings.items[0], (char *)"two"));
	cr_assert(eq(i64, cs_attributes_find(&copy, "i")->integer, -7));
	cr_assert(eq(ptr, (void *)cs_attributes_find(&copy, "n"), NULL));
}

Test(attributes, no_memory_leaves_the_result_alone)
{
	struct cs_attr item = { "s", { CS_VALUE_STRING, .string = "text" } };
	struct cs_attrs attrs = { .items = &item, .count = 1 }, copy = { .count = 9 };

	cs_arena_init(&arena, 1);
	cr_assert(eq(int, cs_attributes_copy(&attrs, false, &arena, &copy), -ENOMEM));
	cr_assert(eq(sz, copy.count, 9));
}
