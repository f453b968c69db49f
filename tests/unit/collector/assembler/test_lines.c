/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/lines. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "collector/assembler/lines.h"

struct row {
	char text[48];
	char parts[64]; /* "name=value|", of each line */
};

ParameterizedTestParameters(lines, are_names_and_values)
{
	static struct row rows[] = {
		{ "", "" },
		{ "a: b\n", "a=b|" },
		{ "a: b", "a=b|" },
		{ "a: b\nc: d: e\n", "a=b|c=d: e|" },
		{ "a: \nb:c\nd\n", "a=|b:c=|d=|" },
		{ "\n\na:  b \n", "=|=|a= b |" },
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, lines, are_names_and_values)
{
	struct cs_part rest = { row->text, strlen(row->text) };
	struct cs_line line;
	char parts[64] = "";
	int used = 0;

	while (cs_line_next(&rest, &line))
		used += snprintf(parts + used, sizeof(parts) - (size_t)used, "%.*s=%.*s|",
				 (int)line.name.len, line.name.text, (int)line.value.len,
				 line.value.text ? line.value.text : "");
	cr_assert(eq(str, parts, row->parts));
	cr_assert(eq(sz, rest.len, 0));
}

Test(lines, parts_are_texts_of_a_length)
{
	const struct cs_part part = { "abcd", 3 };

	cr_assert(cs_part_is(part, "abc"));
	cr_assert(not(cs_part_is(part, "abcd")));
	cr_assert(not(cs_part_is(part, "ab")));
}
