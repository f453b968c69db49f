/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http_request_memo: a head that comes again is what the scanner would make of it. */
#include "preload/http/http_request_memo.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>

#define GET(fields) "GET /a HTTP/1.1\r\n" fields "\r\n"
#define PARENT(digit)                                                                              \
	"Traceparent: 00-0123456789abcdef0123456789abcdef-b7ad6b716920333" digit "-01\r\n"

/* A head, and what comes behind it. */
static const char *const again[][2] = {
	{ GET("Host: a\r\n"), GET("Host: a\r\n") },
	{ GET("Host: a\r\n" PARENT("1")), GET("Host: a\r\n" PARENT("2")) },
	{ GET(PARENT("1") "Accept: */*\r\nx-request-id: 17\r\n"),
	  GET(PARENT("9") "Accept: */*\r\nx-request-id: 18\r\n") },
	{ GET("b3: 0\r\n"), GET("b3: 1\r\n") },
	{ GET("b3:    0\r\nVia: x\r\n"), GET("b3:    1\r\nVia: x\r\n") },
	{ GET("X-Request-Id: \xc3\xa4\r\nX-Call-Id: b\r\n"),
	  GET("X-Request-Id: \xc3\xb6\r\nX-Call-Id: c\r\n") },
	{ "HEAD / HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n" },
	{ "POST /b HTTP/1.1\r\nContent-Length: 5\r\n" PARENT("1") "\r\n",
	  "POST /b HTTP/1.1\r\nContent-Length: 5\r\n" PARENT("3") "\r\n" },
	{ "PUT /b HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\n\r\n",
	  "PUT /b HTTP/1.1\r\nTRANSFER-ENCODING: chunked\r\n\r\n" },
};

#define AGAIN (sizeof(again) / sizeof(again[0]))

static void scan(struct cs_http_request *request, struct cs_http_text *text, const char *head)
{
	size_t used;

	memset(request, 0xa5, sizeof(*request));
	cs_http_request_init(request);
	cr_assert(eq(int,
		     (int)cs_http_request_feed(request, text, (const uint8_t *)head, strlen(head),
					       &used),
		     CS_HTTP_HEAD),
		  "%s", head);
	cr_assert(eq(sz, used, strlen(head)));
}

static bool keep(struct cs_http_request_memo *memo, const char *head)
{
	struct cs_http_request request;
	struct cs_http_text text;

	scan(&request, &text, head);
	return cs_http_request_memo_keep(memo, &request, &text, (const uint8_t *)head,
					 strlen(head));
}

static size_t feed(struct cs_http_request_memo *memo, const char *data, size_t len)
{
	struct cs_http_request request = { 0 };
	struct cs_http_kept kept;

	return cs_http_request_memo_feed(memo, &request, (const uint8_t *)data, len, &kept);
}

static void check_same(const char *first, const char *second)
{
	struct cs_http_request expected, request;
	struct cs_http_request_memo memo = { 0 };
	struct cs_http_kept kept = { 0 };
	struct cs_http_text text;
	size_t used;

	cr_assert(keep(&memo, first), "%s", first);
	scan(&expected, &text, second);
	memset(&request, 0x5a, sizeof(request));
	cs_http_request_init(&request);
	used = cs_http_request_memo_feed(&memo, &request, (const uint8_t *)second, strlen(second),
					 &kept);
	cr_assert(eq(sz, used, strlen(second)), "%s", second);
	cr_assert(eq(u16, kept.method_len, text.method_len));
	cr_assert(eq(u16, kept.target_len, text.target_len));
	cr_assert(eq(u16, kept.headers_len, text.headers_len));
	cr_expect(eq(int, memcmp(kept.bytes, text.bytes, cs_http_kept_used(&kept)), 0), "%s",
		  second);
	cr_expect(eq(u8, request.version, expected.version));
	cr_expect(eq(u8, request.fields.flags, expected.fields.flags));
	cr_expect(eq(u32, request.head_bytes, expected.head_bytes));
	cr_expect(eq(int, request.head_method, expected.head_method));
	cr_expect(eq(int, cs_http_request_idle(&request), cs_http_request_idle(&expected)));
	cr_expect(eq(sz, cs_http_body_content(&request.body, 9),
		     cs_http_body_content(&expected.body, 9)));
}

Test(http_request_memo, a_head_that_comes_again_means_what_it_would_mean_anew)
{
	for (size_t i = 0; i < AGAIN; i++) {
		check_same(again[i][0], again[i][0]);
		check_same(again[i][0], again[i][1]);
	}
}

Test(http_request_memo, another_head_is_not_taken)
{
	static const char head[] = GET("Host: a\r\nContent-Length: 5\r\nx-call-id: 17\r\n");
	const size_t len = sizeof(head) - 1, id = (size_t)(strstr(head, "17") - head);
	struct cs_http_request_memo memo = { 0 };
	char other[sizeof(head)];

	cr_expect(eq(sz, feed(&memo, head, len), 0), "nothing is kept yet");
	cr_assert(keep(&memo, head));
	for (size_t n = 0; n < len; n++) {
		bool differs = n < id || n > id + 1;

		memcpy(other, head, sizeof(head));
		other[n] ^= 1;
		cr_expect(eq(sz, feed(&memo, other, len), differs ? 0 : len), "byte %zu", n);
		cr_expect(eq(sz, feed(&memo, head, n), 0), "%zu bytes", n);
	}
	cr_expect(eq(sz, feed(&memo, head, len), len));
}

