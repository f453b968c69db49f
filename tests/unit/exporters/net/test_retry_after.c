/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of exporters/net/retry_after. */
#include "exporters/net/retry_after.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#define NOW 784111777 /* Sun, 06 Nov 1994 08:49:37 GMT */

Test(retry_after, seconds_and_the_three_forms_of_a_date)
{
	static const struct {
		const char *value;
		uint32_t seconds;
	} rows[] = {
		{ "0", 0 },
		{ "120", 120 },
		{ "007", 7 },
		{ "300", 300 },
		{ "301", CS_RETRY_AFTER_MAX_S },
		{ "99999999999999999999", CS_RETRY_AFTER_MAX_S },
		{ "4294967297", CS_RETRY_AFTER_MAX_S },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:50:07 GMT", 30 },
		{ "Sun, 06 Nov 1994 08:49:36 GMT", 0 },
		{ "Mon, 07 Nov 1994 08:49:37 GMT", CS_RETRY_AFTER_MAX_S },
		{ "Sunday, 06-Nov-94 08:50:07 GMT", 30 },
		{ "Sunday, 06-Nov-93 08:50:07 GMT", 0 },
		{ "Sun Nov  6 08:50:07 1994", 30 },
		{ "Wed Nov 16 08:50:07 1994", CS_RETRY_AFTER_MAX_S },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t s = 9999;

		cr_assert(eq(int, cs_retry_after_parse(rows[i].value, NOW, &s), 0), "%s",
			  rows[i].value);
		cr_assert(eq(u32, s, rows[i].seconds), "%s", rows[i].value);
	}
}

Test(retry_after, a_year_of_two_digits_is_at_most_fifty_years_ahead)
{
	uint32_t s;

	/* 2026-11-21: "94" is 1994, and "76" is 2076. */
	cr_assert(
		eq(int, cs_retry_after_parse("Sunday, 06-Nov-94 08:49:37 GMT", 1795219200, &s), 0));
	cr_assert(eq(u32, s, 0));
	cr_assert(
		eq(int, cs_retry_after_parse("Friday, 06-Nov-76 08:49:37 GMT", 1795219200, &s), 0));
	cr_assert(eq(u32, s, CS_RETRY_AFTER_MAX_S));
}

Test(retry_after, anything_else_is_refused)
{
	static const char *const rows[] = { "",
					    " 5",
					    "-1",
					    "1.5",
					    "5s",
					    "soon",
					    "Sun, 06 Nov 1994 08:49:37",
					    "Sun, 06 Nov 1994 08:49:37 GMT ",
					    "Sun, 06 Nov 1994 08:49:37 CET",
					    "Sun, 6 Nov 1994 08:49:37 GMT",
					    "Xyz, 06 Nov 1994 08:49:37 GMT",
					    "Sun, 06 Foo 1994 08:49:37 GMT",
					    "Sun, 32 Nov 1994 08:49:37 GMT",
					    "Sun, 00 Nov 1994 08:49:37 GMT",
					    "Sun, 06 Nov 1994 24:49:37 GMT",
					    "Sun Nov 06 08:49:37 1994 GMT" };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t s = 4711;

		cr_assert(eq(int, cs_retry_after_parse(rows[i], NOW, &s), -EINVAL), "%s", rows[i]);
		cr_assert(eq(u32, s, 4711));
	}
}
