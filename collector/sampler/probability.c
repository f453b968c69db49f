/* SPDX-License-Identifier: Apache-2.0 */

/* Probabilities as thresholds; see probability.h. */
#include "collector/sampler/probability.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As many digits are needed to say that @kept of all is little. */
static unsigned leading_digits(uint64_t kept)
{
	unsigned count = 0;

	for (; kept < CS_THRESHOLD_NOTHING / 16; kept *= 16)
		count++;
	return count;
}

uint64_t cs_threshold_of(double probability, unsigned precision)
{
	double kept = probability * (double)CS_THRESHOLD_NOTHING;
	uint64_t exact, whole = (uint64_t)kept;
	unsigned digits, bits;

	whole += kept - (double)whole >= 0.5;
	exact = CS_THRESHOLD_NOTHING - whole;
	if (exact == CS_THRESHOLD_ALL || exact == CS_THRESHOLD_NOTHING)
		return exact;
	digits = precision + leading_digits(whole);
	if (digits >= CS_THRESHOLD_DIGITS)
		return exact;
	bits = 4 * (CS_THRESHOLD_DIGITS - digits);
	/* What is kept is more than one unit of the last digit: that cannot become nothing. */
	return (exact + (1ull << (bits - 1))) >> bits << bits;
}

double cs_threshold_probability(uint64_t threshold)
{
	return (double)(CS_THRESHOLD_NOTHING - threshold) / (double)CS_THRESHOLD_NOTHING;
}

int cs_probability_parse(const char *text, double *ret)
{
	double value;
	char *end;

	if (!*text || strspn(text, "0123456789.eE+-") != strlen(text))
		return -EINVAL;
	value = strtod(text, &end);
	if (*end || !(value >= 0 && value <= 1))
		return -EINVAL;
	*ret = value;
	return 0;
}
