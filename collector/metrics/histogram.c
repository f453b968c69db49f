/* SPDX-License-Identifier: Apache-2.0 */

/* Both kinds of buckets in step; see histogram.h. */
#include "collector/metrics/histogram.h"

#include <string.h>

size_t cs_histogram_words(const struct cs_bucket_bounds *layout)
{
	return layout->exp_buckets + layout->count + 1;
}

void cs_histogram_init(struct cs_histogram *histogram, const struct cs_bucket_bounds *layout,
		       uint64_t *words)
{
	*histogram =
		(struct cs_histogram){ .layout = *layout, .explicit = words + layout->exp_buckets };
	cs_exp_histogram_init(&histogram->exp, words, layout->exp_buckets, CS_HISTOGRAM_SCALE);
	cs_histogram_reset(histogram);
}

void cs_histogram_reset(struct cs_histogram *histogram)
{
	cs_exp_histogram_reset(&histogram->exp);
	histogram->sum = histogram->min = histogram->max = 0;
	memset(histogram->explicit, 0, (histogram->layout.count + 1) * sizeof(uint64_t));
}

size_t cs_histogram_record(struct cs_histogram *histogram, double value)
{
	size_t bucket = cs_bucket_find(&histogram->layout, value);
	bool first = !cs_histogram_count(histogram);

	if (first || value < histogram->min)
		histogram->min = value;
	if (first || value > histogram->max)
		histogram->max = value;
	cs_exp_histogram_record(&histogram->exp, value);
	histogram->sum += value;
	histogram->explicit[bucket]++;
	return bucket;
}
