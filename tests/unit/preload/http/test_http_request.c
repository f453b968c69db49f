/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http_request and what it is made of, by RFC 9112. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "preload/http/http_names.h"
#include "preload/http/http_request.h"
#include "preload/wire/records.h"
#include "tests/support/http_transcript.h"

struct request_case {
	char bytes[640];
	char expected[320];
};

#define GET(rest)          "GET / HTTP/1.1\r\n" rest "\r\n"
#define POST(fields, body) "POST /p HTTP/1.1\r\n" fields "\r\n" body

static const struct request_case cases[] = {
	/* Heads */
	{ "GET / HTTP/1.1\r\n\r\n", "HEAD@18 GET / 11\n" },
	{ "GET / HTTP/1.0\r\n\r\n", "HEAD@18 GET / 10\n" },
	{ "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD@29 HEAD /x 11 head\n" },
	{ "HEADS /x HTTP/1.1\r\n\r\n", "HEAD@21 HEADS /x 11\n" },
	{ "M-SEARCH * HTTP/1.1\r\n\r\n", "HEAD@23 M-SEARCH * 11\n" },
	{ "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "HEAD@22 GET / 11\n" },
	{ "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", "NOT HTTP\n" },
	{ GET("A: b\r\n") GET("C: d\r\n"), "HEAD@24 GET / 11\nHEAD@48 GET / 11\n" },
	{ "GET /caf\xc3\xa9 HTTP/1.1\r\n\r\n", "HEAD@23 GET /caf\xc3\xa9 11\n" },
	/* Targets: no query, no authority */
	{ "GET /a?secret=1 HTTP/1.1\r\n\r\n", "HEAD@28 GET /a 11\n" },
	{ "GET /a#b HTTP/1.1\r\n\r\n", "HEAD@21 GET /a 11\n" },
	{ "GET ?secret HTTP/1.1\r\n\r\n", "NOT HTTP\n" },
	{ "GET http://u:pw@h:1/a/b?c HTTP/1.1\r\n\r\n", "HEAD@38 GET /a/b 11\n" },
	{ "GET http://u:pw@h HTTP/1.1\r\n\r\n", "HEAD@30 GET / 11\n" },
	{ "GET http://u:pw@h?c=http://x/ HTTP/1.1\r\n\r\n", "HEAD@42 GET / 11\n" },
	{ "GET /a://b/c HTTP/1.1\r\n\r\n", "HEAD@25 GET /a://b/c 11\n" },
	/* Headers kept, and not */
	{ GET("TraceParent: 00-a-b-01\r\n"), "HEAD@42 GET / 11 {traceparent: 00-a-b-01\n}\n" },
	{ GET("X-Request-Id:7\r\nAuthorization: Basic eA==\r\nCookie: k=v\r\nce-id: \t9 \t \r\n"),
	  "HEAD@88 GET / 11 {x-request-id: 7\nce-id: 9\n}\n" },
	{ GET("b3:\r\nB3: 0\r\n"), "HEAD@30 GET / 11 {b3: \nb3: 0\n}\n" },
	{ GET("x-azure-functions-invocationid: q\r\n"),
	  "HEAD@53 GET / 11 {x-azure-functions-invocationid: q\n}\n" },
	{ GET("x-request-id-and-a-name-that-is-longer-than-the-scratch: 1\r\n"),
	  "HEAD@78 GET / 11\n" },
	{ GET("X-B3-TraceId: 7\r\nx_b3-traceid: 8\r\na.b~c|d!: 9\r\nX-B3-Flags: 1\r\n"),
	  "HEAD@80 GET / 11 {x-b3-traceid: 7\nx-b3-flags: 1\n}\n" },
	{ GET("traceparent: caf\xc3\xa9 \xff\r\n"),
	  "HEAD@40 GET / 11 {traceparent: caf\xc3\xa9 \xff\n}\n" },
	{ GET("traceparent: a\tb  \r\ncf-ray: x \r\n"),
	  "HEAD@50 GET / 11 {traceparent: a\tb\ncf-ray: x\n}\n" },
	/* Bodies */
	{ POST("Content-Length: 3\r\n", "abc") GET(""),
	  "HEAD@39 POST /p 11 body\nEND@42\nHEAD@60 GET / 11\n" },
	{ POST("Content-Length: 0\r\n", "") GET(""), "HEAD@39 POST /p 11\nHEAD@57 GET / 11\n" },
	{ POST("CONTENT-LENGTH:3 \r\n", "abcGET"), "HEAD@39 POST /p 11 body\nEND@42\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n") GET(""),
	  "HEAD@48 POST /p 11 body\nEND@61\nHEAD@79 GET / 11\n" },
	{ POST("Transfer-Encoding: gzip, Chunked \r\n",
	       "A;x=\"y\"\r\n0123456789\r\n00\r\nT: u\r\nV: w\r\n\r\n"),
	  "HEAD@55 POST /p 11 body\nEND@94\n" },
	{ POST("Content-Length: 999999999999999999\r\n", "x"), "HEAD@56 POST /p 11 body\n" },
	/* Not HTTP */
	{ "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", "NOT HTTP\n" },
	{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "NOT HTTP\n" },
	{ "GET / HTTP/1.2\r\n\r\n", "NOT HTTP\n" },
	{ "GET /\r\n", "NOT HTTP\n" },
	{ "GET  / HTTP/1.1\r\n\r\n", "NOT HTTP\n" },
	{ "SSH-2.0-OpenSSH_9.2\r\n", "NOT HTTP\n" },
	{ "A-METHOD-OF-MORE-THAN-THIRTY-TWO-BYTES / HTTP/1.1\r\n\r\n", "NOT HTTP\n" },
	{ GET("") "\n", "HEAD@18 GET / 11\nNOT HTTP\n" },
	/* Two parsers could disagree about these */
	{ "GET / HTTP/1.1 \r\n\r\n", "UNFOLLOWED\n" },
	{ "GET / HTTP/1.1\n\n", "UNFOLLOWED\n" },
	{ GET("A: b\n"), "UNFOLLOWED\n" },
	{ GET("A: b\r\n c\r\n"), "UNFOLLOWED\n" },
	{ GET("A : b\r\n"), "UNFOLLOWED\n" },
	{ GET(": b\r\n"), "UNFOLLOWED\n" },
	{ GET("A\r\n"), "UNFOLLOWED\n" },
	{ GET("A/B: c\r\n"), "UNFOLLOWED\n" },
	{ GET("Traceparen\xf4: c\r\n"), "UNFOLLOWED\n" },
	{ GET("Name-of-more: b\x7f\r\n"), "UNFOLLOWED\n" },
	{ GET("A: b\rc\r\n"), "UNFOLLOWED\n" },
	{ GET("A: b\x01\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: 1\r\nContent-Length: 1\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: 1, 1\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: +1\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: \r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: 9999999999999999999\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: gzip\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: xchunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: chunked, gzip\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: gzip, xchunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: chunked, chunked\r\n"), "UNFOLLOWED\n" },
	/* Chunked to some, to others not */
	{ GET("Transfer-Encoding: gzip chunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: , chunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: chunked,\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: gzip,, chunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: gzip;q=1, chunked\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: \"chunked\"\r\n"), "UNFOLLOWED\n" },
	{ GET("Transfer-Encoding: chunked\t\r\n"), "UNFOLLOWED\n" },
	{ GET("Content-Length: 1\t\r\n"), "UNFOLLOWED\n" },
	{ POST("Transfer-Encoding: a ,  chunked \r\n", "0\r\n\r\n"),
	  "HEAD@54 POST /p 11 body\nEND@59\n" },
	{ GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), "UNFOLLOWED\n" },
	{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "UNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "\r\n"), "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "3\nabc"),
	  "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "0x3\r\nabc"),
	  "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n"),
	  "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "1000000000000000\r\n"),
	  "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	{ POST("Transfer-Encoding: chunked\r\n", "0\r\n folded\r\n\r\n"),
	  "HEAD@48 POST /p 11 body\nUNFOLLOWED\n" },
	/* Incomplete */
	{ "", "" },
	{ "GET / HTTP/1.1\r\nHost: a\r\n", "" },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

