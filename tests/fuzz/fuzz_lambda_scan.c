/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An event, any bytes: the scanner says the same of it in whatever pieces it comes, and of one of the Lambda
 * Runtime API what jansson says where that takes it.
 */
#include <string.h>

#include "preload/events/lambda_scan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/event_oracle.h"

static void check_same(const struct event_told *a, const struct event_told *b)
{
	CS_FUZZ_CHECK(a->known == b->known);
	CS_FUZZ_CHECK(a->service == b->service && a->messages == b->messages);
	CS_FUZZ_CHECK(a->len == b->len && !memcmp(a->text, b->text, a->len));
}

/* In whatever pieces. */
static void scan(enum cs_scan_form form, const uint8_t *data, size_t size, struct event_told *whole)
{
	static struct event_told pieces;

	event_scan(form, data, size, SIZE_MAX, whole);
	event_scan(form, data, size, size % 7 + 1, &pieces);
	CS_FUZZ_CHECK(whole->cut == pieces.cut && whole->followed == pieces.followed);
	check_same(whole, &pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_told whole, looked_up;

	for (enum cs_scan_form form = CS_SCAN_LAMBDA + 1; form <= CS_SCAN_AZURE; form++)
		scan(form, data, size, &whole);
	scan(CS_SCAN_LAMBDA, data, size, &whole);
	event_look_up(data, size, &looked_up);
	/* jansson takes a NUL behind a number for the end; in JSON (RFC 8259) there is none anywhere. */
	if (!looked_up.followed || whole.cut || size > CS_KEPT_BYTES || memchr(data, 0, size))
		return 0;
	CS_FUZZ_CHECK(whole.followed);
	check_same(&whole, &looked_up);
	return 0;
}
