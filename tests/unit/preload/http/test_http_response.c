/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http_response, by RFC 9112. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "preload/http/http_response.h"
#include "tests/support/http_transcript.h"

struct response_case {
	char bytes[400];
	char expected[200];
	int no_body;
};

#define OK(fields, body) "HTTP/1.1 200 OK\r\n" fields "\r\n" body

static const struct response_case cases[] = {
	{ OK("Content-Length: 2\r\n", "hi") "HTTP/1.1 204 None\r\n\r\n",
	  "HEAD@38 200\nEND@40\nHEAD@61 204\nEND@61\n" },
	{ OK("Content-Length: 0\r\n", ""), "HEAD@38 200\nEND@38\n" },
	{ OK("transfer-encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n"), "HEAD@47 200\nEND@58\n" },
	{ OK("", "until the end"), "HEAD@19 200\nUNTIL CLOSE\n" },
	{ OK("Transfer-Encoding: gzip\r\n", "x"), "HEAD@44 200\nUNTIL CLOSE\n" },
	{ "HTTP/1.0 500\r\n\r\nx", "HEAD@16 500\nUNTIL CLOSE\n" },
	{ "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "HEAD@48 304\nEND@48\n" },
	{ OK("Content-Length: 5\r\n", ""), "HEAD@38 200\nEND@38\n", 1 },
	{ OK("Transfer-Encoding: chunked\r\n", ""), "HEAD@47 200\nEND@47\n", 1 },
	/* Interim responses are silent, an upgrade is not */
	{ "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n" OK(
		  "Content-Length: 0\r\n", ""),
	  "HEAD@94 200\nEND@94\n" },
	{ "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
	  "HEAD@56 101\nEND@56\n" },
	/* The reason may be empty, or missing with its space */
	{ "HTTP/1.1 201 \r\nContent-Length: 0\r\n\r\n", "HEAD@36 201\nEND@36\n" },
	/* Not HTTP */
	{ "hello", "NOT HTTP\n" },
	{ "HTTP/2.0 200 OK\r\n", "NOT HTTP\n" },
	{ "HTTP/1.1 099 x\r\n", "NOT HTTP\n" },
	{ "HTTP/1.1 2000\r\n", "NOT HTTP\n" },
	{ "HTTP/1.1 2x0 OK\r\n", "NOT HTTP\n" },
	/* Ambiguous */
	{ "HTTP/1.1 200 OK\n\n", "UNFOLLOWED\n" },
	{ OK("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), "UNFOLLOWED\n" },
	{ OK("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "x"), "UNFOLLOWED\n" },
	{ "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "UNFOLLOWED\n" },
	{ OK("A: b\r\n c\r\n", ""), "UNFOLLOWED\n" },
	{ OK("Transfer-Encoding: chunked\r\n", "zz\r\n"), "HEAD@47 200\nUNFOLLOWED\n" },
	{ "", "" },
	{ "HTTP/1.1 200 OK\r\nServer: x\r\n", "" },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

Test(http_response, heads_bodies_and_oddities)
{
	static struct cs_transcript whole;

	for (size_t i = 0; i < CASES; i++) {
		size_t len = strlen(cases[i].bytes);

		cs_transcript_responses(&whole, (const uint8_t *)cases[i].bytes, len, len, 1,
					cases[i].no_body);
		cr_expect(eq(str, whole.text, (char *)cases[i].expected), "of %s", cases[i].bytes);
	}
}

Test(http_response, any_cut_is_as_good_as_the_whole)
{
	static struct cs_transcript cut;

	for (size_t i = 0; i < CASES; i++) {
		const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
		size_t len = strlen(cases[i].bytes);

		for (size_t first = 0; first <= len; first++) {
			for (size_t step = 1; step < 5; step += 3) {
				cs_transcript_responses(&cut, bytes, len, first, step,
							cases[i].no_body);
				cr_expect(eq(str, cut.text, (char *)cases[i].expected),
					  "first piece %zu, then %zu, of %s", first, step,
					  cases[i].bytes);
			}
		}
	}
}

Test(http_response, bytes_of_unknown_content_end_a_body_of_known_length)
{
	static const char head[] = OK("Content-Length: 10\r\n", "");
	struct cs_http_response response;
	size_t used;

	cs_http_response_init(&response, false);
	cr_assert(eq(int, cs_http_response_feed(&response, NULL, NULL, 1, &used),
		     CS_HTTP_UNFOLLOWED));
	cs_http_response_init(&response, false);
	cr_assert(eq(
		int,
		cs_http_response_feed(&response, NULL, (const uint8_t *)head, strlen(head), &used),
		CS_HTTP_HEAD));
	cr_assert(not(cs_http_response_over(&response)));
	cr_assert(eq(int, cs_http_response_feed(&response, NULL, NULL, 10, &used), CS_HTTP_END));
	cr_assert(eq(sz, used, 10));
}