Test(http_request, heads_bodies_and_oddities)
{
	static struct cs_transcript whole;

	for (size_t i = 0; i < CASES; i++) {
		size_t len = strlen(cases[i].bytes);

		cs_transcript_requests(&whole, (const uint8_t *)cases[i].bytes, len, len, 1);
		cr_expect(eq(str, whole.text, (char *)cases[i].expected), "of %s", cases[i].bytes);
	}
}

static void check_kept(const char *name)
{
	static struct cs_transcript whole;
	char head[128], kept[128];
	int len = snprintf(head, sizeof(head), "GET / HTTP/1.1\r\n%s: v\r\nHost: a\r\n\r\n", name);

	snprintf(kept, sizeof(kept), "HEAD@%d GET / 11 {%s: v\n}\n", len, name);
	cs_transcript_requests(&whole, (const uint8_t *)head, (size_t)len, (size_t)len, 1);
	cr_expect(eq(str, whole.text, kept), "%s", name);
	for (char *c = head + 16; *c != ':'; c++) /* behind the first line */
		*c = (char)toupper((unsigned char)*c);
	cs_transcript_requests(&whole, (const uint8_t *)head, (size_t)len, (size_t)len, 1);
	cr_expect(eq(str, whole.text, kept), "%s in upper case", name);
}

