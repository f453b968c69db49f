/* SPDX-License-Identifier: Apache-2.0 */

/* Recording, halving, merging; see exp_histogram.h. */
#include "collector/metrics/exp_histogram.h"

#include <assert.h>
#include <string.h>

/* Buckets lie on a ring: what is at most counts_max wide has a place of its own for each. */
static uint64_t *bucket(const struct cs_exp_histogram *histogram, int32_t index)
{
	int32_t place = index % (int32_t)histogram->counts_max;

	return &histogram->counts[place < 0 ? place + (int32_t)histogram->counts_max : place];
}

void cs_exp_histogram_init(struct cs_exp_histogram *histogram, uint64_t *counts,
			   unsigned counts_max, int scale_max)
{
	assert(counts_max >= CS_EXP_BUCKETS_MIN && counts_max <= CS_EXP_BUCKETS_MAX);
	assert(scale_max >= CS_EXP_SCALE_MIN && scale_max <= CS_EXP_SCALE_MAX);
	*histogram = (struct cs_exp_histogram){ .counts = counts,
						.counts_max = counts_max,
						.scale_max = scale_max };
	cs_exp_histogram_reset(histogram);
}

void cs_exp_histogram_reset(struct cs_exp_histogram *histogram)
{
	memset(histogram->counts, 0, histogram->counts_max * sizeof(*histogram->counts));
	histogram->scale = histogram->scale_max;
	histogram->low = histogram->high = 0;
	histogram->count = histogram->zero_count = 0;
}

/* How often both ends must be halved until what is between fits. */
static int halvings(int32_t low, int32_t high, unsigned buckets)
{
	int by = 0;

	while ((int64_t)(high >> by) - (low >> by) >= (int64_t)buckets)
		by++;
	return by;
}

static void halve(struct cs_exp_histogram *histogram, int by)
{
	uint64_t wide[CS_EXP_BUCKETS_MAX];
	size_t n;

	if (by == 0)
		return;
	histogram->scale -= by;
	if (!histogram->count)
		return;
	n = cs_exp_histogram_copy(histogram, wide);
	memset(histogram->counts, 0, histogram->counts_max * sizeof(*histogram->counts));
	for (size_t i = 0; i < n; i++)
		*bucket(histogram, (histogram->low + (int32_t)i) >> by) += wide[i];
	histogram->low >>= by;
	histogram->high >>= by;
}

/* Make room for a bucket of @scale, which is that of the histogram. Return: where it is now. */
static int32_t make_room(struct cs_exp_histogram *histogram, int32_t index)
{
	int32_t low = histogram->count && histogram->low < index ? histogram->low : index;
	int32_t high = histogram->count && histogram->high > index ? histogram->high : index;
	int by = halvings(low, high, histogram->counts_max);

	halve(histogram, by);
	histogram->low = low >> by;
	histogram->high = high >> by;
	return index >> by;
}

static void add(struct cs_exp_histogram *histogram, int32_t index, uint64_t count)
{
	index = make_room(histogram, index);
	*bucket(histogram, index) += count;
	histogram->count += count;
}

void cs_exp_histogram_record(struct cs_exp_histogram *histogram, double value)
{
	if (!(value > 0))
		histogram->zero_count++;
	else
		add(histogram, cs_exp_index(value, histogram->scale), 1);
}

void cs_exp_histogram_merge(struct cs_exp_histogram *histogram, const struct cs_exp_histogram *from)
{
	histogram->zero_count += from->zero_count;
	if (histogram->scale > from->scale)
		halve(histogram, histogram->scale - from->scale);
	if (!from->count)
		return;
	for (int64_t i = from->low; i <= from->high; i++) {
		uint64_t count = *bucket(from, (int32_t)i);

		if (count)
			add(histogram, (int32_t)i >> (from->scale - histogram->scale), count);
	}
}

size_t cs_exp_histogram_copy(const struct cs_exp_histogram *histogram, uint64_t *ret)
{
	size_t n = (size_t)(histogram->high - histogram->low) + 1;

	for (size_t i = 0; i < n; i++)
		ret[i] = *bucket(histogram, histogram->low + (int32_t)i);
	return n;
}
