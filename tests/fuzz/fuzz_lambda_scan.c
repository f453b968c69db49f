/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An event of the Lambda Runtime API, any bytes: the scanner says the same of it in whatever pieces it
 * comes, and what jansson says where that takes it.
 */
#include <string.h>

#include "preload/lambda_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/event_oracle.h"

static void check_same(const struct event_told *a, const struct event_told *b)
{
	CS_FUZZ_CHECK(a->known == b->known);
	CS_FUZZ_CHECK(a->service == b->service && a->messages == b->messages);
	CS_FUZZ_CHECK(a->len == b->len && !memcmp(a->text, b->text, a->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_told whole, pieces, looked_up;

	event_scan(data, size, SIZE_MAX, &whole);
	event_scan(data, size, size % 7 + 1, &pieces);
	CS_FUZZ_CHECK(whole.cut == pieces.cut && whole.followed == pieces.followed);
	check_same(&whole, &pieces);
	event_look_up(data, size, &looked_up);
	if (!looked_up.followed || whole.cut || size > CS_LAMBDA_SCAN_MAX)
		return 0;
	CS_FUZZ_CHECK(whole.followed);
	check_same(&whole, &looked_up);
	return 0;
}
