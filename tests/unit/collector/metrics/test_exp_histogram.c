/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/metrics/exp_histogram.h"

#define SAMPLES 5000

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* As durations are: around @middle, over so many decades. */
static double sample(uint64_t *state, double middle, double decades)
{
	double unit = (double)(next(state) >> 11) / (double)(1ull << 53);

	return middle * pow(10, (unit - 0.5) * decades);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint64_t sum_of(const struct cs_exp_histogram *h)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < h->counts_max; i++)
		sum += h->counts[i];
	return sum;
}

static void expect_equal(const struct cs_exp_histogram *a, const struct cs_exp_histogram *b)
{
	uint64_t x[CS_EXP_BUCKETS_MAX], y[CS_EXP_BUCKETS_MAX];
	size_t n;

	cr_assert_eq(a->count, b->count);
	cr_assert_eq(a->zero_count, b->zero_count);
	if (!a->count)
		return;
	cr_assert_eq(a->scale, b->scale);
	cr_assert_eq(a->low, b->low);
	cr_assert_eq(a->high, b->high);
	n = cs_exp_histogram_copy(a, x);
	cr_assert_eq(n, cs_exp_histogram_copy(b, y));
	cr_assert_eq(memcmp(x, y, n * sizeof(*x)), 0);
}

Test(exp_histogram, one_value_stays_at_the_finest_scale)
{
	uint64_t counts[160], one;
	struct cs_exp_histogram h;

	cs_exp_histogram_init(&h, counts, 160, 5);
	for (int i = 0; i < 3; i++)
		cs_exp_histogram_record(&h, 0.3);
	cs_exp_histogram_record(&h, 0);
	cr_assert_eq(h.scale, 5);
	cr_assert_eq(h.low, cs_exp_index(0.3, 5));
	cr_assert_eq(h.low, h.high);
	cr_assert_eq(cs_exp_histogram_copy(&h, &one), 1);
	cr_assert_eq(one, 3);
	cr_assert_eq(h.count, 3);
	cr_assert_eq(h.zero_count, 1);
	cs_exp_histogram_reset(&h);
	cr_assert_eq(h.count + h.zero_count + sum_of(&h), 0);
}

Test(exp_histogram, the_ends_of_double_fit_into_four)
{
	uint64_t counts[CS_EXP_BUCKETS_MIN];
	struct cs_exp_histogram h;

	cs_exp_histogram_init(&h, counts, CS_EXP_BUCKETS_MIN, CS_EXP_SCALE_MAX);
	cs_exp_histogram_record(&h, DBL_MAX);
	cs_exp_histogram_record(&h, nextafter(0, 1));
	cs_exp_histogram_record(&h, 1);
	cr_assert(h.scale >= CS_EXP_SCALE_MIN);
	cr_assert_eq(sum_of(&h), 3);
}

Test(exp_histogram, resolution_is_no_less_than_the_range_asks_for)
{
	uint64_t counts[320], state = 42;
	struct cs_exp_histogram h;

	/* A microsecond to a hundred seconds: 26.6 octaves. */
	cs_exp_histogram_init(&h, counts, 320, 5);
	for (int i = 0; i < SAMPLES; i++)
		cs_exp_histogram_record(&h, sample(&state, 0.01, 8));
	cs_exp_histogram_record(&h, 1e-6);
	cs_exp_histogram_record(&h, 100);
	cr_assert_eq(h.scale, 3);
	cr_assert(h.high - h.low < 320);
	cr_assert_eq(sum_of(&h), SAMPLES + 2);
}

/* The bucket that has the sample of a rank contains the sample of that rank, exactly. */
static void expect_quantiles(const struct cs_exp_histogram *h, const double *sorted, size_t n)
{
	uint64_t counts[CS_EXP_BUCKETS_MAX], below = 0;
	size_t wide = cs_exp_histogram_copy(h, counts), rank = 0;

	for (size_t i = 0; i < wide; i++) {
		for (below += counts[i]; rank < below; rank++)
			cr_assert_eq(cs_exp_index(sorted[rank], h->scale), h->low + (int)i);
	}
	cr_assert_eq(rank, n);
}

Test(exp_histogram, quantiles_are_those_of_the_samples)
{
	static const unsigned widths[] = { 4, 17, 160, 320 };
	static double values[SAMPLES];
	uint64_t counts[CS_EXP_BUCKETS_MAX], state = 7;

	for (size_t w = 0; w < sizeof(widths) / sizeof(widths[0]); w++) {
		for (int decades = 0; decades <= 12; decades += 3) {
			struct cs_exp_histogram h;

			cs_exp_histogram_init(&h, counts, widths[w], 5);
			for (int i = 0; i < SAMPLES; i++) {
				values[i] = sample(&state, 0.05, decades);
				cs_exp_histogram_record(&h, values[i]);
			}
			qsort(values, SAMPLES, sizeof(*values), by_value);
			expect_quantiles(&h, values, SAMPLES);
		}
	}
}

Test(exp_histogram, merging_is_recording_all_in_one)
{
	uint64_t state = 99, ca[320], cb[320], call[320];

	for (int round = 0; round < 300; round++) {
		unsigned size = 4 + (unsigned)(next(&state) % 317);
		int na = (int)(next(&state) % 40), nb = (int)(next(&state) % 40);
		double middle = sample(&state, 1, 6), decades = (double)(next(&state) % 20);
		struct cs_exp_histogram a, b, all;

		cs_exp_histogram_init(&a, ca, size, 5);
		cs_exp_histogram_init(&b, cb, size, 5);
		cs_exp_histogram_init(&all, call, size, 5);
		for (int i = 0; i < na + nb; i++) {
			double value = next(&state) % 8 ? sample(&state, middle, decades) : 0;

			cs_exp_histogram_record(i < na ? &a : &b, value);
			cs_exp_histogram_record(&all, value);
		}
		cs_exp_histogram_merge(&a, &b);
		expect_equal(&a, &all);
	}
}