/* What the scanner would take for another value, or refuse. */
Test(http_request_memo, a_value_with_blanks_or_controls_is_left_to_the_scanner)
{
	static const char *const values[] = { " 234",  "123 ",          "1\r\n4",
					      "1\t34", "1\x7f\x33\x34", "12\n4" };
	struct cs_http_request_memo memo = { 0 };

	cr_assert(keep(&memo, GET("x-call-id: 1234\r\n")));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char other[] = GET("x-call-id: 1234\r\n");

		memcpy(strstr(other, "1234"), values[i], 4);
		cr_expect(eq(sz, feed(&memo, other, strlen(other)), 0), "%zu", i);
	}
}

/* It is shorter than the last one, and what follows it is nobody's business. */
Test(http_request_memo, nothing_is_left_of_what_follows_a_shorter_value)
{
	struct cs_http_request_memo memo = { 0 };
	const char *other = GET("x-call-id: 12\r\nCookie: sec\r\nHost: 0123456789\r\n");

	cr_assert(keep(&memo, GET("x-call-id: 0123456789012345678901\r\n")));
	cr_assert(ge(sz, strlen(other), memo.len));
	cr_expect(eq(sz, feed(&memo, other, strlen(other)), 0));
	for (size_t i = 0; i + 3 <= sizeof(memo.text); i++)
		cr_expect(ne(int, memcmp(memo.text + i, "sec", 3), 0));
}

/* It was 3 when it was read. */
Test(http_request_memo, another_length_in_the_copy_is_not_kept)
{
	const char *head = "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
	const char *changed = "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\n";
	struct cs_http_request_memo memo = { 0 };
	struct cs_http_request request;
	struct cs_http_text text;

	scan(&request, &text, head);
	cr_expect(not(cs_http_request_memo_keep(&memo, &request, &text, (const uint8_t *)changed,
						strlen(changed))));
	cr_expect(eq(u16, memo.len, 0));
}

static bool is_clear(const unsigned char *head)
{
	for (size_t i = 0; i < CS_HTTP_REQUEST_MEMO_BYTES; i++) {
		if (head[i])
			return false;
	}
	return true;
}

Test(http_request_memo, what_a_client_says_in_other_lines_is_not_kept)
{
	static const char *const others[] = {
		GET("Authorization: Bearer s\r\n"),
		GET("Host: a\r\nCookie: k=v\r\n"),
		GET("Hos: s\r\n"),
		GET("Host2: s\r\n"),
		"GET /a?token=s HTTP/1.1\r\n\r\n",
		"GET http://user:password@a/ HTTP/1.1\r\n\r\n",
		/* Of it more is looked at than its ids. */
		"POST / HTTP/1.1\r\nContent-Type: application/cloudevents+json\r\n\r\n",
		GET("User-Agent: kube-probe/1.31\r\n"),
		GET("x-call-id:\r\n"),
		GET("b3: 1\r\nx-call-id: 1\r\nx-request-id: 1\r\ncf-ray: 1\r\nce-id: 1\r\n"),
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct cs_http_request_memo memo = { 0 };

		cr_assert(keep(&memo, GET("Host: a\r\n")));
		cr_expect(not(keep(&memo, others[i])), "%s", others[i]);
		cr_expect(eq(u16, memo.len, 0), "%s", others[i]);
		cr_expect(is_clear(memo.head), "%s", others[i]);
	}
}

Test(http_request_memo, a_long_head_is_not_kept)
{
	static char head[CS_HTTP_REQUEST_MEMO_BYTES + 2];
	struct cs_http_request_memo memo = { 0 };

	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %0*d\r\n\r\n",
		 (int)CS_HTTP_REQUEST_MEMO_BYTES - 26, 0);
	cr_expect(keep(&memo, head));
	cr_expect(eq(u16, memo.len, CS_HTTP_REQUEST_MEMO_BYTES));
	snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %0*d\r\n\r\n",
		 (int)CS_HTTP_REQUEST_MEMO_BYTES - 25, 0);
	cr_expect(not(keep(&memo, head)));
	cr_expect(eq(u16, memo.len, 0));
}

/* It is read once more than it was judged by, and the program may have written to it meanwhile. */
Test(http_request_memo, a_head_that_was_changed_meanwhile_is_not_kept)
{
	static const char *const heads[] = {
		"GET /b HTTP/1.1\r\nHost: a\r\nx-call-id: 17\r\n\r\n",
		"GET /a HTTP/1.0\r\nHost: a\r\nx-call-id: 17\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: a\r\nx-call-id: 18\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: a\r\nx-call-ix: 17\r\n\r\n",
		"GET /a HTTP/1.1\r\nHost: a\r\nx-call-id: 17\r\n  ",
		"GET /a HTTP/1.1\r\nHost: a                      ",
		"GET /a HTTP/1.1                                 ",
		"                                                ",
	};
	const char *head = GET("Host: a\r\nx-call-id: 17\r\n");
	struct cs_http_request request;
	struct cs_http_text text;

	scan(&request, &text, head);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct cs_http_request_memo memo = { 0 };

		cr_expect(not(cs_http_request_memo_keep(&memo, &request, &text,
							(const uint8_t *)heads[i], strlen(head))),
			  "%s", heads[i]);
		cr_expect(eq(u16, memo.len, 0), "%s", heads[i]);
	}
}

Test(http_request_memo, empty_lines_before_it_are_left_to_the_scanner)
{
	struct cs_http_request_memo memo = { 0 };
	struct cs_http_request request = { 0 };
	struct cs_http_kept kept;
	struct cs_http_text text;
	size_t used;

	cr_assert(keep(&memo, GET("")));
	cr_assert(eq(int,
		     (int)cs_http_request_feed(&request, &text, (const uint8_t *)"\r", 1, &used),
		     CS_HTTP_MORE));
	cr_expect(eq(sz,
		     cs_http_request_memo_feed(&memo, &request, (const uint8_t *)GET(""),
					       strlen(GET("")), &kept),
		     0));
}
