/* SPDX-License-Identifier: Apache-2.0 */

/* Indices against the formula, in the 64 bits of a long double: base^i < value ≤ base^(i+1). */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "collector/metrics/exp_index.h"

_Static_assert(LDBL_MANT_DIG >= 64, "the oracle is finer than a double");

static long double parts[(1 << CS_EXP_SCALE_MAX) + 1]; /* 2^(j/256) */

static void init_parts(void)
{
	for (int j = 0; j <= 1 << CS_EXP_SCALE_MAX; j++)
		parts[j] = exp2l((long double)j / (1 << CS_EXP_SCALE_MAX));
}

static long double bound(int32_t i, int scale)
{
	int32_t wide, part;

	if (scale <= 0)
		return ldexpl(1, i * (1 << -scale));
	wide = i >= 0 ? i / (1 << scale) : -((-i + (1 << scale) - 1) / (1 << scale));
	part = i - wide * (1 << scale);
	return ldexpl(parts[part << (CS_EXP_SCALE_MAX - scale)], wide);
}

static unsigned checked;

static void check(double value)
{
	long double exact = (long double)value;

	if (!(value > 0) || !isfinite(value))
		return;
	for (int scale = CS_EXP_SCALE_MIN; scale <= CS_EXP_SCALE_MAX; scale++) {
		int32_t i = cs_exp_index(value, scale);

		cr_assert(bound(i, scale) < exact && exact <= bound(i + 1, scale),
			  "%a at scale %d: %d", value, scale, i);
		checked++;
	}
}

static void check_around(double value)
{
	check(value);
	check(nextafter(value, 0));
	check(nextafter(value, (double)INFINITY));
}

Test(exp_index, powers_of_two_end_their_bucket)
{
	init_parts();
	for (int e = -1074; e <= 1023; e++)
		check_around(ldexp(1, e));
	check(DBL_MAX);
	cr_assert(checked > 100000);
	cr_assert_eq(cs_exp_index(1, 0), -1);
	cr_assert_eq(cs_exp_index(2, 0), 0);
	cr_assert_eq(cs_exp_index(1, 5), -1);
	cr_assert_eq(cs_exp_index(2, 5), 31);
	cr_assert_eq(cs_exp_index(nextafter(2, 3), 5), 32);
	cr_assert_eq(cs_exp_index(4, -1), 0);
	cr_assert_eq(cs_exp_index(5, -1), 1);
}

Test(exp_index, every_boundary_parts_its_neighbours)
{
	static const int exponents[] = { -1074, -1070, -1060, -1040, -1023, -1022, -1021, -30,
					 -2,    -1,    0,     1,     2,     30,    1022,  1023 };

	init_parts();
	for (size_t e = 0; e < sizeof(exponents) / sizeof(exponents[0]); e++) {
		for (int j = 0; j < 1 << CS_EXP_SCALE_MAX; j++)
			check_around((double)ldexpl(parts[j], exponents[e]));
	}
	cr_assert(checked > 200000);
}

Test(exp_index, any_bits_are_in_their_bucket)
{
	uint64_t bits = 88172645463325252ull;

	init_parts();
	for (int i = 0; i < 100000; i++) {
		double value;

		bits ^= bits << 13;
		bits ^= bits >> 7;
		bits ^= bits << 17;
		memcpy(&value, &bits, sizeof(value));
		check(fabs(value));
	}
	cr_assert(checked > 1000000);
}
