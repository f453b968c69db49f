/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of agent/budget/quantity. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>

#include "agent/budget/quantity.h"

static void expect(const char *text, enum cs_quantity_kind kind, double value)
{
	struct cs_quantity quantity;

	cr_assert(zero(int, cs_quantity_parse(text, &quantity)), "%s", text);
	cr_assert(eq(int, (int)quantity.kind, (int)kind), "%s", text);
	cr_assert(lt(dbl, fabs(quantity.value - value), 1e-9 * (1 + fabs(value))), "%s: %.17g",
		  text, quantity.value);
}

static void refused(const char *text, int error)
{
	struct cs_quantity quantity;

	cr_assert(eq(int, cs_quantity_parse(text, &quantity), error), "%s", text);
}

static void shown(enum cs_quantity_kind kind, double value, const char *wanted)
{
	char buf[64];

	cr_assert(eq(str, cs_quantity_format((struct cs_quantity){ kind, value }, buf, sizeof(buf)),
		     (char *)wanted));
}

Test(quantity, durations)
{
	expect("300ms", CS_QUANTITY_DURATION, 300e6);
	expect("1.5s", CS_QUANTITY_DURATION, 1.5e9);
	expect("200us", CS_QUANTITY_DURATION, 200e3);
	expect("200\xc2\xb5s", CS_QUANTITY_DURATION, 200e3);
	expect("2m", CS_QUANTITY_DURATION, 120e9);
	expect("300 ms", CS_QUANTITY_DURATION, 300e6);
}

Test(quantity, sizes_shares_factors_and_counts)
{
	expect("96MiB", CS_QUANTITY_SIZE, 96.0 * 1048576);
	expect("10MB", CS_QUANTITY_SIZE, 10e6);
	expect("+5%", CS_QUANTITY_SHARE, 0.05);
	expect("-3%", CS_QUANTITY_SHARE, -0.03);
	expect("3.0x", CS_QUANTITY_FACTOR, 3);
	expect("45", CS_QUANTITY_COUNT, 45);
	expect("0", CS_QUANTITY_COUNT, 0);
}

Test(quantity, what_is_no_number_is_refused)
{
	refused("", -EINVAL);
	refused("ms", -EINVAL);
	refused("1e3ms", -ENODATA);
	refused("0x10", -ENODATA);
	refused(".5s", -EINVAL);
	refused("5.s", -EINVAL);
	refused("inf", -EINVAL);
	refused("nan", -EINVAL);
	refused("--5", -EINVAL);
	refused("9999999999999999", -EINVAL);
	refused("11111111111111111111111111", -EINVAL);
}

Test(quantity, units_are_told_by_their_case)
{
	refused("5Ms", -ENODATA);
	refused("5mb", -ENODATA);
	refused("5 seconds", -ENODATA);
}

Test(quantity, three_digits_are_shown)
{
	shown(CS_QUANTITY_DURATION, 412e6, "412 ms");
	shown(CS_QUANTITY_DURATION, 18.44e6, "18.4 ms");
	shown(CS_QUANTITY_DURATION, 999.7e6, "1.00 s");
	shown(CS_QUANTITY_DURATION, 80, "80 ns");
	shown(CS_QUANTITY_SIZE, 96.0 * 1048576, "96.0 MiB");
	shown(CS_QUANTITY_SIZE, 3e6, "2.86 MiB");
	shown(CS_QUANTITY_SHARE, 0.37, "+37.0 %");
	shown(CS_QUANTITY_SHARE, -0.0312, "-3.12 %");
	shown(CS_QUANTITY_COUNT, 45, "45");
}

/* A budget of 3MB is not told as one of 2.86 MiB. */
Test(quantity, a_size_in_powers_of_ten_stays_one)
{
	static const char *const cases[][2] = {
		{ "3MB", "3.00 MB" },   { "3000kB", "3.00 MB" }, { "1GB", "1.00 GB" },
		{ "512kB", "512 kB" },  { "512B", "512 B" },     { "2048B", "2.00 KiB" },
		{ "3MiB", "3.00 MiB" }, { "300ms", "300 ms" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_quantity quantity;
		char buf[64];

		cr_assert(zero(int, cs_quantity_parse(cases[i][0], &quantity)));
		cr_assert(eq(str, cs_quantity_format(quantity, buf, sizeof(buf)),
			     (char *)cases[i][1]));
	}
}
