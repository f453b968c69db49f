/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nearest name by edit distance (Levenshtein, one row at a time); see suggest.h. base/suggest.c does the
 * same: the runtime includes nothing of ours, so that it is a fair guest, and has its own.
 */
#include "runtime/suggest.h"

#include <string.h>

#define NAME_MAX_LEN 63
#define EDITS_MAX    2

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NAME_MAX_LEN + 1];

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

const char *cs_suggest(const char *typed, const char *const *names, size_t names_count)
{
	size_t typed_len = strlen(typed), best_edits = EDITS_MAX + 1;
	const char *best = NULL;

	if (typed_len > NAME_MAX_LEN)
		return NULL;
	for (size_t i = 0; i < names_count; i++) {
		size_t len = strlen(names[i]), edits;

		if (len > NAME_MAX_LEN)
			continue;
		edits = distance(typed, typed_len, names[i], len);
		if (edits < best_edits && edits * 2 < typed_len) {
			best = names[i];
			best_edits = edits;
		}
	}
	return best;
}