Test(http_request, every_name_of_the_lists_is_kept_in_whatever_case)
{
#define X(name) check_kept(name);
#define L(name) check_kept(CS_HTTP_LAMBDA_PREFIX name);
	CS_HTTP_KEPT(X)
	CS_HTTP_KEPT_LAMBDA(L)
#undef X
#undef L
}

Test(http_request, any_cut_is_as_good_as_the_whole)
{
	static struct cs_transcript cut;

	for (size_t i = 0; i < CASES; i++) {
		const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
		size_t len = strlen(cases[i].bytes);

		for (size_t first = 0; first <= len; first++) {
			for (size_t step = 1; step < 5; step += 3) {
				cs_transcript_requests(&cut, bytes, len, first, step);
				cr_expect(eq(str, cut.text, (char *)cases[i].expected),
					  "first piece %zu, then %zu, of %s", first, step,
					  cases[i].bytes);
			}
		}
	}
}

/* Feeds "GET /<target> HTTP/1.1", then @lines times @line, then the end. */
static enum cs_http_verdict feed_long(struct cs_http_text *text, size_t target, const char *line,
				      size_t lines)
{
	static char bytes[2 * CS_HTTP_HEAD_MAX];
	struct cs_http_request request = { 0 };
	size_t len = 0, used;

	len += (size_t)snprintf(bytes, sizeof(bytes), "GET /");
	memset(bytes + len, 'a', target);
	len += target;
	len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, " HTTP/1.1\r\n");
	for (size_t i = 0; i < lines; i++)
		len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "%s\r\n", line);
	len += (size_t)snprintf(bytes + len, sizeof(bytes) - len, "\r\n");
	return cs_http_request_feed(&request, text, (const uint8_t *)bytes, len, &used);
}

Test(http_request, long_targets_are_cut_and_flagged)
{
	struct cs_http_text text;

	cr_assert(eq(int, feed_long(&text, CS_HTTP_TARGET_MAX - 1, "A: b", 1), CS_HTTP_HEAD));
	cr_assert(eq(u16, text.target_len, CS_HTTP_TARGET_MAX));
	cr_assert(eq(u16, text.flags, 0));
	cr_assert(eq(int, feed_long(&text, CS_HTTP_TARGET_MAX, "A: b", 1), CS_HTTP_HEAD));
	cr_assert(eq(u16, text.target_len, CS_HTTP_TARGET_MAX));
	cr_assert(eq(u16, text.flags, CS_REQUEST_TARGET_CUT));
}

