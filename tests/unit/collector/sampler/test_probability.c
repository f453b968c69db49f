/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of collector/sampler/probability: the specification's own table. */
#include "collector/sampler/probability.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

/* OpenTelemetry specification, trace/tracestate-probability-sampling.md: 1 in N, precision 3, 4 and 5. */
static const struct {
	double probability;
	const char *thresholds[3];
} table[] = {
	{ 1, { "0", "0", "0" } },
	{ 0.5, { "8", "8", "8" } },
	{ 1.0 / 3, { "aab", "aaab", "aaaab" } },
	{ 0.25, { "c", "c", "c" } },
	{ 0.2, { "ccd", "cccd", "ccccd" } },
	{ 0.125, { "e", "e", "e" } },
	{ 0.1, { "e66", "e666", "e6666" } },
	{ 0.0625, { "f", "f", "f" } },
	{ 0.01, { "fd71", "fd70a", "fd70a4" } },
	{ 0.001, { "ffbe7", "ffbe77", "ffbe76d" } },
	{ 0.0001, { "fff972", "fff9724", "fff97247" } },
	{ 0.00001, { "ffff584", "ffff583a", "ffff583a5" } },
	{ 0.000001, { "ffffef4", "ffffef39", "ffffef391" } },
};

static uint64_t threshold_of(const char *digits)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < CS_THRESHOLD_DIGITS; i++) {
		char c = i < strlen(digits) ? digits[i] : '0';

		n = n << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return n;
}

Test(probability, thresholds_are_those_of_the_specification)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (unsigned j = 0; j < 3; j++)
			cr_expect(eq(u64, cs_threshold_of(table[i].probability, 3 + j),
				     threshold_of(table[i].thresholds[j])),
				  "%g, %u digits", table[i].probability, 3 + j);
	}
}

Test(probability, ends_of_the_range_are_exact)
{
	cr_expect(eq(u64, cs_threshold_of(0, 4), CS_THRESHOLD_NOTHING));
	cr_expect(eq(u64, cs_threshold_of(ldexp(1, -56), 4), CS_THRESHOLD_NOTHING - 1));
	cr_expect(eq(u64, cs_threshold_of(ldexp(1, -58), 4), CS_THRESHOLD_NOTHING));
	cr_expect(eq(u64, cs_threshold_of(0.999999999, 4), CS_THRESHOLD_ALL));
	cr_expect(eq(u64, cs_threshold_of(1, 14), CS_THRESHOLD_ALL));
	cr_expect(eq(dbl, cs_threshold_probability(threshold_of("c")), 0.25));
}

/* Rounded to four digits, a probability is off by less than one in 30,000 of what is left out, or of itself. */
Test(probability, what_is_rounded_is_near)
{
	double p = 1, got;

	for (unsigned i = 0; i < 5000; i++) {
		p *= 0.998;
		got = cs_threshold_probability(cs_threshold_of(p, CS_THRESHOLD_PRECISION));
		cr_expect(lt(dbl, fabs(got - p), p * 0.0002 + 1e-16), "%g became %g", p, got);
	}
}

Test(probability, texts_are_numbers_from_0_to_1)
{
	static const char *const bad[] = { "",       "x",  "1.1", "-0.1", "nan",   "inf",
					   "0x1p-1", " 1", "1 ",  "0.5%", "1e999", "." };
	double got = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, cs_probability_parse(bad[i], &got), -EINVAL), "%s", bad[i]);
	cr_expect(eq(dbl, got, 7));
	cr_assert(eq(int, cs_probability_parse("0.25", &got), 0));
	cr_expect(eq(dbl, got, 0.25));
	cr_assert(eq(int, cs_probability_parse("1e-3", &got), 0));
	cr_expect(eq(dbl, got, 0.001));
	cr_assert(eq(int, cs_probability_parse("1", &got), 0));
	cr_assert(eq(int, cs_probability_parse("0", &got), 0));
}
