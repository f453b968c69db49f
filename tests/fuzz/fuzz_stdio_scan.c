/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A line of OpenWhisk's action loop, any bytes: the scanner says the same of it in whatever pieces it comes, and
 * what jansson says where that takes it.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/line_oracle.h"

static void check_same(const struct line_told *a, const struct line_told *b)
{
	CS_FUZZ_CHECK(a->object == b->object && a->failed == b->failed && a->ok == b->ok);
	CS_FUZZ_CHECK(a->web == b->web);
	CS_FUZZ_CHECK(a->len == b->len && !memcmp(a->text, b->text, a->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct line_told whole, pieces, looked_up;

	for (int answer = 0; answer < 2; answer++) {
		line_scan(answer, data, size, SIZE_MAX, &whole);
		line_scan(answer, data, size, size % 7 + 1, &pieces);
		CS_FUZZ_CHECK(whole.cut == pieces.cut);
		check_same(&whole, &pieces);
		line_look_up(answer, data, size, &looked_up);
		/* jansson takes a NUL behind a number for the end; in JSON there is none anywhere. */
		if (looked_up.followed && !whole.cut && !memchr(data, 0, size))
			check_same(&whole, &looked_up);
	}
	return 0;
}
