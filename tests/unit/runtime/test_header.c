/* SPDX-License-Identifier: Apache-2.0 */

#include "runtime/header.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <sys/queue.h>

struct listing {
	char value[40];
	char token[16];
	bool lists;
};

ParameterizedTestParameters(header, list_of_tokens)
{
	static struct listing listings[] = {
		{ "close", "close", true },
		{ "Close", "cLOSE", true },
		{ "keep-alive, close", "close", true },
		{ "keep-alive,close ", "close", true },
		{ " \tclose\t", "close", true },
		{ ",,close,,", "close", true },
		{ "closed", "close", false },
		{ "not close", "close", false },
		{ "", "close", false },
		{ ",", "close", false },
		{ " , ", "close", false },
	};

	return cr_make_param_array(struct listing, listings,
				   sizeof(listings) / sizeof(listings[0]));
}

ParameterizedTest(struct listing *listing, header, list_of_tokens)
{
	cr_assert(eq(int, cs_header_lists(listing->value, listing->token), listing->lists), "%s",
		  listing->value);
}

static void add(struct evkeyvalq *headers, const char *name, const char *value)
{
	cr_assert(zero(int, evhttp_add_header(headers, name, value)));
}

Test(header, copy_keeps_order_case_and_repetition_and_drops_what_is_of_one_connection)
{
	static const char *const expected[] = { "x-One", "Cookie", "Cookie", "X-Last" };
	struct evkeyvalq from, to;
	const struct evkeyval *header;
	size_t i = 0;

	TAILQ_INIT(&from);
	TAILQ_INIT(&to);
	add(&from, "x-One", "1");
	add(&from, "Connection", "keep-alive, X-Hop");
	add(&from, "Cookie", "a");
	add(&from, "x-hop", "gone");
	add(&from, "cookie", "b");
	add(&from, "Transfer-Encoding", "chunked");
	add(&from, "TE", "trailers");
	add(&from, "Upgrade", "h2c");
	add(&from, "Content-Length", "5");
	add(&from, "X-Last", "z");
	cs_headers_copy(&from, &to, false);
	TAILQ_FOREACH(header, &to, next) {
		cr_assert(lt(sz, i, 4));
		cr_assert(zero(int, strcasecmp(header->key, expected[i++])));
	}
	cr_assert(eq(sz, i, 4));
	cr_assert(eq(str, (char *)TAILQ_FIRST(&to)->key, (char *)"x-One"));
	cs_headers_copy(&from, &to, true);
	cr_assert(eq(str, (char *)evhttp_find_header(&to, "Content-Length"), (char *)"5"));
	evhttp_clear_headers(&from);
	evhttp_clear_headers(&to);
}
