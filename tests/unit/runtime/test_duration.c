/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/duration.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

struct reading {
	char text[24];
	cs_ns ns; /* when error is 0 */
	int error;
};

ParameterizedTestParameters(duration, is_read_as_written)
{
	static struct reading readings[] = {
		{ "1ms", CS_MSEC, 0 },
		{ "500ms", 500 * CS_MSEC, 0 },
		{ "0s", 0, 0 },
		{ "3s", 3 * CS_SEC, 0 },
		{ "15m", 900 * CS_SEC, 0 },
		{ "1000h", 3600000 * CS_SEC, 0 },
		{ "1001h", 0, -ERANGE },
		{ "99999999999999999999s", 0, -ERANGE },
		{ "18446744073709551615ms", 0, -ERANGE },
		{ "", 0, -EINVAL },
		{ "3", 0, -EINVAL },
		{ "s", 0, -EINVAL },
		{ "-1s", 0, -EINVAL },
		{ "+1s", 0, -EINVAL },
		{ " 1s", 0, -EINVAL },
		{ "1 s", 0, -EINVAL },
		{ "1s ", 0, -EINVAL },
		{ "1.5s", 0, -EINVAL },
		{ "1S", 0, -EINVAL },
		{ "1us", 0, -EINVAL },
		{ "1d", 0, -EINVAL },
	};

	return cr_make_param_array(struct reading, readings,
				   sizeof(readings) / sizeof(readings[0]));
}

ParameterizedTest(struct reading *reading, duration, is_read_as_written)
{
	cs_ns got = 42;

	cr_assert(eq(int, cs_duration_parse(reading->text, &got), reading->error), "%s",
		  reading->text);
	cr_assert(eq(u64, got, reading->error ? 42 : reading->ns), "%s", reading->text);
}

ParameterizedTestParameters(duration, is_written_in_the_largest_exact_unit)
{
	static struct reading readings[] = {
		{ "0ms", 0, 0 },
		{ "1ms", CS_MSEC, 0 },
		{ "1500ms", 1500 * CS_MSEC, 0 },
		{ "3s", 3 * CS_SEC, 0 },
		{ "90s", 90 * CS_SEC, 0 },
		{ "2m", 120 * CS_SEC, 0 },
		{ "1h", 3600 * CS_SEC, 0 },
	};

	return cr_make_param_array(struct reading, readings,
				   sizeof(readings) / sizeof(readings[0]));
}

ParameterizedTest(struct reading *reading, duration, is_written_in_the_largest_exact_unit)
{
	char text[24];

	cr_assert(eq(str, cs_duration_format(reading->ns, text, sizeof(text)), reading->text));
}