Test(http_request, kept_headers_that_do_not_fit_are_left_out_whole)
{
	struct cs_http_text text;
	char line[600] = "tracestate: ";

	memset(line + 12, 'v', CS_HTTP_VALUE_MAX);
	cr_assert(eq(int, feed_long(&text, 1000, line, 1), CS_HTTP_HEAD));
	cr_assert(eq(u16, text.flags, 0));
	cr_assert(eq(u16, text.headers_len, 12 + CS_HTTP_VALUE_MAX + 1));

	/* A second one does not fit the text, a third shorter one may. */
	cr_assert(eq(int, feed_long(&text, 1000, line, 2), CS_HTTP_HEAD));
	cr_assert(eq(u16, text.flags, CS_REQUEST_HEADERS_CUT));
	cr_assert(eq(u16, text.headers_len, 12 + CS_HTTP_VALUE_MAX + 1));

	line[12 + CS_HTTP_VALUE_MAX] = 'v';
	cr_assert(eq(int, feed_long(&text, 0, line, 1), CS_HTTP_HEAD));
	cr_assert(eq(u16, text.flags, CS_REQUEST_HEADERS_CUT));
	cr_assert(eq(u16, text.headers_len, 0));
}

Test(http_request, a_head_is_followed_up_to_its_limit)
{
	struct cs_http_text text;
	size_t fixed = strlen("GET / HTTP/1.1\r\n\r\n");
	size_t lines = (CS_HTTP_HEAD_MAX - fixed) / 6, rest = (CS_HTTP_HEAD_MAX - fixed) % 6;

	cr_assert(eq(int, feed_long(&text, rest, "A: b", lines), CS_HTTP_HEAD));
	cr_assert(eq(int, feed_long(&text, rest + 1, "A: b", lines), CS_HTTP_UNFOLLOWED));
	cr_assert(eq(int, feed_long(&text, CS_HTTP_HEAD_MAX, "A: b", 0), CS_HTTP_UNFOLLOWED));
}

Test(http_request, bytes_of_unknown_content_pass_only_inside_a_body)
{
	static const char head[] = "PUT / HTTP/1.1\r\nContent-Length: 10\r\n\r\n";
	struct cs_http_request request = { 0 };
	struct cs_http_text text;
	size_t used;

	cr_assert(
		eq(int, cs_http_request_feed(&request, &text, NULL, 1, &used), CS_HTTP_UNFOLLOWED));
	cs_http_request_init(&request);
	cr_assert(eq(
		int,
		cs_http_request_feed(&request, &text, (const uint8_t *)head, strlen(head), &used),
		CS_HTTP_HEAD));
	cr_assert(eq(int, cs_http_request_feed(&request, NULL, NULL, 9, &used), CS_HTTP_MORE));
	cr_assert(eq(int, cs_http_request_feed(&request, NULL, NULL, 5, &used), CS_HTTP_END));
	cr_assert(eq(sz, used, 1));
	cr_assert(cs_http_request_idle(&request));
}

/* Connections are kept in slots that others have used, for calls of the process's own as well. */
Test(http_request, what_was_there_before_does_not_matter)
{
	static const char head[] = "POST / HTTP/1.1\r\nx-request-id: 7\r\n\r\n";
	static const char kept[] = "POST/x-request-id: 7\n";
	struct cs_http_request request;
	struct cs_http_text text;
	size_t used;

	memset(&request, 0xff, sizeof(request));
	memset(&text, 0xff, sizeof(text));
	cs_http_request_init(&request);
	cr_assert(eq(int,
		     cs_http_request_feed(&request, &text, (const unsigned char *)head,
					  sizeof(head) - 1, &used),
		     CS_HTTP_HEAD));
	cr_assert(eq(sz, cs_http_text_used(&text), sizeof(kept) - 1));
	cr_assert(eq(int, memcmp(text.bytes, kept, sizeof(kept) - 1), 0));
	cr_assert(not(request.head_method));
}
