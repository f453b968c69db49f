/* SPDX-License-Identifier: Apache-2.0 */

/* Nearest word by edit distance; see suggest.h. */
#include "base/suggest.h"

#include <string.h>

#define WORD_MAX 64 /* longer words are not compared: nothing we name is that long */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_len];
}

const char *cs_suggest(const char *typed, const char *const *words, size_t count)
{
	size_t typed_len = strlen(typed), best_distance = typed_len / 3 + 1;
	const char *best = NULL;

	if (typed_len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(words[i]), d;

		if (len > WORD_MAX)
			continue;
		d = distance(typed, typed_len, words[i], len);
		if (d <= best_distance && d < len) {
			if (!best || d < best_distance)
				best = words[i];
			best_distance = d;
		}
	}
	return best;
}
