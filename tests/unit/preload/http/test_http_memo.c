/* SPDX-License-Identifier: Apache-2.0 */

/* Unit tests of preload/http_memo: a head that comes again is what the scanner would make of it. */
#include "preload/http/http_memo.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>

#define OK(fields) "HTTP/1.1 200 OK\r\n" fields "\r\n"

static const char *const heads[] = {
	OK(""),
	OK("Date: Sun, 22 Nov 2026 06:38:30 GMT\r\nContent-length: 5\r\n"),
	OK("DATE: x\r\nTransfer-Encoding: chunked\r\nServer: Jetty(9.4)\r\n"),
	OK("Content-Type: text/plain\r\nConnection: close\r\n"),
	"HTTP/1.0 500 No\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.0 200 OK\r\nServer: x\r\n\r\n",
	"HTTP/1.1 204 None\r\nKeep-Alive: timeout=5\r\n\r\n",
	"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
	"HTTP/1.1 101 Upgrade\r\nConnection: upgrade\r\n\r\n",
};

#define HEADS (sizeof(heads) / sizeof(heads[0]))

static enum cs_http_verdict scan(struct cs_http_response *response, const char *head, bool no_body)
{
	enum cs_http_verdict verdict;
	size_t used;

	memset(response, 0xa5, sizeof(*response));
	cs_http_response_init(response, no_body);
	verdict = cs_http_response_feed(response, NULL, (const uint8_t *)head, strlen(head), &used);
	cr_assert(eq(sz, used, strlen(head)));
	return verdict;
}

/* What scanning has left in it, as far as anybody asks. */
static void check_same(const struct cs_http_response *one, const struct cs_http_response *other)
{
	cr_expect(eq(u16, one->status, other->status));
	cr_expect(eq(u8, one->version, other->version));
	cr_expect(eq(u32, one->head_bytes, other->head_bytes));
	cr_expect(eq(int, cs_http_response_over(one), cs_http_response_over(other)));
	cr_expect(eq(int, cs_http_response_tunnel(one), cs_http_response_tunnel(other)));
	cr_expect(eq(int, cs_http_response_ends_by_close(one),
		     cs_http_response_ends_by_close(other)));
	cr_expect(eq(sz, cs_http_response_content(one, 100), cs_http_response_content(other, 100)));
}

Test(http_memo, a_head_that_comes_again_means_what_it_would_mean_anew)
{
	for (size_t i = 0; i < 4 * HEADS; i++) {
		const char *head = heads[i / 4];
		bool kept_of_head = i & 1, asked_by_head = i & 2;
		struct cs_http_response first, anew, again;
		enum cs_http_verdict verdict = CS_HTTP_MORE, expected;
		struct cs_http_memo memo = { 0 };

		cr_assert(eq(int, (int)scan(&first, head, kept_of_head), CS_HTTP_HEAD));
		cs_http_memo_keep(&memo, &first, (const uint8_t *)head, strlen(head));
		expected = scan(&anew, head, asked_by_head);
		memset(&again, 0x5a, sizeof(again));
		cs_http_response_init(&again, asked_by_head);
		cr_assert(eq(sz,
			     cs_http_memo_feed(&memo, &again, (const uint8_t *)head, strlen(head),
					       &verdict),
			     strlen(head)),
			  "%s", head);
		cr_expect(eq(int, (int)verdict, (int)expected), "%s", head);
		check_same(&again, &anew);
	}
}

Test(http_memo, another_head_is_not_taken)
{
	const char *head = heads[1];
	size_t len = strlen(head), n;
	struct cs_http_response response;
	struct cs_http_memo memo = { 0 };
	enum cs_http_verdict verdict;
	char other[200];

	cr_assert(eq(sz, cs_http_memo_feed(&memo, &response, (const uint8_t *)head, len, &verdict),
		     0));
	scan(&response, head, false);
	cs_http_memo_keep(&memo, &response, (const uint8_t *)head, len);
	for (n = 0; n < len; n++) {
		memcpy(other, head, len);
		other[n] ^= 1;
		cr_expect(eq(sz,
			     cs_http_memo_feed(&memo, &response, (const uint8_t *)other, len,
					       &verdict),
			     0),
			  "byte %zu differs", n);
		cr_expect(
			eq(sz,
			   cs_http_memo_feed(&memo, &response, (const uint8_t *)head, n, &verdict),
			   0),
			"%zu bytes", n);
	}
}

Test(http_memo, what_a_program_says_in_other_lines_is_not_kept)
{
	static const char *const others[] = {
		OK("Set-Cookie: k=v\r\nContent-Length: 5\r\n"),
		OK("Content-Length: 5\r\nX-Token: s\r\n"),
		OK("Dat: s\r\n"),
		OK("Date-of: s\r\n"),
		OK("Date: 1\r\nServer: 12345678901234567890123456789012345678901234567890123456789012345678"
		   "901234567890123456789012345678901234567890123456789012345678901234567890123456789012\r\n"),
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct cs_http_response response;
		struct cs_http_memo memo = { 0 };

		scan(&response, heads[1], false);
		cs_http_memo_keep(&memo, &response, (const uint8_t *)heads[1], strlen(heads[1]));
		scan(&response, others[i], false);
		cs_http_memo_keep(&memo, &response, (const uint8_t *)others[i], strlen(others[i]));
		cr_expect(eq(u16, memo.len, 0), "%s", others[i]);
	}
}

/* It is read once more than it was judged by, and the program may have written to it meanwhile. */
Test(http_memo, a_head_whose_lines_are_gone_is_not_kept)
{
	static const char head[] = "HTTP/1.1 200 OK  Date: x  ";
	size_t len = sizeof(head) - 1;
	uint8_t *bytes = malloc(len); /* no byte behind it */
	struct cs_http_response response;
	struct cs_http_memo memo = { 0 };

	cr_assert(ne(ptr, bytes, NULL));
	memcpy(bytes, head, len);
	scan(&response, heads[0], false);
	cs_http_memo_keep(&memo, &response, bytes, len);
	cr_expect(eq(u16, memo.len, 0));
	free(bytes);
}
